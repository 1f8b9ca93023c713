"""Several networks trained side by side, each from its own random numbers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from forecaster.nn.monitor import Callback, OneAtATime
from forecaster.nn.network import Network
from forecaster.nn.source import Source
from forecaster.nn.training import FullBatchPlan, Plan, State, Trained, resume, train

AnyPlan = TypeVar("AnyPlan", bound=Plan | FullBatchPlan)


def train_ensemble(
    network: Network,
    source: Source,
    plan: Plan | FullBatchPlan,
    rngs: Sequence[np.random.Generator],
    *,
    dtype: np.dtype,
    thetas: Sequence[np.ndarray] | None = None,
    validation: Source | None = None,
    n_threads: int = 1,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
) -> list[Trained]:
    """Train one network for each generator, from fresh weights or from ``thetas``.

    Threads go to the networks; a single one has them all for its minibatches. The time budget of
    the plan is one for all: each training has a share of it, by its steps. Callbacks are called
    for one training at a time.
    """
    return train_each(
        [network] * len(rngs),
        [source] * len(rngs),
        [plan] * len(rngs),
        rngs,
        dtype=dtype,
        thetas=thetas,
        validation=validation,
        n_threads=n_threads,
        progress=progress,
        callbacks=callbacks,
    )


def train_each(
    networks: Sequence[Network],
    sources: Sequence[Source],
    plans: Sequence[Plan | FullBatchPlan],
    rngs: Sequence[np.random.Generator],
    *,
    dtype: np.dtype,
    thetas: Sequence[np.ndarray] | None = None,
    validation: Source | None = None,
    n_threads: int = 1,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
) -> list[Trained]:
    """Train networks that may differ, each on rows and by a plan of its own; all else as above."""
    options = _shared_options(len(rngs), validation, n_threads, progress, callbacks)
    plans = _with_shares_of_time(plans, n_threads)

    def training(member: int) -> Callable[[threading.Event], Trained]:
        network, rng = networks[member], rngs[member]
        start = network.initial(rng, dtype) if thetas is None else thetas[member]
        return lambda stop: train(
            network, start, sources[member], plans[member], rng, stop=stop, member=member, **options
        )

    return train_side_by_side([training(k) for k in range(len(rngs))], n_threads)


def resume_ensemble(
    network: Network,
    source: Source,
    plan: Plan,
    states: Sequence[State],
    *,
    validation: Source | None = None,
    n_threads: int = 1,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
) -> list[Trained]:
    """Go on with the training of each state, which changes in place; all else as above."""
    options = _shared_options(len(states), validation, n_threads, progress, callbacks)
    plan = _with_shares_of_time([plan] * len(states), n_threads)[0]

    def training(member: int) -> Callable[[threading.Event], Trained]:
        return lambda stop: resume(
            network, states[member], source, plan, stop=stop, member=member, **options
        )

    return train_side_by_side([training(k) for k in range(len(states))], n_threads)


def _shared_options(
    n_members: int,
    validation: Source | None,
    n_threads: int,
    progress: Callable[[int], None] | None,
    callbacks: Sequence[Callback],
) -> dict[str, Any]:
    """Options of a training that are the same for all members."""
    return {
        "validation": validation,
        "n_threads": n_threads if n_members == 1 else 1,
        "progress": progress,
        "callbacks": [OneAtATime(callbacks)] if callbacks else [],
    }


def _with_shares_of_time(plans: Sequence[AnyPlan], n_threads: int) -> list[AnyPlan]:
    """Plans with shares of the time that one thread takes for all that it does, by their steps."""
    work = [plan.max_steps or 1 if isinstance(plan, Plan) else 1 for plan in plans]
    of_threads = [0] * max(1, n_threads)
    for steps in work:
        of_threads[int(np.argmin(of_threads))] += steps
    return [
        plan
        if plan.max_seconds is None
        else replace(plan, max_seconds=plan.max_seconds * steps / max(of_threads))
        for plan, steps in zip(plans, work, strict=True)
    ]


def train_side_by_side(
    trainings: Sequence[Callable[[threading.Event], Trained]], n_threads: int
) -> list[Trained]:
    """Run independent trainings on threads; Ctrl-C stops all, each with its best weights so far.

    An exception in one of them stops the others before it is raised.
    """
    stop = threading.Event()
    if min(n_threads, len(trainings)) <= 1:
        results = []
        for training in trainings:
            results.append(training(stop))
            if results[-1].status == "interrupted":
                stop.set()
        return results
    # Each has its place for a result before a thread starts: Ctrl-C can come anywhere in between.
    futures: list[Future[Trained]] = [Future() for _ in trainings]
    waiting = deque(zip(trainings, futures, strict=True))
    try:
        for _ in range(min(n_threads, len(trainings))):
            threading.Thread(target=_work_off, args=(waiting, stop)).start()
        wait(futures)
    except KeyboardInterrupt:
        stop.set()
    _work_off(waiting, stop)  # what no thread has begun
    wait(futures)
    return [future.result() for future in futures]


def _work_off(
    waiting: deque[tuple[Callable[[threading.Event], Trained], Future[Trained]]],
    stop: threading.Event,
) -> None:
    while True:
        try:
            training, future = waiting.popleft()
        except IndexError:  # all are begun
            return
        try:
            future.set_result(training(stop))
        except BaseException as error:  # raised again for whoever asks for the result
            stop.set()
            future.set_exception(error)

"""Several networks trained side by side, each from its own random numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from forecaster.nn.network import Network
from forecaster.nn.source import Source
from forecaster.nn.training import Plan, Trained, train


def train_ensemble(
    network: Network,
    source: Source,
    plan: Plan,
    rngs: Sequence[np.random.Generator],
    *,
    dtype: np.dtype,
    theta: np.ndarray | None = None,
    validation: Source | None = None,
    n_threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[Trained]:
    """Train one network for each generator, from fresh weights or from ``theta``.

    Threads go to the networks; a single one has them all for its minibatches.
    """

    def training(rng: np.random.Generator) -> Callable[[threading.Event], Trained]:
        start = network.initial(rng, dtype) if theta is None else theta
        return lambda stop: train(
            network,
            start,
            source,
            plan,
            rng,
            validation=validation,
            n_threads=n_threads if len(rngs) == 1 else 1,
            stop=stop,
            progress=progress,
        )

    return train_side_by_side([training(rng) for rng in rngs], n_threads)


def train_side_by_side(
    trainings: Sequence[Callable[[threading.Event], Trained]], n_threads: int
) -> list[Trained]:
    """Run independent trainings on threads; Ctrl-C stops all, each with its best weights so far."""
    stop = threading.Event()
    if min(n_threads, len(trainings)) <= 1:
        results = []
        for training in trainings:
            results.append(training(stop))
            if results[-1].status == "interrupted":
                stop.set()
        return results
    with ThreadPoolExecutor(n_threads) as pool:
        futures = []
        try:
            for training in trainings:
                futures.append(pool.submit(training, stop))
            wait(futures)
        except KeyboardInterrupt:  # even before all are submitted: the others stop at once
            stop.set()
        results = [future.result() for future in futures]
    return results + [training(stop) for training in trainings[len(results) :]]

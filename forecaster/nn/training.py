"""The one training loop: batches, clipping, schedules, validation, stopping, best weights."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

import numpy as np

from forecaster._threads import single_threaded_blas
from forecaster.kernels.optim import combine
from forecaster.nn.chunk import NO_DROPOUT
from forecaster.nn.engine import Engine
from forecaster.nn.lbfgs import FullBatchPlan, minimise
from forecaster.nn.monitor import Callback, Monitor
from forecaster.nn.network import Network
from forecaster.nn.order import Order
from forecaster.nn.plan import Plan
from forecaster.nn.scoring import Diverged, validation_loss
from forecaster.nn.source import Source
from forecaster.nn.state import State, Trained

__all__ = ["FullBatchPlan", "Plan", "State", "Trained", "resume", "train"]


class _Loop:
    """One call of a training: moves its state on, step by step."""

    def __init__(
        self,
        network: Network,
        state: State,
        source: Source,
        plan: Plan,
        engine: Engine,
        validation: Source | None,
        monitor: Monitor,
    ) -> None:
        self.network, self.source, self.plan, self.engine = network, source, plan, engine
        self.validation, self.monitor = validation, monitor
        self.state, self.record = state, state.record
        self.parameters = network.bind(state.theta)
        self.gradient = np.zeros_like(state.theta)
        self.loss = plan.loss.bind(state.theta.dtype)
        self.l2 = (plan.l2 * network.mask("W", "V", "S")).astype(state.theta.dtype)
        self.steps_per_iter = plan.n_steps_per_iter(source.n_rows)
        self.n_first = self.n_told = self.record.n_steps
        self.last_step = math.inf if plan.max_steps is None else self.n_first + plan.max_steps
        self.last_iteration = len(self.record.loss_curve) + plan.max_iter
        if plan.schedule_steps is None:
            self.schedule_start, self.schedule_steps = self.n_first, plan.n_steps(source.n_rows)
        else:
            self.schedule_start, self.schedule_steps = 0, plan.schedule_steps

    def judge_again(self) -> None:
        """Take the best weights so far by these validation rows: earlier calls may have had others.

        On the same rows that is the loss that they were kept for, to the bit.
        """
        loss = self.validation_loss(self.record.theta) if self.record.loss_curve else None
        if loss is not None:
            self.record.best_loss = loss

    def validation_loss(self, theta: np.ndarray) -> float | None:
        return validation_loss(
            self.network, self.engine, theta, self.validation, self.loss, self.plan.n_segments
        )

    def learning_rate(self) -> float:
        """Rate of the step that is due, in the middle of its share of the schedule."""
        progress = (self.record.n_steps - self.schedule_start + 0.5) / self.schedule_steps
        iteration = len(self.record.loss_curve)
        factor = self.state.schedule.factor(min(progress, 1.0), iteration)
        return self.plan.learning_rate * factor

    def step(self) -> None:
        """One optimiser step. All that can fail comes before anything moves."""
        state, plan, engine = self.state, self.plan, self.engine
        rows = state.order.batch(self.source.n_rows, plan, state.rng)
        seed = state.dropout_seed() if self.network.dropout else NO_DROPOUT
        if state.order.segment == 0:
            state.carries = engine.fresh_carries() if plan.n_segments > 1 else []
        n, total, weight = engine.gradient(
            self.parameters, self.source, rows, self.loss, state.carries or None, seed
        )
        scale = self.network.n_output_steps / weight if weight else 0.0
        scale = state.theta.dtype.type(scale)
        norm, penalty = combine(engine.gradients, n, scale, state.theta, self.l2, self.gradient)
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise Diverged
        shrink = 1.0
        if plan.max_grad_norm is not None and norm > plan.max_grad_norm:
            shrink = plan.max_grad_norm / norm
        rate = self.learning_rate()
        if weight:  # else a segment behind the ends of all its sequences: nothing to learn from
            state.solver.step(state.theta, self.gradient, shrink, rate)
            if state.average is not None:
                state.average.update(state.theta)
        state.order.advance(len(rows), plan)
        if state.order.segment == 0:
            state.carries = []
        state.sums += (total, weight, penalty, norm)
        state.n_open += 1
        state.rate = rate
        self.record.n_steps += 1

    def iterate(self) -> None:
        """Make the steps that an iteration still lacks, or as many as are allowed; judge it."""
        state, record = self.state, self.record
        while state.n_open < self.steps_per_iter:
            self.monitor.check_stop()
            self.step()
            if self.limit() is not None:
                break
        if not np.isfinite(state.theta).all():
            raise Diverged
        score = self.validation_loss(state.weights)
        total, weight, penalty, norm = state.sums
        mean = self.network.n_output_steps * total / weight if weight else 0.0
        judged_by = record.add(
            state.weights,
            self.plan.tol,
            loss=float(mean + penalty / state.n_open),
            validation_loss=score,
            learning_rate=state.rate,
            gradient_norm=float(norm / state.n_open),
        )
        state.schedule.observe(judged_by)
        state.close_iteration()
        n_new, self.n_told = record.n_steps - self.n_told, record.n_steps
        self.monitor.tell(record, n_new)

    def limit(self) -> str | None:
        """The limit that forbids another step, if one is reached; the first is always allowed."""
        if self.record.n_steps >= self.last_step:
            return "finished"
        if self.record.n_steps > self.n_first and self.monitor.out_of_time():
            return "out of time"
        return None

    def end(self) -> str | None:
        """Why no other iteration begins."""
        if self.monitor.stopped:
            return "stopped"
        if 0 < self.plan.n_iter_no_change <= self.record.n_stale:
            return "converged"
        if len(self.record.loss_curve) >= self.last_iteration:
            return "finished"
        return self.limit()

    def run(self) -> Trained:
        try:
            self.judge_again()
            while (status := self.end()) is None:
                self.iterate()
        except Diverged:
            return self.record.outcome("diverged")
        except KeyboardInterrupt:
            weights = self.state.weights
            judged = self.record.loss_curve or not np.isfinite(weights).all()
            return self.record.outcome("interrupted", None if judged else weights)
        return self.record.outcome(status, self.state.weights if self.validation is None else None)


def train(
    network: Network,
    theta: np.ndarray,
    source: Source,
    plan: Plan | FullBatchPlan,
    rng: np.random.Generator,
    *,
    validation: Source | None = None,
    n_threads: int = 1,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
    member: int = 0,
) -> Trained:
    """Train from the weights ``theta``, which are left as they are.

    ``validation`` rows choose the weights that are kept; ``stop`` ends training from another
    thread; ``progress`` is told the number of steps after each iteration, and ``callbacks`` more
    than that, with ``member`` to tell this training from others. Ctrl-C ends training, too, with
    the best weights so far.
    """
    if isinstance(plan, FullBatchPlan):
        monitor = Monitor(plan.max_seconds, stop, progress, callbacks, member)
        with single_threaded_blas():
            return minimise(
                network, theta, source, plan, monitor, validation=validation, n_threads=n_threads
            )
    return resume(
        network,
        State.begin(network, theta, plan, rng),
        source,
        plan,
        validation=validation,
        n_threads=n_threads,
        stop=stop,
        progress=progress,
        callbacks=callbacks,
        member=member,
    )


def resume(
    network: Network,
    state: State,
    source: Source,
    plan: Plan,
    *,
    validation: Source | None = None,
    n_threads: int = 1,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
    member: int = 0,
) -> Trained:
    """Go on with a training, whose ``state`` changes in place; the result covers all of it.

    Training in several calls equals training in one to the bit, with the same rows, the same plan
    but for ``max_iter``, and ``schedule_steps`` given if the schedule goes by progress. An
    interrupt between steps does no harm either: the open iteration is completed by the next call.
    A training that has converged stays so: go on with ``n_iter_no_change=0``, or set
    ``state.record.n_stale`` to 0, to insist. One that diverged does so again at its next step.

    Other parameters as for `train`.
    """
    batch_size = min(plan.batch_size, source.n_rows)
    n_targets = plan.loss.n_targets(network.n_outputs)
    monitor = Monitor(plan.max_seconds, stop, progress, callbacks, member)
    with (
        single_threaded_blas(),
        Engine(network, batch_size, state.theta.dtype, n_threads, n_targets) as engine,
    ):
        if state.order.segment and not engine.takes(state.carries):
            state.order = Order()  # of batches of another size: begin a new pass
        return _Loop(network, state, source, plan, engine, validation, monitor).run()

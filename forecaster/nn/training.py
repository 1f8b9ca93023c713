"""The one training loop: batches, clipping, schedules, validation, stopping, best weights."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from forecaster._threads import single_threaded_blas
from forecaster.kernels.optim import combine
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Bound, Network
from forecaster.nn.solvers import SCHEDULES, Solver
from forecaster.nn.source import Source


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Parameters
    ----------
    make_solver : callable ``(n_parameters, dtype, decay) -> Solver``
        Optimiser.
    loss : Loss
        What is minimised.
    batch_size : int
        Rows per step.
    learning_rate : float
        Rate that the schedule scales.
    schedule : str
        Name in ``SCHEDULES``.
    max_iter : int
        Iterations at most; an iteration ends with a look at the losses.
    steps_per_iter : int or None
        Steps per iteration; None makes an iteration one pass over the rows.
    max_steps : int or None
        Steps at most, if that is not a whole number of iterations.
    drop_last : bool
        Whether the rows that do not fill a last batch wait for the next pass.
    shuffle : bool
        Whether each pass has a new order.
    l2 : float
        Weight of ``||weights||^2 / 2``, biases left out.
    readout_decay : float
        Decoupled weight decay of the readout and the skip path.
    max_grad_norm : float or None
        Longer gradients are shortened to this norm.
    tol, n_iter_no_change : float, int
        Stop after so many iterations without an improvement by ``tol``; 0 iterations: never.
    """

    make_solver: Callable[[int, np.dtype, np.ndarray], Solver]
    loss: Loss = field(default_factory=Loss)
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: str = "constant"
    max_iter: int = 200
    steps_per_iter: int | None = None
    max_steps: int | None = None
    drop_last: bool = False
    shuffle: bool = True
    l2: float = 0.0
    readout_decay: float = 0.0
    max_grad_norm: float | None = 1.0
    tol: float = 1e-4
    n_iter_no_change: int = 10


@dataclass
class Trained:
    """A trained network's weights and its history.

    Attributes
    ----------
    theta : array (P,)
        Weights: the best on the validation rows, or without these the last ones.
    status : {"finished", "converged", "diverged", "interrupted"}
        Why training ended. After the last two, theta is the best so far.
    loss_curve, validation_curve : list of float
        Mean loss of each iteration.
    best_loss : float
        Lowest validation loss, or without validation rows lowest training loss.
    n_steps : int
        Optimiser steps taken.
    """

    theta: np.ndarray
    status: str = "finished"
    loss_curve: list[float] = field(default_factory=list)
    validation_curve: list[float] = field(default_factory=list)
    best_loss: float = math.inf
    n_steps: int = 0


class _Diverged(Exception):
    """A loss or a gradient that is not a finite number."""


class _Loop:
    """The state of one training: weights that move, and the best ones so far."""

    def __init__(
        self,
        network: Network,
        theta: np.ndarray,
        source: Source,
        plan: Plan,
        rng: np.random.Generator,
        engine: Engine,
        solver: Solver,
    ) -> None:
        self.network, self.source, self.plan, self.engine = network, source, plan, engine
        self.solver = solver
        self.theta = theta
        self.parameters = network.bind(theta)
        self.loss = plan.loss.bind(theta.dtype)
        self.batches = _batches(source.n_rows, plan, rng)
        self.steps_per_iter = plan.steps_per_iter or _batches_per_pass(source.n_rows, plan)
        whole = plan.max_iter * self.steps_per_iter
        self.n_total = whole if plan.max_steps is None else min(plan.max_steps, whole)
        self.l2 = (plan.l2 * network.mask("W", "V", "S")).astype(theta.dtype)
        self.gradient = np.zeros_like(theta)
        self.result = Trained(theta.copy())

    def step(self) -> tuple[float, float, float]:
        """One optimiser step; returns loss sum, weight sum and penalty of the batch."""
        network, plan, engine = self.network, self.plan, self.engine
        n, total, weight = engine.gradient(
            self.parameters, self.source, next(self.batches), self.loss
        )
        scale = network.n_output_steps / weight if weight else 0.0
        norm, penalty = combine(
            engine.gradients, n, self.theta.dtype.type(scale), self.theta, self.l2, self.gradient
        )
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise _Diverged
        shrink = 1.0
        if plan.max_grad_norm is not None and norm > plan.max_grad_norm:
            shrink = plan.max_grad_norm / norm
        progress = (self.result.n_steps + 0.5) / self.n_total
        rate = plan.learning_rate * SCHEDULES[plan.schedule](progress)
        self.solver.step(self.theta, self.gradient, shrink, rate)
        self.result.n_steps += 1
        return total, weight, penalty

    def iterate(self, validation: Source | None, stop: threading.Event | None) -> float:
        """One iteration; returns the loss by which weights are compared."""
        totals = np.zeros(3)
        n_steps = min(self.steps_per_iter, self.n_total - self.result.n_steps)
        for _ in range(n_steps):
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt
            totals += self.step()
        total, weight, penalty = totals
        mean = self.network.n_output_steps * total / weight if weight else 0.0
        self.result.loss_curve.append(float(mean + penalty / n_steps))
        if not np.isfinite(self.theta).all():
            raise _Diverged
        if validation is None:
            return self.result.loss_curve[-1]
        score = mean_loss(self.network, self.engine, self.parameters, validation, self.loss)
        if not math.isfinite(score):
            raise _Diverged
        self.result.validation_curve.append(score)
        return score

    def run(
        self,
        validation: Source | None,
        stop: threading.Event | None,
        progress: Callable[[int], None] | None,
    ) -> Trained:
        plan, result = self.plan, self.result
        stale = 0
        try:
            while result.n_steps < self.n_total:
                n_before = result.n_steps
                score = self.iterate(validation, stop)
                stale = 0 if score < result.best_loss - plan.tol else stale + 1
                if score < result.best_loss:
                    result.best_loss = score
                    result.theta[:] = self.theta
                if progress is not None:
                    progress(result.n_steps - n_before)
                if plan.n_iter_no_change and stale >= plan.n_iter_no_change:
                    result.status = "converged"
                    break
        except _Diverged:
            result.status = "diverged"
            return result
        except KeyboardInterrupt:
            result.status = "interrupted"
            if not result.loss_curve and np.isfinite(self.theta).all():
                result.theta[:] = self.theta
            return result
        if validation is None:
            result.theta[:] = self.theta
        return result


def train(
    network: Network,
    theta: np.ndarray,
    source: Source,
    plan: Plan,
    rng: np.random.Generator,
    *,
    validation: Source | None = None,
    solver: Solver | None = None,
    n_threads: int = 1,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trained:
    """Train from the weights ``theta``, which are left as they are.

    ``validation`` rows choose the weights that are kept; ``solver`` continues with an optimiser's
    state; ``stop`` ends training from another thread; ``progress`` is told the number of steps
    after each iteration. Ctrl-C ends training, too, with the best weights so far.
    """
    if solver is None:
        decay = plan.readout_decay * network.mask("V", "S")
        solver = plan.make_solver(network.n_parameters, theta.dtype, decay)
    batch_size = min(plan.batch_size, source.n_rows)
    n_targets = plan.loss.n_targets(network.n_outputs)
    with (
        single_threaded_blas(),
        Engine(network, batch_size, theta.dtype, n_threads, n_targets) as engine,
    ):
        loop = _Loop(network, theta.copy(), source, plan, rng, engine, solver)
        return loop.run(validation, stop, progress)


def mean_loss(
    network: Network, engine: Engine, parameters: Bound, source: Source, loss: Callable
) -> float:
    """Mean loss over all rows of a source, summed over output steps."""
    total = weight = 0.0
    for start in range(0, source.n_rows, engine.batch_size):
        rows = np.arange(start, min(start + engine.batch_size, source.n_rows))
        sums = engine.loss(parameters, source, rows, loss)
        total, weight = total + sums[0], weight + sums[1]
    return network.n_output_steps * total / weight if weight else 0.0


def _batches_per_pass(n_rows: int, plan: Plan) -> int:
    if plan.drop_last:
        return max(1, n_rows // plan.batch_size)
    return -(-n_rows // plan.batch_size)


def _batches(n_rows: int, plan: Plan, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of row numbers, pass after pass, without end."""
    per_pass = _batches_per_pass(n_rows, plan)
    while True:
        rows = rng.permutation(n_rows) if plan.shuffle else np.arange(n_rows)
        for k in range(per_pass):
            yield rows[k * plan.batch_size : (k + 1) * plan.batch_size]

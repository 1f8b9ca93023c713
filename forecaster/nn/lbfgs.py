"""Training on all rows at once by L-BFGS, for small data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from forecaster.kernels.optim import combine
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.monitor import Monitor
from forecaster.nn.network import Network
from forecaster.nn.scoring import Diverged, validation_loss
from forecaster.nn.source import Source
from forecaster.nn.state import Trained

# Rows per pass through the engine, whose memory grows with them: gradients are added up anyway.
BATCH_SIZE = 1024


@dataclass(frozen=True)
class FullBatchPlan:
    """How a network is trained by L-BFGS (Liu & Nocedal 1989, in SciPy's L-BFGS-B).

    Parameters
    ----------
    loss : Loss
        What is minimised; without dropout, which would make it another one in each evaluation.
    max_iter : int
        Iterations at most.
    max_fun : int
        Evaluations of the loss and its gradient at most, as in ``MLPRegressor``; the iteration in
        which it is exceeded is completed.
    max_seconds : float or None
        Time after which no further evaluation begins; one iteration is made in any case.
    l2 : float
        Weight of ``||weights||^2 / 2``, biases left out.
    tol : float
        Stop when no element of the gradient is larger. With validation rows also: what an
        improvement of their loss is.
    n_iter_no_change : int
        With validation rows, stop after so many iterations without an improvement; 0: never.
    """

    loss: Loss = field(default_factory=Loss)
    max_iter: int = 200
    max_fun: int = 15_000
    max_seconds: float | None = None
    l2: float = 0.0
    tol: float = 1e-4
    n_iter_no_change: int = 10

    def n_steps(self, n_rows: int) -> int:
        """Steps of a training that runs to its end: the iterations, whatever the rows."""
        return self.max_iter


class _OutOfTime(Exception):
    """The time budget is spent."""


class _Objective:
    """Loss and gradient over all rows, in float64 whatever the network's type."""

    def __init__(
        self,
        network: Network,
        theta: np.ndarray,
        source: Source,
        plan: FullBatchPlan,
        engine: Engine,
        monitor: Monitor,
        record: Trained,
    ) -> None:
        self._network, self._source, self._engine = network, source, engine
        self._monitor, self._record = monitor, record
        self.theta = theta
        self._parameters = network.bind(theta)
        self.loss = plan.loss.bind(theta.dtype)
        self._l2 = plan.l2 * network.mask("W", "V", "S")
        self._no_l2 = np.zeros_like(theta)
        self._part = np.zeros_like(theta)
        self.gradient_norm = math.nan

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self._monitor.check_stop()
        if self._record.n_steps and self._monitor.out_of_time():
            raise _OutOfTime
        self.theta[:] = x
        total = weight = 0.0
        gradient = np.zeros(len(x))
        for start in range(0, self._source.n_rows, BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, self._source.n_rows))
            n, *sums = self._engine.gradient(self._parameters, self._source, rows, self.loss)
            one = self.theta.dtype.type(1)
            combine(self._engine.gradients, n, one, self.theta, self._no_l2, self._part)
            gradient += self._part
            total, weight = total + sums[0], weight + sums[1]
        scale = self._network.n_output_steps / weight if weight else 0.0
        decay = self._l2 * x
        value = scale * total + 0.5 * float(np.dot(decay, x))
        gradient = scale * gradient + decay
        self.gradient_norm = float(np.sqrt(np.dot(gradient, gradient)))
        if not (math.isfinite(value) and math.isfinite(self.gradient_norm)):
            raise Diverged
        return value, gradient


def minimise(
    network: Network,
    theta: np.ndarray,
    source: Source,
    plan: FullBatchPlan,
    monitor: Monitor,
    *,
    validation: Source | None = None,
    n_threads: int = 1,
) -> Trained:
    """Train from the weights ``theta``, which are left as they are.

    A step is an iteration of L-BFGS. Status is "converged" when the gradient is small, or no
    further step lowers the loss; "finished" when ``max_iter`` or ``max_fun`` is reached.
    """
    record = Trained(theta.copy())

    def add_iteration(result: OptimizeResult) -> None:
        reached = result.x.astype(theta.dtype)
        record.n_steps += 1
        record.add(
            reached,
            plan.tol,
            loss=float(result.fun),
            validation_loss=validation_loss(network, engine, reached, validation, objective.loss),
            learning_rate=math.nan,
            gradient_norm=objective.gradient_norm,
        )
        monitor.tell(record, 1)

    def iteration_ends(intermediate_result: OptimizeResult) -> None:
        add_iteration(intermediate_result)
        if monitor.stopped or _is_stale(record, plan, validation):
            raise StopIteration

    batch_size = min(BATCH_SIZE, source.n_rows)
    n_targets = plan.loss.n_targets(network.n_outputs)
    try:
        with Engine(network, batch_size, theta.dtype, n_threads, n_targets) as engine:
            objective = _Objective(network, theta.copy(), source, plan, engine, monitor, record)
            result = minimize(
                objective,
                theta.astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                callback=iteration_ends,
                options={"maxiter": plan.max_iter, "maxfun": plan.max_fun, "gtol": plan.tol},
            )
            if not record.loss_curve:  # a start that cannot be improved is judged, too
                add_iteration(result)
    except Diverged:
        return record.outcome("diverged")
    except KeyboardInterrupt:
        return record.outcome("interrupted")
    except _OutOfTime:
        return record.outcome("out of time")
    if monitor.stopped:
        return record.outcome("stopped")
    limit_reached = result.nit >= plan.max_iter or result.nfev > plan.max_fun
    if limit_reached and not _is_stale(record, plan, validation):
        return record.outcome("finished")
    return record.outcome("converged")


def _is_stale(record: Trained, plan: FullBatchPlan, validation: Source | None) -> bool:
    return validation is not None and 0 < plan.n_iter_no_change <= record.n_stale

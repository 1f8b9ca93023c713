"""What a training leaves: its outcome, and the state from which it can go on."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forecaster.kernels import memory
from forecaster.nn.averaging import Average
from forecaster.nn.chunk import Carry
from forecaster.nn.network import Network
from forecaster.nn.order import Order
from forecaster.nn.plan import Plan
from forecaster.nn.schedules import SCHEDULES, Schedule
from forecaster.nn.solvers import Solver


@dataclass
class Trained:
    """A trained network's weights and its history.

    Attributes
    ----------
    theta : array (P,)
        Weights: the best on the validation rows, or without these the last ones.
    status : {"finished", "converged", "stopped", "out of time", "diverged", "interrupted"}
        Why training ended; "stopped" is a callback's word. After the last two, theta is the best
        so far.
    loss_curve, validation_curve : list of float
        Mean loss of each iteration.
    learning_rate_curve : list of float
        Rate of each iteration's last step; NaN where steps are found by a line search.
    gradient_norm_curve : list of float
        Mean norm of each iteration's gradients, before they are shortened.
    best_loss : float
        Lowest validation loss, or without validation rows lowest training loss.
    n_steps : int
        Batches trained on, an optimiser step for each in which a target has weight.
    n_stale : int
        Iterations since the last improvement.
    """

    theta: np.ndarray
    status: str = "finished"
    loss_curve: list[float] = field(default_factory=list)
    validation_curve: list[float] = field(default_factory=list)
    learning_rate_curve: list[float] = field(default_factory=list)
    gradient_norm_curve: list[float] = field(default_factory=list)
    best_loss: float = math.inf
    n_steps: int = 0
    n_stale: int = 0

    def add(
        self,
        theta: np.ndarray,
        tol: float,
        *,
        loss: float,
        validation_loss: float | None,
        learning_rate: float,
        gradient_norm: float,
    ) -> float:
        """Add an iteration that led to ``theta``; returns the loss by which it is judged."""
        self.loss_curve.append(loss)
        if validation_loss is not None:
            self.validation_curve.append(validation_loss)
        self.learning_rate_curve.append(learning_rate)
        self.gradient_norm_curve.append(gradient_norm)
        score = loss if validation_loss is None else validation_loss
        self.n_stale = 0 if score < self.best_loss - tol else self.n_stale + 1
        if score < self.best_loss:
            self.best_loss = score
            self.theta[:] = theta
        return score

    def outcome(self, status: str, theta: np.ndarray | None = None) -> Trained:
        """A copy that keeps the best weights, or those given."""
        result = copy.deepcopy(self)
        result.status = status
        if theta is not None:
            result.theta[:] = theta
        return result


@dataclass
class State:
    """All that a training needs in order to go on as if it had never paused.

    It can be pickled and copied (``copy.deepcopy``). Solver, schedule and averaging are those of
    the plan that it began with. It changes in place as training goes on, step by step.

    Attributes
    ----------
    theta : array (P,)
        The weights that the solver moves.
    solver, schedule, average : Solver, Schedule, Average or None
        With what they remember.
    rng : Generator
        Source of each pass's order.
    order : Order
        Where in a pass the training is.
    seed : int
        What the steps' seeds of dropout are derived from.
    record : Trained
        History, and the best weights so far.
    sums : array (4,)
        Loss, weight, penalty and gradient norm, added up over the steps of the open iteration.
    n_open : int
        The number of these steps.
    rate : float
        Learning rate of the last step.
    carries : list
        For each chunk, the hidden states that the next segment of its sequences goes on from.
    """

    theta: np.ndarray
    solver: Solver
    schedule: Schedule
    average: Average | None
    rng: np.random.Generator
    seed: int
    record: Trained
    order: Order = field(default_factory=Order)
    sums: np.ndarray = field(default_factory=lambda: np.zeros(4))
    n_open: int = 0
    rate: float = math.nan
    carries: list[Carry] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        network: Network,
        theta: np.ndarray,
        plan: Plan,
        rng: np.random.Generator,
    ) -> State:
        """The state before the first step from ``theta``, which is copied; ``rng`` is not."""
        n, dtype = network.n_parameters, theta.dtype
        decay = plan.weight_decay * network.mask("W", "V", "S")
        decay += plan.readout_decay * network.mask("V", "S")
        solver = plan.make_solver(n, dtype, decay)
        make_schedule: Callable[[], Schedule] = (
            SCHEDULES[plan.schedule] if isinstance(plan.schedule, str) else plan.schedule
        )
        average = None if plan.ema_decay is None else Average(n, dtype, plan.ema_decay)
        seed = int(rng.integers(2**32)) if network.dropout else 0
        record = Trained(theta.copy())
        return cls(memory.copy(theta), solver, make_schedule(), average, rng, seed, record)

    @property
    def weights(self) -> np.ndarray:
        """The weights that are validated and kept: the average, if there is one."""
        return self.theta if self.average is None or self.average.is_empty else self.average.mean

    def dropout_seed(self) -> int:
        """The seed of the step that is due; the same again until the step is made."""
        return int(np.random.SeedSequence((self.seed, self.record.n_steps)).generate_state(1)[0])

    def close_iteration(self) -> None:
        """Begin to add up anew."""
        self.sums = np.zeros(4)
        self.n_open = 0

"""How a network is trained: all settings of a training on minibatches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forecaster.nn.losses import Loss
from forecaster.nn.schedules import Schedule
from forecaster.nn.solvers import Solver


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
    schedule : str or callable ``() -> Schedule``
        How the rate changes: a name in ``SCHEDULES``, or what makes a schedule with other
        parameters.
    schedule_steps : int or None
        Steps over which the schedule extends, counted from the training's very start, so that a
        continued training follows it further. None: every call runs through it once.
    max_iter : int
        Iterations at most in a call; an iteration ends with a look at the losses.
    steps_per_iter : int or None
        Steps per iteration; None makes an iteration one pass over the rows.
    max_steps : int or None
        Steps at most in a call, if that is not a whole number of iterations.
    max_seconds : float or None
        Time after which a call makes no further step; one step is made in any case.
    n_segments : int
        Rows that follow each other and make up one sequence: states are carried from each to the
        next, gradients are not (truncated backpropagation through time; Williams & Peng 1990).
        A batch then has ``batch_size`` sequences, and a step for each of their segments.
    drop_last : bool
        Whether the rows that do not fill a last batch wait for the next pass.
    shuffle : bool
        Whether each pass has a new order.
    groups : int array (G + 1,) or None
        Bounds of consecutive groups of rows, which come equally often in a pass of shuffled rows;
        within a group rows are drawn at random. None: every row comes once.
    l2 : float
        Weight of ``||weights||^2 / 2`` in the loss, biases left out.
    weight_decay : float
        Decoupled decay of all weights but biases, per unit of learning rate: with Adam, this makes
        AdamW (Loshchilov & Hutter 2019).
    readout_decay : float
        The same for the readout and the skip path alone.
    ema_decay : float or None
        Keep, and validate, an average of the weights in which each step counts this much less
        than the one after it (0.99: about the last hundred). None: the weights themselves.
    max_grad_norm : float or None
        Longer gradients are shortened to this norm.
    tol, n_iter_no_change : float, int
        Stop after so many iterations without an improvement by ``tol``; 0 iterations: never.
    """

    make_solver: Callable[[int, np.dtype, np.ndarray], Solver]
    loss: Loss = field(default_factory=Loss)
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: str | Callable[[], Schedule] = "constant"
    schedule_steps: int | None = None
    max_iter: int = 200
    steps_per_iter: int | None = None
    max_steps: int | None = None
    max_seconds: float | None = None
    n_segments: int = 1
    drop_last: bool = False
    shuffle: bool = True
    groups: np.ndarray | None = None
    l2: float = 0.0
    weight_decay: float = 0.0
    readout_decay: float = 0.0
    ema_decay: float | None = None
    max_grad_norm: float | None = 1.0
    tol: float = 1e-4
    n_iter_no_change: int = 10

    def batches_per_pass(self, n_rows: int) -> int:
        """Minibatches of one pass over the rows."""
        n_sequences = n_rows // self.n_segments
        if self.drop_last:
            return self.n_segments * max(1, n_sequences // self.batch_size)
        return self.n_segments * -(-n_sequences // self.batch_size)

    def n_steps_per_iter(self, n_rows: int) -> int:
        """Steps of one iteration."""
        return self.steps_per_iter or self.batches_per_pass(n_rows)

    def n_steps(self, n_rows: int) -> int:
        """Steps of a call that runs to its end."""
        whole = self.max_iter * self.n_steps_per_iter(n_rows)
        return whole if self.max_steps is None else min(self.max_steps, whole)

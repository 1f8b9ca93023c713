"""Learning rates over time: what the rate is multiplied by at each step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field


class Schedule(ABC):
    """The factor on the learning rate, by time and, for some, by the scores so far.

    A schedule belongs to one training: what it remembers is part of that training's state.
    """

    @abstractmethod
    def factor(self, progress: float, iteration: int) -> float:
        """Factor of a step.

        Parameters
        ----------
        progress : float
            Share of the schedule's steps that lies behind, from 0 to 1.
        iteration : int
            Number of iterations that are complete.
        """

    def observe(self, score: float) -> None:  # noqa: B027  (most schedules go by time alone)
        """Hear of the loss by which an iteration is judged."""


@dataclass
class Constant(Schedule):
    """The same rate throughout."""

    def factor(self, progress: float, iteration: int) -> float:
        return 1.0


@dataclass
class Step(Schedule):
    """The rate times ``decay`` after every ``every`` iterations."""

    decay: float = 0.5
    every: int = 50

    def factor(self, progress: float, iteration: int) -> float:
        return self.decay ** (iteration // self.every)


@dataclass
class Cosine(Schedule):
    """Half a cosine, from the whole rate down to zero (Loshchilov & Hutter 2017)."""

    def factor(self, progress: float, iteration: int) -> float:
        return 0.5 + 0.5 * math.cos(math.pi * progress)


@dataclass
class OneCycle(Schedule):
    """Cosine up over the first share ``warm_up``, then down to zero (Smith & Topin 2019)."""

    warm_up: float = 0.2

    def factor(self, progress: float, iteration: int) -> float:
        if progress < self.warm_up:
            return 0.5 - 0.5 * math.cos(math.pi * progress / self.warm_up)
        return 0.5 + 0.5 * math.cos(math.pi * (progress - self.warm_up) / (1 - self.warm_up))


@dataclass
class Plateau(Schedule):
    """The rate times ``decay`` after ``patience`` iterations in a row without an improvement.

    An improvement is by more than ``tol``. Training stops by the same measure: a plan's
    ``n_iter_no_change`` should be a multiple of ``patience``, or 0.
    """

    decay: float = 0.5
    patience: int = 5
    tol: float = 1e-4
    _factor: float = field(default=1.0, init=False)
    _best: float = field(default=math.inf, init=False)
    _n_stale: int = field(default=0, init=False)

    def factor(self, progress: float, iteration: int) -> float:
        return self._factor

    def observe(self, score: float) -> None:
        self._n_stale = 0 if score < self._best - self.tol else self._n_stale + 1
        self._best = min(self._best, score)
        if self._n_stale >= self.patience:
            self._factor *= self.decay
            self._n_stale = 0


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": Constant,
    "step": Step,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "plateau": Plateau,
}

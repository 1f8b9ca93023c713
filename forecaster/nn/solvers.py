"""Optimisers that take a step for each minibatch, with their state."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from forecaster.kernels import optim


class Solver(ABC):
    """Moves ``theta`` in place against a gradient.

    Parameters
    ----------
    n_parameters : int
        P, the length of theta.
    dtype : dtype
        Type of theta.
    decay : array (P,)
        Decoupled weight decay of each parameter, per unit of learning rate.
    """

    def __init__(self, n_parameters: int, dtype: np.dtype, decay: np.ndarray) -> None:
        self._decay = decay.astype(dtype)
        self._scalar = np.dtype(dtype).type

    @abstractmethod
    def step(self, theta: np.ndarray, gradient: np.ndarray, shrink: float, rate: float) -> None:
        """One step with the gradient times ``shrink`` at learning rate ``rate``."""

    def _settings(self, *settings: float) -> np.ndarray:
        """Numbers for a kernel, in theta's type: Numba takes one array faster than many scalars."""
        return np.array(settings, self._scalar)


class Adam(Solver):
    """Adam, with the decay of AdamW."""

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype,
        decay: np.ndarray,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(n_parameters, dtype, decay)
        self._beta_1, self._beta_2, self._epsilon = beta_1, beta_2, epsilon
        self._mean = np.zeros(n_parameters, dtype)
        self._square = np.zeros(n_parameters, dtype)
        self._n_steps = 0

    def step(self, theta: np.ndarray, gradient: np.ndarray, shrink: float, rate: float) -> None:
        self._n_steps += 1
        settings = self._settings(
            shrink,
            rate,
            self._beta_1,
            1 - self._beta_1,
            self._beta_2,
            1 - self._beta_2,
            1 - self._beta_1**self._n_steps,
            math.sqrt(1 - self._beta_2**self._n_steps),
            self._epsilon,
        )
        optim.adam(theta, gradient, self._mean, self._square, self._decay, settings)


class SGD(Solver):
    """Stochastic gradient descent with momentum."""

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype,
        decay: np.ndarray,
        momentum: float = 0.9,
        nesterov: bool = True,
    ) -> None:
        super().__init__(n_parameters, dtype, decay)
        self._momentum, self._nesterov = momentum, nesterov
        self._velocity = np.zeros(n_parameters, dtype)

    def step(self, theta: np.ndarray, gradient: np.ndarray, shrink: float, rate: float) -> None:
        settings = self._settings(shrink, rate, self._momentum, self._nesterov)
        optim.sgd(theta, gradient, self._velocity, self._decay, settings)


class RMSprop(Solver):
    """RMSprop in PyTorch's form: the root of the mean square, then epsilon, then momentum."""

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype,
        decay: np.ndarray,
        rho: float = 0.99,
        momentum: float = 0.0,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(n_parameters, dtype, decay)
        self._rho, self._momentum, self._epsilon = rho, momentum, epsilon
        self._square = np.zeros(n_parameters, dtype)
        self._velocity = np.zeros(n_parameters, dtype)

    def step(self, theta: np.ndarray, gradient: np.ndarray, shrink: float, rate: float) -> None:
        rho = self._rho
        settings = self._settings(shrink, rate, rho, 1 - rho, self._momentum, self._epsilon)
        optim.rmsprop(theta, gradient, self._square, self._velocity, self._decay, settings)


# "adamw" is Adam on a plan that has a weight_decay.
SOLVERS: dict[str, Callable[..., Solver]] = {
    "adam": Adam,
    "adamw": Adam,
    "rmsprop": RMSprop,
    "sgd": SGD,
}

"""Weights averaged over the steps of a training."""

from __future__ import annotations

import numpy as np

from forecaster.kernels import optim


class Average:
    """Exponential moving average of weights, free of the bias towards its start.

    As in Adam, the average of t steps is divided by ``1 - decay^t``; written as a running mean,
    that is ``mean += share * (theta - mean)`` with ``share = (1 - decay) / (1 - decay^t)``.
    """

    def __init__(self, n_parameters: int, dtype: np.dtype, decay: float) -> None:
        self.mean = np.zeros(n_parameters, dtype)
        self._decay = decay
        self._n_steps = 0

    @property
    def is_empty(self) -> bool:
        """Whether no step has been averaged yet."""
        return self._n_steps == 0

    def update(self, theta: np.ndarray) -> None:
        self._n_steps += 1
        share = (1 - self._decay) / (1 - self._decay**self._n_steps)
        optim.average(theta, self.mean, self.mean.dtype.type(share))

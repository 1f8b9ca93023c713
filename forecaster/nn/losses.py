"""What is minimised, and what outputs mean: kernels by name, and links to numbers of use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecaster.kernels import likelihoods, losses

KERNELS: dict[str, Callable[..., tuple[float, float]]] = {
    "squared_error": losses.squared_error,
    "absolute_error": losses.absolute_error,
    "huber": losses.huber,
    "pinball": losses.pinball,
    "gaussian": likelihoods.gaussian,
    "student_t": likelihoods.student_t,
    "negative_binomial": likelihoods.negative_binomial,
    "cross_entropy": losses.cross_entropy,
}
_N_PARAMETERS = {"gaussian": 2, "student_t": 3, "negative_binomial": 2}
DISTRIBUTIONS = tuple(_N_PARAMETERS)


@dataclass(frozen=True)
class Loss:
    """A loss and its settings.

    Parameters
    ----------
    name : str
        Name in ``KERNELS``.
    settings : tuple of float
        huber: the border between squares and tangents; pinball: levels, rising;
        negative_binomial: a typical mean of each target; else empty.
    """

    name: str = "squared_error"
    settings: tuple[float, ...] = ()

    def bind(self, dtype: np.dtype) -> Callable[..., tuple[float, float]]:
        """The kernel as a function of outputs, targets, weights and gradient."""
        kernel, settings = KERNELS[self.name], np.array(self.settings, dtype)
        return lambda Y, Z, W, dY: kernel(Y, Z, W, dY, settings)

    @property
    def outputs_per_target(self) -> int:
        """P; for classes, each of which has an output, there is one target in all."""
        return len(self.settings) if self.name == "pinball" else _N_PARAMETERS.get(self.name, 1)

    def n_targets(self, n_outputs: int) -> int:
        """Number of targets that so many outputs of the network answer to."""
        return 1 if self.name == "cross_entropy" else n_outputs // self.outputs_per_target

    def link(self, Y: np.ndarray) -> np.ndarray:
        """From outputs (..., P * O) to the numbers that they stand for, (..., P, O).

        pinball: quantiles; gaussian: mean, scale; student_t: location, scale, degrees of freedom;
        negative_binomial: mean, dispersion; cross_entropy: probabilities (..., 1, classes); else
        the outputs themselves.
        """
        if self.name == "cross_entropy":
            odds = np.exp(Y - Y.max(axis=-1, keepdims=True))
            return (odds / odds.sum(axis=-1, keepdims=True))[..., None, :]
        P = self.outputs_per_target
        Y = Y.reshape(*Y.shape[:-1], P, -1)
        if P == 1:
            return Y
        positive = np.logaddexp(0.0, Y)
        first = Y[..., :1, :]
        if self.name == "pinball":
            return np.cumsum(np.concatenate([first, positive[..., 1:, :]], axis=-2), axis=-2)
        scale = positive[..., 1:2, :] + likelihoods.SCALE_FLOOR
        if self.name == "negative_binomial":
            first = np.array(self.settings) * positive[..., :1, :] + likelihoods.MEAN_FLOOR
        return np.concatenate([first, scale, 2.0 + positive[..., 2:, :]], axis=-2)

"""Standardising by channel, with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaler:
    """Centre and scale of each channel (the last axis), in float64."""

    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def identity(cls, n_channels: int) -> Scaler:
        return cls(np.zeros(n_channels), np.ones(n_channels))

    @classmethod
    def fit(cls, values: np.ndarray, weights: np.ndarray) -> Scaler:
        """Weighted mean and standard deviation; values, weights: (N, steps, channels)."""
        total = weights.sum(axis=(0, 1))
        center = (weights * values).sum(axis=(0, 1)) / total
        scale = np.sqrt((weights * np.square(values - center)).sum(axis=(0, 1)) / total)
        # what is constant up to rounding stays where it is
        scale[scale <= 10 * np.finfo(np.float64).eps * np.abs(center)] = 1.0
        return cls(center, scale)

    def transform(self, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return ((values - self.center) / self.scale).astype(dtype, order="C")

    def inverse(self, values: np.ndarray) -> np.ndarray:
        return values * self.scale + self.center

"""Distributions of SciPy from what a network puts out."""

from __future__ import annotations

from typing import Any

import numpy as np


def distribution(name: str, parameters: np.ndarray) -> Any:
    """A frozen distribution; ``parameters`` (P, ...) in the order of `Loss.link`."""
    from scipy import stats  # takes a while to import, and few need it

    if name == "gaussian":
        return stats.norm(loc=parameters[0], scale=parameters[1])
    if name == "student_t":
        return stats.t(df=parameters[2], loc=parameters[0], scale=parameters[1])
    mean, dispersion = parameters
    return stats.nbinom(n=1 / dispersion, p=1 / (1 + mean * dispersion))


def quantiles_of(predicted: Any, levels: np.ndarray) -> np.ndarray:
    """Quantiles of a frozen distribution, the levels along a new last axis."""
    return np.stack([predicted.ppf(level) for level in levels], axis=-1)

"""Windows and targets, checked at the border."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from forecaster._validation import check_magnitude


def read_training_rows(
    estimator: Any, X: Any, y: Any, sample_weight: Any, *, each: bool, reset: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (N, T, D), targets as given but at least a vector, weights (N,), all float64.

    ``each`` asks for a target at every step; ``reset`` makes X the one that later data must match.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None: it "
            "learns to map windows to targets."
        )
    X = validate_data(estimator, X, dtype=np.float64, allow_nd=True, reset=reset)
    y = check_array(y, dtype=np.float64, ensure_2d=False, allow_nd=each, input_name="y")
    check_consistent_length(X, y)
    check_magnitude(X, "X")
    check_magnitude(y, "y")
    X = _with_channels(X)
    if each and (y.ndim not in (2, 3) or y.shape[1] != X.shape[1]):
        raise ValueError(
            'readout="each" needs a target for every step: y of shape (n_samples, n_steps) or '
            f"(n_samples, n_steps, n_outputs) with n_steps = {X.shape[1]}, got {y.shape}."
        )
    if not each and y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    used = weights > 0
    if not used.any():
        raise ValueError("sample_weight is zero for every sample: give at least one a weight > 0.")
    # Only ratios of weights matter; in this order nothing over- or underflows.
    weights = weights[used] / weights.max()
    return X[used], y[used], weights / weights.mean()


def read_inputs(estimator: Any, X: Any, n_inputs: int) -> tuple[np.ndarray, np.dtype]:
    """Inputs (N, T, D) that match those of fit, and the type that the user gave them."""
    X = validate_data(estimator, X, dtype=[np.float64, np.float32], allow_nd=True, reset=False)
    windows = _with_channels(X)
    if windows.shape[2] != n_inputs:
        raise ValueError(
            f"X must have {n_inputs} inputs a step, as in fit, got {windows.shape[2]}."
        )
    return windows, X.dtype


def _with_channels(X: np.ndarray) -> np.ndarray:
    if X.ndim > 3:
        raise ValueError(
            "X must be (n_samples, n_steps) or (n_samples, n_steps, n_inputs), got "
            f"{X.ndim} dimensions."
        )
    if 0 in X.shape:
        raise ValueError(
            f"X must have at least one step of one input for every sample, got shape {X.shape}."
        )
    return X.reshape(*X.shape[:2], -1)

"""Classes of windows, or of their steps, checked at the border."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import assert_all_finite, check_consistent_length, column_or_1d

from forecaster.estimators._windows import (
    Windows,
    as_sequences,
    check_lengths,
    check_one_target,
)


def read_labels(y: Any, windows: Windows, each: bool) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N, S), and which of them are known."""
    N, T = windows.X.shape[:2]
    if not each:
        check_one_target(y)
        if T > 1 and getattr(y, "shape", None) == (N, T):
            raise ValueError(
                f"y should be a 1d array, one class for each sample, got an array of shape {(N, T)}"
                ': classes for every step need readout="each".'
            )
        labels = column_or_1d(y, warn=True)[:, None]
        check_consistent_length(windows.X, labels)
        missing = is_missing(labels)
        if missing.any():
            raise ValueError(
                f"Input y contains NaN or None at sample {int(missing.argmax())}: leave its sample "
                "out."
            )
        assert_all_finite(labels, input_name="y")
        return labels, np.ones(labels.shape, bool)
    sequences = as_sequences(y)
    if sequences is not None:
        check_lengths(sequences, windows)
        flat = np.concatenate([np.asarray(one) for one in sequences])
        labels = np.full((N, T), flat[0], flat.dtype)
        labels[windows.observed] = flat
    else:
        labels = np.asarray(y)
    if labels.shape != (N, T):
        raise ValueError(
            'readout="each" needs a class for every step: y of shape '
            f"(n_samples, n_steps) = ({N}, {T}), got {labels.shape}."
        )
    return labels, windows.observed & ~is_missing(labels)


def is_missing(labels: np.ndarray) -> np.ndarray:
    """Which labels are NaN or None."""
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind == "O":
        missing = [one is None or (isinstance(one, float) and np.isnan(one)) for one in labels.flat]
        return np.reshape(missing, labels.shape)
    return np.zeros(labels.shape, bool)

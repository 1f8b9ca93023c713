"""Windows, targets and their weights, checked at the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from forecaster._validation import check_magnitude


@dataclass(frozen=True)
class Windows:
    """Inputs of samples, which may end before the others do.

    Parameters
    ----------
    X : array (N, T, D), float64
        Inputs, the oldest step first; zero behind a sample's end.
    ends : array (N,) or None
        Steps of each sample; None: all T.
    """

    X: np.ndarray
    ends: np.ndarray | None

    def __getitem__(self, rows: Any) -> Windows:
        return Windows(self.X[rows], None if self.ends is None else self.ends[rows])

    @property
    def observed(self) -> np.ndarray:
        """Which steps are there, (N, T)."""
        N, T = self.X.shape[:2]
        ends = np.full(N, T) if self.ends is None else self.ends
        return np.arange(T) < ends[:, None]


@dataclass(frozen=True)
class TrainingRows:
    """Windows with targets Z (N, S, O) and weights W of the same shape, all float64."""

    windows: Windows
    Z: np.ndarray
    W: np.ndarray

    def __len__(self) -> int:
        return len(self.Z)

    def __getitem__(self, rows: Any) -> TrainingRows:
        return TrainingRows(self.windows[rows], self.Z[rows], self.W[rows])


def is_ragged(X: Any) -> bool:
    """Whether X is a list of sequences of different lengths."""
    if not isinstance(X, list | tuple) or not X or any(np.ndim(x) == 0 for x in X):
        return False
    return len({len(x) for x in X}) > 1


def fill_up(sequences: Any, n_steps: int, name: str) -> np.ndarray:
    """Sequences (T_i,) or (T_i, D) as one array (N, n_steps, D), NaN behind their ends."""
    rows = []
    for i, sequence in enumerate(sequences):
        row = check_array(
            np.reshape(sequence, (len(sequence), -1)) if len(sequence) else np.empty((1, 0)),
            dtype=np.float64,
            input_name=f"{name}[{i}]",
            ensure_min_features=1,
        )
        rows.append(row)
    widths = {row.shape[1] for row in rows}
    if len(widths) > 1:
        raise ValueError(
            f"The sequences of {name} must have the same number of values a step, got "
            f"{sorted(widths)}."
        )
    filled = np.full((len(rows), n_steps, widths.pop()), np.nan)
    for row, target in zip(rows, filled, strict=True):
        target[: len(row)] = row
    return filled


def read_windows(estimator: Any, X: Any, *, reset: bool) -> tuple[Windows, np.dtype]:
    """Windows, and the type that the user gave them.

    ``reset`` makes X the one that later data must match. Sequences in a list may be longer than
    those of fit; the steps of an array may not.
    """
    if is_ragged(X):
        n_steps = max(map(len, X))
        if not reset:
            n_steps = max(n_steps, estimator.n_features_in_)
        X = fill_up(X, n_steps, "X")
        if reset or n_steps == estimator.n_features_in_:
            X = _checked(estimator, X, reset)
    else:
        X = _checked(estimator, X, reset)
    dtype = X.dtype
    if X.ndim > 3:
        raise ValueError(
            "X must be (n_samples, n_steps) or (n_samples, n_steps, n_inputs), got "
            f"{X.ndim} dimensions."
        )
    if 0 in X.shape:
        raise ValueError(
            f"X must have at least one step of one input for every sample, got shape {X.shape}."
        )
    X = X.reshape(*X.shape[:2], -1)
    missing = np.isnan(X)
    check_magnitude(np.where(missing, 0.0, X), "X")
    if not missing.any():
        return Windows(X, None), dtype
    return Windows(np.where(missing, 0.0, X), _ends(missing)), dtype


def _checked(estimator: Any, X: Any, reset: bool) -> np.ndarray:
    X = validate_data(
        estimator,
        X,
        dtype=[np.float64, np.float32],
        allow_nd=True,
        ensure_all_finite="allow-nan",
        reset=reset,
    )
    if X.ndim < 3:  # here a column is a step of all samples, and none of them can end early
        assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    return X


def _ends(missing: np.ndarray) -> np.ndarray:
    """Number of steps before the NaN that a sample is filled up with."""
    there: np.ndarray = ~np.all(missing, axis=2)
    ends = missing.shape[1] - np.argmax(there[:, ::-1], axis=1)
    ends[~there.any(axis=1)] = 0
    if (ends == 0).any():
        raise ValueError(
            f"Every sample of X needs at least one step, got only NaN in sample "
            f"{int(np.argmin(ends))}."
        )
    inside = missing & (np.arange(missing.shape[1]) < ends[:, None])[..., None]
    if inside.any():
        sample, step, channel = map(int, np.argwhere(inside)[0])
        raise ValueError(
            f"NaN in X may only fill up a sample behind its end, got NaN at sample {sample}, step "
            f"{step}, input {channel}: impute it, or cut the sample there."
        )
    return ends


def read_numeric_targets(
    estimator: Any, y: Any, windows: Windows, each: bool
) -> tuple[np.ndarray, int]:
    """Targets (N, S, O), NaN where there is none, and the number of dimensions that y had.

    ``each`` asks for a target at every step.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None: it "
            "learns to map windows to targets."
        )
    T = windows.X.shape[1]
    if each and is_ragged(y):
        y_ndim = 1 + np.ndim(y[0])
        y = fill_up(y, T, "y")
        y = y if y_ndim == 3 else y[..., 0]
    y = check_array(
        y,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=each,
        ensure_all_finite="allow-nan",
        input_name="y",
    )
    if not each and y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_consistent_length(windows.X, y)
    check_magnitude(np.nan_to_num(y), "y")
    if each and (y.ndim not in (2, 3) or y.shape[1] != T):
        raise ValueError(
            'readout="each" needs a target for every step: y of shape (n_samples, n_steps) or '
            f"(n_samples, n_steps, n_outputs) with n_steps = {T}, got {y.shape}."
        )
    return y.reshape(len(y), T if each else 1, -1), y.ndim


def read_weights(sample_weight: Any, windows: Windows, Z: np.ndarray) -> np.ndarray:
    """Weights as Z (N, S, O): zero where a target is missing or lies behind a sample's end."""
    N, S = Z.shape[:2]
    weights = np.ones(N) if sample_weight is None else sample_weight
    weights = check_array(
        weights,
        dtype=np.float64,
        ensure_2d=False,
        ensure_min_samples=0,
        ensure_non_negative=True,
        input_name="sample_weight",
    )
    if weights.shape not in ((N,), (N, S)):
        by_step = f" or ({N}, {S})" if S > 1 else ""
        raise ValueError(
            f"sample_weight must have the shape ({N},){by_step}, one weight for each sample"
            f"{' or step' if by_step else ''}, got {weights.shape}."
        )
    if not (weights > 0).any():
        raise ValueError("sample_weight is zero for every sample: give at least one a weight > 0.")
    weights = (
        weights / weights.max()
    )  # only ratios matter; in this order nothing over- or underflows
    W = np.where(np.isnan(Z), 0.0, weights.reshape(N, -1)[..., None])
    if S > 1:
        W *= windows.observed[..., None]
    if not W.any():
        raise ValueError("All targets with a weight are NaN: give at least one that is known.")
    return W


def training_rows(windows: Windows, Z: np.ndarray, W: np.ndarray) -> TrainingRows:
    """The rows that have any weight; weights with mean 1 over what counts, missing targets 0."""
    used = W.any(axis=(1, 2))
    W = W[used]
    return TrainingRows(windows[used], np.where(W > 0, Z[used], 0.0), W / W[W > 0].mean())

"""Windows, targets and their weights, checked at the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.utils.validation import (
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
    X : array (N, T, D)
        Inputs, the oldest step first; zero behind a sample's end.
    ends : array (N,) or None
        Steps of each sample; None: all T.
    """

    X: np.ndarray
    ends: np.ndarray | None

    def __getitem__(self, rows: Any) -> Windows:
        return Windows(self.X[rows], None if self.ends is None else self.ends[rows])

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each sample, (N,)."""
        return np.full(len(self.X), self.X.shape[1]) if self.ends is None else self.ends

    @property
    def observed(self) -> np.ndarray:
        """Which steps are there, (N, T)."""
        return np.arange(self.X.shape[1]) < self.lengths[:, None]


@dataclass(frozen=True)
class TrainingRows:
    """Windows with targets Z (N, S, O) and weights W of the same shape, float64."""

    windows: Windows
    Z: np.ndarray
    W: np.ndarray

    def __len__(self) -> int:
        return len(self.Z)

    def __getitem__(self, rows: Any) -> TrainingRows:
        return TrainingRows(self.windows[rows], self.Z[rows], self.W[rows])


def as_sequences(X: Any) -> list | None:
    """X as a list if it holds sequences, arrays or of different lengths; None if it is an array.

    What holds them is a list or, as pandas and NumPy have it, one column of objects.
    """
    if hasattr(X, "iloc") and np.shape(X)[1:] == (1,):
        X = X.iloc[:, 0]
    of_objects = getattr(getattr(X, "dtype", None), "kind", None) == "O" and np.ndim(X) == 1
    if not isinstance(X, list | tuple) and not of_objects:
        return None
    sequences = list(X)
    if not sequences or any(np.ndim(x) == 0 for x in sequences):
        return None
    arrays = any(hasattr(x, "__array__") for x in sequences)
    ragged = len({len(x) for x in sequences}) > 1
    return sequences if of_objects or arrays or ragged else None


def check_no_times(values: Any, name: str) -> None:
    """Raise a ValueError for dates and durations, which would become numbers of nanoseconds."""
    if isinstance(values, list | tuple) and values:
        values = values[0]
    dtypes: Any = getattr(values, "dtypes", getattr(values, "dtype", None))
    for dtype in dtypes if np.ndim(dtypes) else [dtypes]:  # a frame has several
        if getattr(dtype, "kind", None) in ("m", "M"):
            raise ValueError(
                f"{name} needs numbers, got {dtype}: convert times first, for instance to days "
                "since the first one."
            )


def check_finite(values: np.ndarray, name: str, *axes: str, may_miss: bool = False) -> None:
    """Raise a ValueError that says where the first value is that is not finite.

    ``axes`` are what positions are called; ``may_miss`` allows NaN.
    """
    bad = np.isinf(values) if may_miss else ~np.isfinite(values)
    if not bad.any() or get_config()["assume_finite"]:
        return
    place = tuple(map(int, np.argwhere(bad)[0]))
    what, advice = f"infinity or a value too large for {values.dtype}", "replace it"
    if np.isnan(values[place]):
        what, advice = "NaN", "impute it, or leave its sample out"
    where = ", ".join(f"{axis} {position}" for axis, position in zip(axes, place, strict=False))
    raise ValueError(f"Input {name} contains {what} at {where}: {advice}.")


def fill_up(sequences: Any, n_steps: int, name: str, *, may_miss: bool = False) -> np.ndarray:
    """Sequences (T_i,) or (T_i, D) as one array (N, n_steps, D), NaN behind their ends.

    ``may_miss`` allows NaN within.
    """
    rows = []
    for i, sequence in enumerate(sequences):
        check_no_times(sequence, f"{name}[{i}]")
        if not len(sequence):
            raise ValueError(f"Every sample of {name} needs at least one step, got none in {i}.")
        if np.ndim(sequence) > 2:
            raise ValueError(
                f"A sequence of {name} must be (n_steps,) or (n_steps, n_values), got "
                f"{np.ndim(sequence)} dimensions in {i}."
            )
        row = check_array(
            np.reshape(sequence, (len(sequence), -1)),
            dtype=np.float64,
            ensure_all_finite=False,
            input_name=f"{name}[{i}]",
        )
        check_finite(row, f"{name}[{i}]", "step", "value", may_miss=may_miss)
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


def read_windows(estimator: Any, X: Any, *, reset: bool, multiple: int) -> tuple[Windows, np.dtype]:
    """Windows, and the type that the user gave them.

    ``reset`` makes X the one that later arrays must match, unless its samples have lengths of
    their own; sequences in a list may always be longer or shorter, and are filled up to a
    ``multiple`` of steps.
    """
    check_no_times(X, "X")
    sequences = as_sequences(X)
    if sequences is not None:
        X = fill_up(sequences, multiple * -(-max(map(len, sequences)) // multiple), "X")
        if reset:
            X = _checked(estimator, X, reset)
    else:
        X = _checked(estimator, X, reset)
    if X.ndim > 3:
        raise ValueError(
            "X must be (n_samples, n_steps) or (n_samples, n_steps, n_inputs), got "
            f"{X.ndim} dimensions."
        )
    if 0 in X.shape:
        raise ValueError(
            f"X must have at least one step of one input for every sample, got shape {X.shape}."
        )
    if not reset and X.shape[1] % multiple:
        raise ValueError(
            f"X must have a multiple of {multiple} steps, as the dilations ask, got {X.shape[1]}: "
            "give its samples as a list of arrays, such as list(X), or fill them up with NaN."
        )
    X = X.reshape(*X.shape[:2], -1)
    check_magnitude(X, "X")
    missing = np.isnan(X)
    if reset:
        estimator._any_length = sequences is not None or bool(missing.any())
    if not missing.any():
        return Windows(X, None), X.dtype
    return Windows(np.where(missing, 0.0, X), _ends(missing)), X.dtype


def _checked(estimator: Any, X: Any, reset: bool) -> np.ndarray:
    settings: dict[str, Any] = {
        "dtype": [np.float64, np.float32],
        "allow_nd": True,
        "ensure_all_finite": False,
    }
    if not reset and _of_any_length(estimator) and not hasattr(X, "columns"):
        X = check_array(X, estimator=estimator, input_name="X", **settings)
    else:
        shape: tuple[int, ...] = getattr(X, "shape", ())
        if not reset and len(shape) == 3:
            _check_steps(estimator, shape[1])
        X = validate_data(estimator, X, reset=reset, **settings)
    # with two dimensions a column is a step of all samples, and none of them can end early
    check_finite(X, "X", "sample", "step", "input", may_miss=X.ndim == 3)
    return X


def _of_any_length(estimator: Any) -> bool:
    """Whether it was fitted on samples that need not have the same length."""
    return getattr(estimator, "_any_length", False)


def _check_steps(estimator: Any, n_steps: int) -> None:
    """Raise a ValueError for an array of other than the steps of `fit`."""
    expected = getattr(estimator, "n_features_in_", n_steps)
    if n_steps != expected:
        raise ValueError(
            f"X has {n_steps} steps, but {type(estimator).__name__} is expecting {expected} "
            "features, which are steps here: give samples of another length as a list of arrays, "
            "such as list(X)."
        )


def _ends(missing: np.ndarray) -> np.ndarray:
    """Number of steps before the NaN that a sample is filled up with."""
    there: np.ndarray = ~np.all(missing, axis=2)
    ends = missing.shape[1] - np.argmax(there[:, ::-1], axis=1)
    ends[~there.any(axis=1)] = 0
    if (ends == 0).any():
        raise ValueError(
            "Every sample of X needs at least one step, got only NaN in sample "
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


def check_lengths(y: Any, windows: Windows, name: str = "y", what: str = "target") -> None:
    """Raise a ValueError for sequences, one value a step, that are not as long as the samples."""
    check_consistent_length(windows.X, y)
    for i, (one, length) in enumerate(zip(y, windows.lengths, strict=True)):
        if len(one) != length:
            raise ValueError(
                f"{name} needs a {what} for each of the {length} steps of sample {i}, got "
                f"{len(one)}."
            )


def check_one_target(y: Any) -> None:
    """Raise a ValueError for targets that are sequences of different lengths."""
    sequences = as_sequences(y)
    if sequences is not None and len({len(one) for one in sequences}) > 1:
        raise ValueError(
            "y needs one target for each sample, got sequences of different lengths: targets for "
            'every step need readout="each".'
        )


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
    check_no_times(y, "y")
    sequences = as_sequences(y) if each else None
    if not each:
        check_one_target(y)
    elif sequences is not None:
        check_lengths(sequences, windows)
        filled = fill_up(sequences, T, "y", may_miss=True)
        y = filled if np.ndim(sequences[0]) == 2 else filled[..., 0]
    y = check_array(
        y,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=each,
        ensure_all_finite=False,
        input_name="y",
    )
    axes = ("sample", "step", "output") if each else ("sample", "output")
    check_finite(y, "y", *axes, may_miss=True)
    if not each and y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_consistent_length(windows.X, y)
    check_magnitude(y, "y")
    if each and (y.ndim not in (2, 3) or y.shape[1] != T):
        raise ValueError(
            'readout="each" needs a target for every step: y of shape (n_samples, n_steps) or '
            f"(n_samples, n_steps, n_outputs) with n_steps = {T}, got {y.shape}."
        )
    return y.reshape(len(y), T if each else 1, -1), y.ndim


def read_weights(sample_weight: Any, windows: Windows, n_steps: int) -> np.ndarray:
    """Weights (N, S), at most 1, of ``n_steps`` targets each: zero behind a sample's end."""
    N, S = len(windows.X), n_steps
    weights = np.ones(N) if sample_weight is None else sample_weight
    sequences = as_sequences(weights) if S > 1 else None
    if sequences is not None:
        check_lengths(sequences, windows, "sample_weight", "weight")
        weights = np.nan_to_num(fill_up(sequences, S, "sample_weight"))
        weights = weights[..., 0] if weights.shape[2] == 1 else weights
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
    weights = np.broadcast_to(weights.reshape(N, -1), (N, S))
    if S > 1:
        weights = weights * windows.observed
    if not (weights > 0).any():
        raise ValueError("sample_weight is zero for every sample: give at least one a weight > 0.")
    return weights / weights.max()  # only ratios matter; so nothing over- or underflows


def training_rows(windows: Windows, Z: np.ndarray, weights: np.ndarray) -> TrainingRows:
    """The rows that count; weights with mean 1 over what counts, missing targets 0.

    Z: (N, S, O), NaN where there is no target; weights: (N, S).
    """
    W = np.where(np.isnan(Z), 0.0, weights[..., None])
    used = W.any(axis=(1, 2))
    if not used.any():
        raise ValueError("All targets with a weight are NaN: give at least one that is known.")
    W = W[used]
    return TrainingRows(windows[used], np.where(W > 0, Z[used], 0.0), W / W[W > 0].mean())


def merged(rows: TrainingRows) -> TrainingRows:
    """The same in an order of their own, rows that are alike as one with their weights together.

    A batch of all rows has the same loss then, and rounds it in the same way whether a row has
    weight 3 or comes three times, first or last.
    """
    windows, known = rows.windows, rows.W > 0
    parts = (windows.X, windows.lengths, rows.Z, known)
    keys = np.hstack([np.reshape(part, (len(rows), -1)) for part in parts]) + 0.0  # no -0.0
    as_bytes = keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).ravel()
    _, first, which = np.unique(as_bytes, return_index=True, return_inverse=True)
    W = np.zeros((len(first), *rows.W.shape[1:]))
    np.add.at(W, which, rows.W)
    return TrainingRows(windows[first], rows.Z[first], W / W[W > 0].mean())

"""The door that all forecasters share: data in, forecasts out in the form of the data."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from forecaster._validation import real
from forecaster.data.frames import read
from forecaster.data.panel import FloatArray, IntArray, ranges
from forecaster.data.series_set import SeriesSet
from forecaster.forecasting.scoring import mase_scale, panel_mase


class Forecaster(ABC, BaseEstimator):
    """Abstract: a subclass keeps the known rows in ``data_`` and forecasts them as a panel."""

    horizon: int
    season_length: int
    freq: object
    id_col: str
    time_col: str
    target_col: str
    data_: SeriesSet

    @abstractmethod
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from the rows given."""

    @abstractmethod
    def _forecast_panel(self, steps: int, levels: Sequence[float]) -> dict[str, FloatArray]:
        """Forecasts of all series, each (n_series, steps): "mean", and bounds for each level."""

    def update(self, X: Any, y: Any = None) -> Self:
        """Append rows that follow the known ones directly; nothing is trained again.

        Parameters
        ----------
        X : list, array, Series or DataFrame
            The new rows, in the form of those of `fit`.
        y : list, array, Series or DataFrame, optional
            The new rows, for callers that need a ``y``; then `X` is as in `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the rows do not follow directly, or are of other series.
        """
        check_is_fitted(self)
        new = self._read(self._target(X, y))
        self._check_new(new)
        self.data_ = self.data_.extended(new)
        return self

    def predict(
        self, X: Any = None, *, level: float | Sequence[float] | None = None
    ) -> pd.Series | pd.DataFrame:
        """Forecast the next steps, or the rows of a frame.

        Parameters
        ----------
        X : int, list, array, Series or DataFrame, optional
            A number of steps; None stands for ``horizon``. Or rows after the known ones: these
            are forecast, and only their times (and ids, in a long frame) are looked at.
            Forecasts of a frame's rows have its index and its order of rows and series.
        level : float or sequence of float, optional
            Coverage of the intervals wanted, in percent, such as ``[80, 95]``, at least 1; six
            digits count.

        Returns
        -------
        Series or DataFrame
            In the form of the data: index, columns and ids continue theirs. With ``level`` a frame
            with the columns ``lo-95, lo-80, hi-80, hi-95`` beside ``mean`` (for a wide frame,
            below the name of each series).

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the rows do not lie after the known ones at their frequency, or a level is not
            from 1 to below 100, or cannot be had.
        """
        check_is_fitted(self)
        levels = check_levels(level)
        if X is None or (isinstance(X, Integral) and not isinstance(X, bool)):
            steps = self.horizon if X is None else int(X)
            if steps < 1:
                raise ValueError(f"predict expects at least 1 step, got {steps}.")
            return self.data_.forecast(self._finite_forecasts(steps, levels))
        if not isinstance(X, list | tuple | np.ndarray | pd.Series | pd.DataFrame) or not np.ndim(
            X
        ):
            raise TypeError(
                "predict expects a number of steps, or rows that come after the known ones, got "
                f"{X!r}."
            )
        rows = self._read(self._rows_like(X))
        steps, where = self._place(rows)
        forecasts = self.data_.forecast(self._finite_forecasts(steps, levels))
        if self.data_.kind == "long" and isinstance(X, pd.DataFrame):
            return forecasts.iloc[where[np.argsort(rows.panel.values)]].set_axis(X.index)
        if self.data_.kind == "long":
            return forecasts.iloc[where].reset_index(drop=True)
        if self.data_.kind == "wide" and isinstance(X, pd.DataFrame):
            order = pd.Index(self.data_.ids).get_indexer(X.columns)
            if sorted(order) == list(range(len(self.data_.ids))):
                width = forecasts.shape[1] // order.size  # columns of a series
                columns = ranges(width * order, np.full(order.size, width))
                forecasts = forecasts.take(columns, axis=1)
        return forecasts.iloc[-len(X) :]

    def _finite_forecasts(self, steps: int, levels: Sequence[float]) -> dict[str, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore"):
            columns = self._forecast_panel(steps, levels)
        for values in columns.values():
            finite = np.isfinite(values).all(axis=0)
            if not finite.all():
                raise ValueError(
                    f"From step {int(finite.argmin()) + 1} on the forecasts leave the range of "
                    "floating point: ask for fewer steps, rescale the data, or fit again without "
                    "logarithms."
                )
        return columns

    def score(self, X: Any, y: Any = None) -> float:
        """Forecast the rows given and return minus their mean absolute scaled error (MASE).

        It is the mean over the series of `forecaster.evaluation.mase`, with the known rows as
        the training part and ``season_length`` as the season; a series for which it is not
        defined (constant, or not longer than a season) is left out. Forecasters can be compared
        by it if their ``season_length`` is the same.

        Parameters
        ----------
        X : list, array, Series or DataFrame
            What happened after the known rows. To split a long frame with scikit-learn's
            `TimeSeriesSplit`, sort it by time first: it cuts by rows, not by dates.
        y : list, array, Series or DataFrame, optional
            The same, for callers that need a ``y``; then `X` is as in `fit`.

        Returns
        -------
        float
            At most 0; greater is better.

        Raises
        ------
        ValueError
            If the rows do not lie after the known ones, or the error is not defined for any
            series.
        """
        check_is_fitted(self)
        actual = self._read(self._target(X, y))
        steps, where = self._place(actual)
        forecasts = self._finite_forecasts(steps, ())["mean"]
        scale = mase_scale(self.data_.panel, self.season_length)[self.data_.positions_of(actual)]
        return -panel_mase(actual.panel, forecasts.ravel()[where], scale)

    def _check_new(self, data: SeriesSet) -> None:
        """Raise a ValueError if `update` cannot take such rows."""

    def _target(self, X: Any, y: Any) -> Any:
        """The rows to learn from or to compare with."""
        if X is not None and y is not None and not _adds_nothing(X, y):
            raise ValueError(
                f"{type(self).__name__} does not use exogenous columns yet: call fit(y) with the "
                "series alone."
            )
        if X is None and y is None:
            raise ValueError(f"{type(self).__name__} needs a series, got None.")
        if X is None or y is None:
            return X if y is None else y
        if hasattr(y, "__len__") and len(X) != len(y):
            raise ValueError(
                f"X and y must have the same rows, got {len(X)} and {len(y)}: call fit(y) with the "
                "series alone."
            )
        return _at_times_of(X, y)

    def _warn_of_unused(self, data: Any) -> None:
        """Name the columns of a long frame that have no part; to be called from ``fit`` itself."""
        names = [self.id_col, self.time_col, self.target_col]
        if not isinstance(data, pd.DataFrame) or not set(names) <= set(data.columns):
            return
        unused = [str(name) for name in data.columns if name not in names]
        if unused:
            warnings.warn(
                f"{type(self).__name__} does not use exogenous columns yet; these are left out: "
                f"{', '.join(unused)}. Drop them, or name others by id_col, time_col, target_col.",
                stacklevel=3,
            )

    def _read(self, data: Any) -> SeriesSet:
        return read(
            data,
            id_col=self.id_col,
            time_col=self.time_col,
            target_col=self.target_col,
            freq=self.freq,
        )

    def _rows_like(self, X: Any) -> Any:
        """Data in the form of the known ones, at the times of `X`."""
        kind, ids = self.data_.kind, self.data_.ids
        if kind == "long" and isinstance(X, pd.DataFrame):
            return X.assign(**{self.target_col: np.arange(float(len(X)))})  # to know them again
        index = X.index if isinstance(X, pd.Series | pd.DataFrame) else None
        frame = pd.DataFrame(np.zeros((len(X), len(ids))), index=index, columns=ids)
        rows = frame if kind in {"wide", "long"} else frame.iloc[:, 0]
        return rows.to_numpy() if index is None else rows

    def _place(self, rows: SeriesSet) -> tuple[int, IntArray]:
        """Steps up to the last of the rows, and where in such forecasts, made flat, they lie."""
        first, series = self.data_.steps_to(rows), self.data_.positions_of(rows)
        steps = int((first + rows.lengths).max()) - 1
        return steps, ranges(series * steps + first - 1, rows.lengths)


def _adds_nothing(X: Any, y: Any) -> bool:
    """Whether X has no columns, or repeats y, as scikit-learn's scorers by name need it."""
    if np.ndim(X) == 2 and np.shape(X)[1] == 0:
        return True
    return np.shape(X) == np.shape(y) and pd.DataFrame(X).equals(pd.DataFrame(y))


def _at_times_of(X: Any, y: Any) -> Any:
    """Numbers y at the times of a frame X, if they have none of their own."""
    if not isinstance(X, pd.DataFrame):
        return y
    if isinstance(y, np.ndarray) and y.ndim == 2:
        return pd.DataFrame(y, X.index)
    flat = isinstance(y, list | tuple) and all(np.isscalar(value) for value in y)
    return pd.Series(y, X.index) if flat or (isinstance(y, np.ndarray) and y.ndim == 1) else y


def has_no_rows(data: Any) -> bool:
    """Whether data of a kind that can be read, and that have rows, have none."""
    if isinstance(data, (list, tuple, range)):
        return not len(data)
    return getattr(data, "shape", ())[:1] == (0,)


def check_levels(level: float | Sequence[float] | None) -> list[float]:
    """Levels in rising order, each once, to six digits; a ValueError for one outside [1, 100)."""
    levels = [] if level is None else np.atleast_1d(np.asarray(level, dtype=object)).tolist()
    _, is_percentage = real(0, 100, open_low=True)
    for value in levels:
        if not is_percentage(value) or not is_percentage(_to_six_digits(value)):
            raise ValueError(
                "level expects percentages between 0 and 100, such as [80, 95], of six digits at "
                f"most, got {value!r}."
            )
        if value < 1:
            raise ValueError(
                f"level counts in percent, such as [80, 95], got {value!r}: did you mean "
                f"{100 * value:g}?"
            )
    return sorted({_to_six_digits(value) for value in levels})


def _to_six_digits(level: float) -> float:
    """As much as the names of the columns tell: the last one below 100 is 99.9999."""
    return float(f"{level:g}")

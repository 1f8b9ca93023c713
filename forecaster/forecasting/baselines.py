"""The forecasts that every other one has to beat, with the interface of the other forecasters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from forecaster._validation import check_parameters, integer
from forecaster.data.panel import FloatArray, Panel
from forecaster.data.series_set import SeriesSet
from forecaster.forecasting.base import Forecaster

__all__ = ["DriftForecaster", "NaiveForecaster", "SeasonalNaiveForecaster"]


class _BaselineForecaster(Forecaster):
    """Abstract: a subclass says how series are forecast, and how many values that needs."""

    def __init__(
        self,
        horizon: int = 1,
        season_length: int = 1,
        *,
        freq: object = None,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
    ) -> None:
        self.horizon = horizon
        self.season_length = season_length
        self.freq = freq
        self.id_col = id_col
        self.time_col = time_col
        self.target_col = target_col

    @property
    @abstractmethod
    def _n_needed(self) -> int:
        """Number of values that every series must have."""

    @abstractmethod
    def _forecast(self, panel: Panel, steps: int) -> FloatArray:
        """Forecasts of all series, (n_series, steps)."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Keep the series.

        Parameters
        ----------
        X : list, array, Series or DataFrame
            The series: one, or several as columns of a wide frame or in a long frame.
        y : list, array, Series or DataFrame, optional
            The series, for callers that need a ``y``, such as scikit-learn's scorers by name: then
            `X` is None, a frame without columns, or the series once more.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is wrong, a value is missing, a series is too short, or `X` holds
            exogenous columns.
        """
        check_parameters(self, {"horizon": integer(1), "season_length": integer(1)})
        target = self._target(X, y)
        self._warn_of_unused(target)
        data = self._read(target)
        self._check_length(data)
        self.data_ = data
        return self

    def _forecast_panel(self, steps: int, levels: Sequence[float]) -> dict[str, FloatArray]:
        if levels:
            raise ValueError(
                f"{type(self).__name__} has no intervals: leave out level, or take a forecaster "
                "that is trained."
            )
        self._check_length(self.data_)  # season_length may have been set since
        return {"mean": self._forecast(self.data_.panel, steps)}

    def _check_length(self, data: SeriesSet) -> None:
        shortest = int(np.argmin(data.lengths))
        if data.lengths[shortest] < self._n_needed:
            if data.kind not in ("long", "wide"):
                raise ValueError(
                    f"{type(self).__name__} needs at least {self._n_needed} values, got "
                    f"{data.lengths[0]}: give a longer history, or choose another baseline."
                )
            raise ValueError(
                f"{type(self).__name__} needs at least {self._n_needed} values of every series, "
                f"but series {data.ids[shortest]!r} has {data.lengths[shortest]}: leave it out, or "
                "choose another baseline."
            )


class NaiveForecaster(_BaselineForecaster):
    """Forecasts the last value of each series again and again: the best for a random walk.

    Parameters
    ----------
    horizon : int, default=1
        Number of steps that ``predict()`` forecasts.
    season_length : int, default=1
        Steps in a season (12 for months in a year), for the scale of `score` only.
    freq : str, pandas offset, int or None, default=None
        The step from row to row, for timestamps that do not tell it by themselves.
    id_col, time_col, target_col : str, default="unique_id", "ds", "y"
        The columns of a long frame.

    Attributes
    ----------
    data_ : SeriesSet
        The known rows.

    References
    ----------
    R. J. Hyndman, G. Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, OTexts
    2021, section 5.2, also of the two others.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecaster.forecasting.baselines import NaiveForecaster
    >>> y = pd.Series([1.0, 2.0, 4.0], index=pd.period_range("2024-10", periods=3, freq="M"))
    >>> NaiveForecaster(horizon=2).fit(y).predict()
    2025-01    4.0
    2025-02    4.0
    Freq: M, dtype: float64
    """

    _n_needed = 1

    def _forecast(self, panel: Panel, steps: int) -> FloatArray:
        return np.repeat(panel.last(1), steps, axis=1)


class SeasonalNaiveForecaster(_BaselineForecaster):
    """Forecasts the last season of each series again and again.

    Parameters
    ----------
    horizon : int, default=1
        Number of steps that ``predict()`` forecasts.
    season_length : int, default=1
        Steps in a season (12 for months in a year), for the forecast and for the scale of
        `score`; 1 is the `NaiveForecaster`.
    freq, id_col, time_col, target_col
        As in `NaiveForecaster`.

    Attributes
    ----------
    data_ : SeriesSet
        The known rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecaster.forecasting.baselines import SeasonalNaiveForecaster
    >>> y = pd.Series([1.0, 2.0, 3.0, 4.0], index=[2001, 2002, 2003, 2004])
    >>> SeasonalNaiveForecaster(season_length=2).fit(y).predict(3)
    2005    3.0
    2006    4.0
    2007    3.0
    dtype: float64
    """

    @property
    def _n_needed(self) -> int:
        return self.season_length

    def _forecast(self, panel: Panel, steps: int) -> FloatArray:
        return panel.last(self.season_length)[:, np.arange(steps) % self.season_length]


class DriftForecaster(_BaselineForecaster):
    """Extends the straight line from the first value of each series through the last.

    Parameters
    ----------
    horizon : int, default=1
        Number of steps that ``predict()`` forecasts.
    season_length : int, default=1
        Steps in a season, for the scale of `score` only.
    freq, id_col, time_col, target_col
        As in `NaiveForecaster`.

    Attributes
    ----------
    data_ : SeriesSet
        The known rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecaster.forecasting.baselines import DriftForecaster
    >>> y = pd.DataFrame({"a": [1.0, 2.0, 5.0], "b": [9.0, 8.0, 7.0]})
    >>> DriftForecaster().fit(y).predict(2)
         a    b
    3  7.0  6.0
    4  9.0  5.0
    """

    _n_needed = 2

    def _forecast(self, panel: Panel, steps: int) -> FloatArray:
        first, last = panel.values[panel.indptr[:-1], None], panel.last(1)
        slope = (last - first) / (panel.lengths[:, None] - 1)
        return last + slope * np.arange(1, steps + 1)

"""The forecasts that every other one has to beat, as functions of one series.

The forecasters of these names do the same for all series of a panel at once.

Source of all three: R. J. Hyndman, G. Athanasopoulos, "Forecasting: Principles and Practice",
3rd edition, OTexts 2021, section 5.2.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_scalar

__all__ = ["drift", "naive", "seasonal_naive"]


def naive(y: ArrayLike, horizon: int) -> NDArray[np.float64]:
    """Forecast the last value again and again: the best one can do for a random walk.

    Parameters
    ----------
    y : array-like of shape (n,)
        The series, oldest value first.
    horizon : int
        Number of steps to forecast, at least 1.

    Returns
    -------
    ndarray of shape (horizon,)

    Raises
    ------
    ValueError
        If `y` is empty or not one series, or a value is missing or infinite.

    Examples
    --------
    >>> from forecaster.forecasting.simple_methods import naive
    >>> naive([1, 2, 4], horizon=2)
    array([4., 4.])
    """
    return np.full(_steps(horizon), _series(y, n_needed=1)[-1])


def seasonal_naive(y: ArrayLike, horizon: int, season_length: int) -> NDArray[np.float64]:
    """Forecast the last season again and again.

    Parameters
    ----------
    y : array-like of shape (n,)
        The series, oldest value first.
    horizon : int
        Number of steps to forecast, at least 1; it may exceed a season.
    season_length : int
        Steps in a season (12 for months in a year); 1 is the `naive` forecast.

    Returns
    -------
    ndarray of shape (horizon,)

    Raises
    ------
    ValueError
        If `y` is shorter than a season or not one series, or a value is missing or infinite.

    Examples
    --------
    >>> from forecaster.forecasting.simple_methods import seasonal_naive
    >>> seasonal_naive([9, 1, 2, 3], horizon=4, season_length=3)
    array([1., 2., 3., 1.])
    """
    check_scalar(season_length, "season_length", Integral, min_val=1)
    last_season = _series(y, n_needed=season_length)[-season_length:]
    return np.resize(last_season, _steps(horizon))


def drift(y: ArrayLike, horizon: int) -> NDArray[np.float64]:
    """Extend the straight line from the first value through the last.

    This is the `naive` forecast plus the mean change per step.

    Parameters
    ----------
    y : array-like of shape (n,)
        The series, oldest value first, at least two values.
    horizon : int
        Number of steps to forecast, at least 1.

    Returns
    -------
    ndarray of shape (horizon,)

    Raises
    ------
    ValueError
        If `y` has fewer than two values or is not one series, or a value is missing or infinite.

    Examples
    --------
    >>> from forecaster.forecasting.simple_methods import drift
    >>> drift([1, 2, 5], horizon=2)
    array([7., 9.])
    """
    series = _series(y, n_needed=2)
    slope = (series[-1] - series[0]) / (len(series) - 1)
    return series[-1] + slope * np.arange(1, _steps(horizon) + 1)


def _steps(horizon: int) -> int:
    return check_scalar(horizon, "horizon", Integral, min_val=1)


def _series(y: ArrayLike, n_needed: int) -> NDArray[np.float64]:
    series = check_array(y, ensure_2d=False, dtype=np.float64, ensure_min_samples=0, input_name="y")
    if series.ndim != 1:
        raise ValueError(
            f"y must be one series, an array of shape (n,), but its shape is {series.shape}; "
            "forecast a panel series by series."
        )
    if len(series) < n_needed:
        raise ValueError(
            f"y has {len(series)} values, but this forecast needs at least {n_needed}: give a "
            "longer history."
        )
    return series

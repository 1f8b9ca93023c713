"""Measures of forecast accuracy, with scikit-learn's signatures and scikit-learn's shapes.

Arrays and pandas objects are matched by position. One series is ``(n,)``; several are columns,
``(n, n_series)``, as in scikit-learn's multi-output metrics and in a wide frame (a forecast
matrix of shape ``(n_series, horizon)`` goes in transposed). ``multioutput="raw_values"`` then
gives one figure a series. What scikit-learn has is used, not written again.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error
from sklearn.utils import check_array, check_scalar

__all__ = [
    "coverage",
    "mase",
    "mean_absolute_error",
    "pinball_loss",
    "rmsse",
    "root_mean_squared_error",
    "smape",
]


def smape(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Symmetric mean absolute percentage error, in percent, as in the M4 competition.

    The mean of ``200 |y - f| / (|y| + |f|)``. A point where both are zero is forecast exactly
    and counts 0; where only one of them is zero, or their signs differ, it counts 200.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_series)
        What happened.
    y_pred : array-like of the same shape
        What was forecast.
    sample_weight : array-like of shape (n,), default=None
        Weights of the rows (time steps); None weighs all alike.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_series,)
        "uniform_average" (the default) gives the mean over the series, "raw_values" one figure a
        series, an array the mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_series,)
        0 for an exact forecast, 200 at the worst.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is missing or infinite.

    References
    ----------
    S. Makridakis, E. Spiliotis, V. Assimakopoulos, "The M4 Competition: 100,000 time series and
    61 forecasting methods", International Journal of Forecasting 36 (2020) 54-74.

    Examples
    --------
    >>> from forecaster.evaluation import smape
    >>> smape([100, 200, 0], [110, 180, 0])
    6.683...
    """
    actual, forecast = _columns(y_true=y_true, y_pred=y_pred)
    error, size = np.abs(actual - forecast), np.abs(actual) + np.abs(forecast)
    share = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
    return _mean(200 * share, sample_weight, multioutput)


def mase(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    y_train: ArrayLike,
    season_length: int = 1,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean absolute scaled error: the error in units of the naive forecast's error in training.

    The mean absolute error divided by the mean of ``|y[t] - y[t - season_length]|`` over
    `y_train`. Below 1, the forecast is better than the seasonal naive one was, one season
    ahead, on the history.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_series)
        What happened.
    y_pred : array-like of the same shape
        What was forecast.
    y_train : array-like of shape (n_train,) or (n_train, n_series)
        The history on which the forecast rests, never the test part: it sets the scale.
    season_length : int, default=1
        Steps in a season (12 for months in a year). 1 compares with the plain naive forecast.
    sample_weight : array-like of shape (n,), default=None
        Weights of the rows (time steps) of the error; the scale is not weighted.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_series,)
        As in `smape`.

    Returns
    -------
    float or ndarray of shape (n_series,)

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is missing or infinite, `y_train` is not longer than
        a season, or it repeats itself every season (a constant series, say): then the scale is
        0 and the measure is not defined.

    References
    ----------
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International
    Journal of Forecasting 22 (2006) 679-688; with a season as in the M4 competition, see `smape`.

    Examples
    --------
    >>> from forecaster.evaluation import mase
    >>> mase([5, 7], [4, 7], y_train=[1, 2, 3, 4])
    0.5
    """
    actual, forecast, train = _columns(y_true=y_true, y_pred=y_pred, y_train=y_train)
    scale = _scale(np.abs(_differences(train, season_length)).mean(axis=0))
    return _mean((actual - forecast) / scale, sample_weight, multioutput)


def rmsse(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    y_train: ArrayLike,
    season_length: int = 1,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Root mean squared scaled error, as in the M5 competition.

    The root of: the mean squared error divided by the mean of
    ``(y[t] - y[t - season_length])**2`` over `y_train`. It rewards forecasts of the mean, where
    `mase` rewards those of the median, which for intermittent sales is often zero. The M5 counts
    a product from its first sale on: cut leading zeros off `y_train` for its figures.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_series)
        What happened.
    y_pred : array-like of the same shape
        What was forecast.
    y_train : array-like of shape (n_train,) or (n_train, n_series)
        The history on which the forecast rests, never the test part: it sets the scale.
    season_length : int, default=1
        Steps in a season; the M5 has 1, the plain naive forecast.
    sample_weight : array-like of shape (n,), default=None
        Weights of the rows (time steps) of the error; the scale is not weighted.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_series,)
        As in `smape`.

    Returns
    -------
    float or ndarray of shape (n_series,)

    Raises
    ------
    ValueError
        As in `mase`.

    References
    ----------
    S. Makridakis, E. Spiliotis, V. Assimakopoulos, "The M5 competition: Background, organization,
    and implementation", International Journal of Forecasting 38 (2022) 1325-1336.

    Examples
    --------
    >>> from forecaster.evaluation import rmsse
    >>> rmsse([5, 9], [5, 7], y_train=[1, 2, 3, 4])
    1.414...
    """
    actual, forecast, train = _columns(y_true=y_true, y_pred=y_pred, y_train=y_train)
    scale = _scale(np.sqrt(np.square(_differences(train, season_length)).mean(axis=0)))
    error = (actual - forecast) / scale
    return root_mean_squared_error(
        error, np.zeros_like(error), sample_weight=sample_weight, multioutput=multioutput
    )


def pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    quantile: float = 0.5,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean pinball loss of a quantile forecast.

    A forecast that is too low by ``e`` costs ``quantile * e``, one that is too high by ``e``
    costs ``(1 - quantile) * e``; the true quantile costs least. This is scikit-learn's
    `mean_pinball_loss` with its ``alpha`` under the name that the rest of this package uses.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_series)
        What happened.
    y_pred : array-like of the same shape
        The forecast quantile.
    quantile : float, default=0.5
        Which quantile `y_pred` is, between 0 and 1; 0.5 gives half the mean absolute error.
    sample_weight : array-like of shape (n,), default=None
        Weights of the rows (time steps).
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_series,)
        As in `smape`.

    Returns
    -------
    float or ndarray of shape (n_series,)

    Raises
    ------
    ValueError
        If `quantile` is not between 0 and 1, the shapes differ, or a value is missing.

    References
    ----------
    R. Koenker, G. Bassett, "Regression quantiles", Econometrica 46 (1978) 33-50.

    Examples
    --------
    >>> from forecaster.evaluation import pinball_loss
    >>> print(pinball_loss([10, 10], [8, 12], quantile=0.75))
    1.0
    """
    check_scalar(quantile, "quantile", Real, min_val=0, max_val=1)
    return mean_pinball_loss(
        y_true, y_pred, alpha=quantile, sample_weight=sample_weight, multioutput=multioutput
    )


def coverage(
    y_true: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Share of what happened that lies in the forecast interval, its bounds included.

    An honest 80 percent interval has a coverage near 0.8.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_series)
        What happened.
    lower, upper : array-like of the same shape
        The bounds of the interval.
    sample_weight : array-like of shape (n,), default=None
        Weights of the rows (time steps).
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_series,)
        As in `smape`.

    Returns
    -------
    float or ndarray of shape (n_series,)
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the shapes differ, a value is missing or infinite, or `lower` is above `upper`.

    Examples
    --------
    >>> from forecaster.evaluation import coverage
    >>> coverage([1, 2, 3, 4], lower=[0, 0, 0, 0], upper=[3, 3, 3, 3])
    0.75
    """
    actual, low, high = _columns(y_true=y_true, lower=lower, upper=upper)
    crossed = np.argwhere(low > high)
    if len(crossed):
        raise ValueError(
            f"lower must not be above upper, but it is in {len(crossed)} of {low.size} places, "
            f"first in row {crossed[0, 0]}; were the two arguments swapped?"
        )
    inside = (low <= actual) & (actual <= high)
    return _mean(inside.astype(np.float64), sample_weight, multioutput)


def _columns(**arrays: ArrayLike) -> list[NDArray[np.float64]]:
    """The arguments as finite float64 arrays (n, n_series); all but y_train of one shape."""
    columns = []
    for name, array in arrays.items():
        checked = check_array(array, ensure_2d=False, dtype=np.float64, input_name=name)
        columns.append(checked.reshape(len(checked), -1))
    y_true = columns[0]
    for name, column in zip(arrays, columns, strict=True):
        same = (
            column.shape[1] == y_true.shape[1]
            if name == "y_train"
            else column.shape == y_true.shape
        )
        if not same:
            raise ValueError(
                f"y_true has {y_true.shape[0]} rows and {y_true.shape[1]} columns, {name} has "
                f"{column.shape[0]} and {column.shape[1]}: give both one row a time step and one "
                "column a series."
            )
    return columns


def _differences(train: NDArray[np.float64], season_length: int) -> NDArray[np.float64]:
    check_scalar(season_length, "season_length", Integral, min_val=1)
    if len(train) <= season_length:
        raise ValueError(
            f"y_train has {len(train)} points, but season_length={season_length} needs at least "
            f"{season_length + 1} to set the scale: give a longer history or a shorter season."
        )
    return train[season_length:] - train[:-season_length]


def _scale(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    zero = np.flatnonzero(scale == 0)
    if len(zero):
        raise ValueError(
            f"The scaled error is not defined where y_train repeats itself every season (a "
            f"constant series, say), as in column {zero[0]}: leave such series out, or use "
            "mean_absolute_error or smape."
        )
    return scale


def _mean(
    errors: NDArray[np.float64], sample_weight: ArrayLike | None, multioutput: str | ArrayLike
) -> float | NDArray[np.float64]:
    """Mean of the sizes of the errors, weighed and reduced the way scikit-learn does it."""
    return mean_absolute_error(
        errors, np.zeros_like(errors), sample_weight=sample_weight, multioutput=multioutput
    )

"""The score of every forecaster: minus the mean absolute scaled error, averaged over a panel.

R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International
Journal of Forecasting 22 (2006) 679-688. For one series it is `forecaster.evaluation.mase`; here
are all series of a panel at once.
"""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, Panel

__all__ = ["mase_scale", "panel_mase"]


def mase_scale(train: Panel, season_length: int) -> FloatArray:
    """Mean of ``|y[t] - y[t - season_length]|`` of every series.

    Parameters
    ----------
    train : Panel
        The training parts.
    season_length : int
        Steps in a season, at least 1.

    Returns
    -------
    ndarray of shape (n_series,)
        NaN where the scaled error is not defined: for a series that is not longer than a season
        or repeats itself every season.

    Examples
    --------
    >>> from forecaster.data import Panel
    >>> mase_scale(Panel.from_series([[1, 2, 4], [7, 7]]), season_length=1)
    array([1.5, nan])
    """
    series = np.repeat(np.arange(train.n_series), train.lengths)
    within = series[season_length:] == series[:-season_length]
    differences = np.abs(train.values[season_length:] - train.values[:-season_length])[within]
    total = np.bincount(series[season_length:][within], differences, train.n_series)
    total = np.where(total > 0, total, np.nan)
    return total / np.maximum(train.lengths - season_length, 1)


def panel_mase(actual: Panel, forecasts: FloatArray, scale: FloatArray) -> float:
    """Mean over the series of their mean absolute scaled errors; each series has one vote.

    Series for which it is not defined have none. Which they are depends on the training part
    alone, so the figure still compares forecasts.

    Parameters
    ----------
    actual : Panel
        What happened; no series is empty.
    forecasts : ndarray of shape (N,)
        What was forecast, laid out like ``actual.values``.
    scale : ndarray of shape (n_series,)
        From `mase_scale`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is not defined for any series.

    Examples
    --------
    >>> from forecaster.data import Panel
    >>> actual = Panel.from_series([[9, 9], [7]])
    >>> panel_mase(actual, np.array([8.0, 7.0, 0.0]), scale=np.array([1.5, np.nan]))
    1.0
    """
    defined = ~np.isnan(scale)
    if not defined.any():
        raise ValueError(
            "The score, a mean absolute scaled error, needs a series whose training part is "
            "longer than a season and does not repeat itself every season, but there is none: "
            "train on more rows, or set a shorter season_length."
        )
    errors = np.add.reduceat(np.abs(actual.values - forecasts), actual.indptr[:-1])
    return float(np.mean((errors / actual.lengths / scale)[defined]))

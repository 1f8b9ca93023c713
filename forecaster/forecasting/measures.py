"""Losses that are measures of forecasts: what an error on the prepared scale costs in each.

To first order an error of the prepared value is in proportion to the error on the data's scale, so
that weighted absolute errors stand for a measure, target by target.
"""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.rounding import rounding
from forecaster.forecasting.scoring import mase_scale

MEASURES = ("smape", "mase", "owa")


def target_weights(
    measure: str | None, panel: Panel, season_length: int, log: bool, unit: FloatArray
) -> FloatArray:
    """Weight of the absolute error of every value as a target, (N,); 1 on average.

    Parameters
    ----------
    measure : str or None
        smape: the error relative to the value (S. Makridakis, International Journal of Forecasting
        9 (1993) 527-529); mase: relative to the series' mean change over a season (Hyndman &
        Koehler 2006), a series that has none counts for nothing; owa: the mean of both, as M4 has
        it. Any other loss weighs all targets alike.
    panel : Panel
        Values on the data's scale.
    season_length : int
        Steps in a season, for mase.
    log : bool
        Whether errors are those of logarithms.
    unit : array (S,)
        Unit in which each series' errors are measured, > 0.
    """
    if measure not in MEASURES:
        return np.ones_like(panel.values)
    size, change = np.abs(panel.values), np.repeat(unit, panel.lengths)
    if log:
        change = change * size  # of the value, by an error of one unit
    parts = []
    if measure != "mase":
        # the measure divides by the mean of value and forecast, at least half the error
        parts.append(change / np.maximum(size, 0.5 * change))
    if measure != "smape":
        scale = mase_scale(panel, season_length)
        scale[scale <= rounding(panel.values, panel.indptr)] = np.nan
        scale = np.repeat(scale, panel.lengths)
        parts.append(np.where(np.isnan(scale), 0.0, change / scale))
    weights = np.sum([part / part.mean() for part in parts if part.any()], axis=0)
    return weights / weights.mean() if np.any(weights) else np.ones_like(size)

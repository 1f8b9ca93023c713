"""Forecast intervals by split conformal calibration on the tail in time.

A second model is trained without the tail; its errors there, per horizon step, are what an
interval must cover. V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World",
Springer 2005; for forecasts of several steps: K. Stankeviciute, A. Alaa, M. van der Schaar,
"Conformal time-series forecasting", NeurIPS 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.model import Model

_ENOUGH = 200  # errors of a step from which on its own quantiles are used
_WANTED = 100  # errors of a step that calibration tries to see


@dataclass(frozen=True)
class Calibration:
    """Absolute errors of held-out forecasts, each in units of its series' scale.

    Attributes
    ----------
    errors : array (n_errors, horizon)
        Errors of each horizon step.
    relative_error : float
        Mean absolute error of the held-out forecasts over that of repeating the last season.
    """

    errors: FloatArray
    relative_error: float

    def half_widths(self, level: float, steps: int) -> FloatArray:
        """Half the width of the interval of each step, (steps,), in units of the scale.

        Few errors are pooled over the steps, each step's in units of its own mean. Beyond the
        calibrated horizon widths grow with the square root of time, as for a random walk.
        """
        horizon = self.errors.shape[1]
        if len(self.errors) >= _ENOUGH:
            widths = _conformal_quantile(self.errors, level)
        else:
            size = np.maximum.accumulate(self.errors.mean(axis=0))
            size[size == 0] = 1.0
            pooled = (self.errors / size).reshape(-1, 1)
            widths = size * _conformal_quantile(pooled, level)
        k = np.arange(steps)
        beyond = np.sqrt(np.maximum(k + 1, horizon) / horizon)
        return widths[np.minimum(k, horizon - 1)] * beyond


def _conformal_quantile(errors: FloatArray, level: float) -> FloatArray:
    """The ceil((n + 1) level)-th smallest error of each column; the largest if n is too small."""
    n = len(errors)
    rank = min(math.ceil((n + 1) * level), n)
    return np.partition(errors, rank - 1, axis=0)[rank - 1]


def n_held_out(panel: Panel, horizon: int, needed: int) -> int:
    """Length of the tail for calibration, 0 if the series are too short.

    As many origins as it takes to see about a hundred errors of each step, but at most a third of
    what lies before the last horizon.
    """
    longest = int(panel.lengths.max())
    n_origins = min(-(-_WANTED // panel.n_series), (longest - horizon) // 3)
    held_out = horizon + n_origins - 1
    return held_out if n_origins >= 1 and longest - held_out >= needed + horizon else 0


def calibrate(
    panel: Panel, held_out: int, horizon: int, season_length: int, model: Model
) -> Calibration:
    """Forecast from every origin in the tail and collect the errors.

    ``model`` was trained without the last ``held_out`` values; every origin sees only what lies
    before it.
    """
    preparation = model.preparation
    used = preparation.scale > 0  # a constant series has no errors to learn from
    unit = np.where(used, preparation.scale, 1.0)[:, None]
    prepared = preparation.apply(panel).values
    errors, absolute, naive_absolute = [], 0.0, 0.0
    for n_hidden in range(held_out, horizon - 1, -1):
        known = panel.without_last(n_hidden)
        future = panel.indptr[1:, None] - n_hidden + np.arange(horizon)
        forecast = model.forecast_prepared(known, horizon)
        errors.append((np.abs(forecast - prepared[future]) / unit)[used])
        raw_unit = np.abs(panel.values[future]).mean(axis=1, keepdims=True) + np.finfo(float).tiny
        season = known.indptr[1:, None] - season_length + np.arange(horizon) % season_length
        season = np.maximum(season, known.indptr[:-1, None])
        miss = np.abs(preparation.restore(forecast, known) - panel.values[future])
        naive_miss = np.abs(known.values[season] - panel.values[future])
        absolute += float((miss / raw_unit).sum())
        naive_absolute += float((naive_miss / raw_unit).sum())
    relative = absolute / naive_absolute if naive_absolute > 0 else 1.0
    return Calibration(np.concatenate(errors) if used.any() else np.zeros((1, horizon)), relative)

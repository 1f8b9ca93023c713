"""Forecast intervals by split conformal calibration on the tail in time.

A second model is trained without the tail; its errors there, per horizon step, are what an
interval must cover. V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World",
Springer 2005; for forecasts of several steps: K. Stankeviciute, A. Alaa, M. van der Schaar,
"Conformal time-series forecasting", NeurIPS 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.model import Model
from forecaster.forecasting.scoring import mase_scale
from forecaster.forecasting.tail import Tail

_ENOUGH = 200  # errors of a step from which on its own quantiles are used
_WANTED = 100  # errors of a step that calibration tries to see
_LEAST = 3  # origins of a large panel: series at the same time err alike


@dataclass(frozen=True)
class Calibration:
    """Absolute errors of held-out forecasts, each in units of its series' scale.

    Attributes
    ----------
    errors : array (n_errors, horizon)
        Errors of each horizon step; none if no series ever erred.
    relative_error : float
        Mean absolute scaled error of the held-out forecasts over that of repeating the last
        season.
    """

    errors: FloatArray
    relative_error: float

    def half_widths(self, level: float, steps: int) -> FloatArray:
        """Half the width of the interval of each step, (steps,), in units of the scale.

        Few errors are pooled over the steps, each step's in units of its own mean. Beyond the
        calibrated horizon widths grow with the square root of time, as for a random walk; without
        errors, they are a random walk's that changes by the scale on average.
        """
        horizon = self.errors.shape[1]
        if len(self.errors) == 0:
            growth = np.sqrt(np.arange(1, max(steps, horizon) + 1))
            mean_change = growth[:horizon].mean() * math.sqrt(2 / math.pi)
            return _two_sided(level) * growth[:steps] / mean_change
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
    """The ceil((n + 1) level)-th smallest error of each column.

    Where n errors are too few for the level, the largest, which stands for the level n / (n + 1),
    is widened as the quantiles of a normal distribution are.
    """
    n = len(errors)
    rank = math.ceil((n + 1) * level - 1e-9)
    if rank <= n:
        return np.partition(errors, rank - 1, axis=0)[rank - 1]
    return errors.max(axis=0) * _two_sided(level) / _two_sided(n / (n + 1))


def _two_sided(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def n_held_out(panel: Panel, horizon: int, needed: int) -> int:
    """Length of the tail for calibration, 0 if the series are too short.

    ``needed`` points and a horizon must be left to train on. As many origins as it takes to see
    about a hundred errors of each step, and three, as times differ, if most series reach so far;
    but at most a third of what lies before the last horizon.
    """
    shortest = needed + 2 * horizon
    lengths = panel.lengths[panel.lengths >= shortest]
    if len(lengths) == 0:
        return 0
    longest = int(lengths.max())
    most = min((longest - horizon) // 3, longest - shortest + 1)
    for_most_series = min(_LEAST, int(np.median(lengths)) - shortest + 1)
    n_origins = max(1, min(max(for_most_series, -(-_WANTED // len(lengths))), most))
    return horizon + n_origins - 1


def calibrate(
    tail: Tail, season_length: int, scale: FloatArray, model: Model, chosen: Model
) -> Calibration:
    """Forecast from every origin in the tail, which ``model`` has not seen; collect the errors.

    ``chosen`` is the same with shares that series have chosen for themselves on the tail. These fit
    it too well for the widths of intervals, and are what is compared with the last season.

    ``scale`` (S,) is that of the final model, what an interval is later multiplied by; 0 for a
    series that has no say. Nor has a series at origins before it left a line or season that it had
    followed exactly: how well that was hit is no guide to what came after.
    """
    prepared, forecasts = tail.forecasts(model)[0], tail.forecasts(chosen)[1]
    actual = tail.targets(tail.panel.values)
    unit = mase_scale(tail.panel.without_last(tail.length), season_length)[:, None]
    naive_error = np.nansum(np.abs(tail.last_seasons(season_length) - actual) / unit)
    error = np.nansum(np.abs(forecasts - actual) / unit)
    relative = float(error / naive_error) if naive_error > 0 else 1.0
    used = scale > 0
    errors = prepared - tail.targets(model.preparation.apply(tail.panel).values)
    errors = np.abs(errors[:, used]) / scale[used, None]
    now = model.preparation.going_on(tail.panel)
    counts = ~(tail.exact(model.preparation) & ~now.exact)[:, used]
    if counts.any() or not counts.size:
        return Calibration(errors[counts], relative)
    # All have left too late for an origin to know: what they missed since then, growing as a
    # random walk's errors do, stands for the errors of one origin.
    missed = now.scale[used] / scale[used]
    return Calibration(missed[:, None] * np.sqrt(np.arange(1, tail.horizon + 1)), relative)

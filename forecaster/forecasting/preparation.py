"""From raw values to what a network can learn: logarithm, season, trend anchor, scale.

What is estimated is estimated once, on the training part, and applied as it is to whatever
follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecaster.data.panel import FloatArray, IntArray, Panel
from forecaster.forecasting.longer_seasons import fit_longer_seasons
from forecaster.forecasting.rounding import rounding
from forecaster.forecasting.seasons import fit_seasons, subtract_seasons
from forecaster.kernels import smoothing

_ALPHAS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0])
_CAUTION = 6.0  # as if alpha had the prior Beta(4, 1), of mean 0.8: the last values count most
_SHARE_PRIOR = 100.0  # the trend share is 1/2 give or take about 0.1 before the data speak
_EXACT = 1e-6  # of the scale, besides rounding: what an exact trend may miss on average
_SLACK = 100.0  # and how much more a single time
# Windows of logarithms compare better with each other than a simple trend forecast can show.
_LOG_BONUS = 1.1


@dataclass(frozen=True)
class Prepared:
    """A panel after preparation; arrays (N,) follow the panel's layout.

    Attributes
    ----------
    panel : Panel
        The raw values.
    values : array (N,)
        Transformed and deseasonalised values.
    level, slope : arrays (N,)
        The trend anchor of each origin t: ``level[t] + k * slope[t]`` forecasts ``values[t + k]``.
    """

    panel: Panel
    values: FloatArray
    level: FloatArray
    slope: FloatArray

    def trend(self, steps: int) -> FloatArray:
        """Forecasts of the anchors at the series' ends, (S, steps)."""
        last = self.panel.indptr[1:] - 1
        return self.level[last, None] + self.slope[last, None] * np.arange(1, steps + 1)

    def last_season(self, season_length: int, cycle: IntArray, steps: int) -> FloatArray:
        """The last ``cycle`` values, (S,), again and again, (S, steps).

        The last value where they are not known. Of a cycle longer than a season, which may be a
        year, they move by what its mean has changed: a year ago the level was another one.
        """
        first, stop = self.panel.indptr[:-1, None], self.panel.indptr[1:, None]
        where = stop - cycle[:, None] + np.arange(steps) % cycle[:, None]
        repeated = self.values[np.where(where < first, stop - 1, where)]
        some = cycle > season_length
        if some.any():
            sums = np.concatenate([[0.0], np.cumsum(self.values)])
            stop, n = stop[some, 0], cycle[some]
            change = sums[stop] - 2.0 * sums[stop - n] + sums[stop - 2 * n]
            repeated[some] += (change / n)[:, None]
        return repeated


@dataclass(frozen=True)
class Preparation:
    """What was estimated from the training part, per series.

    Attributes
    ----------
    log : bool
        Whether logarithms are taken.
    indices : array (S, m)
        Seasonal indices, to be subtracted; phase 0 is a series' first value.
    alpha, share : arrays (S,)
        Smoothing and trend share of the anchor.
    scale : array (S,)
        Mean absolute change over 1 to horizon steps; 0 for a constant series.
    exact : bool array (S,)
        Whether the trend anchor misses nothing: a constant, a line, an exact season; and whether a
        series is a constant to rounding.
    borrowed : array (S,) or None
        What repeating the last season counts for in the forecast of a series that has more than
        one but is too short for indices; 0 for other series, None if there is no such series.
    longer : array (S, M) or None
        What a longer season of M steps, whole seasons, adds to the indices; None for nothing.
    """

    log: bool
    indices: FloatArray
    alpha: FloatArray
    share: FloatArray
    scale: FloatArray
    exact: np.ndarray
    borrowed: FloatArray | None = None
    longer: FloatArray | None = None

    @property
    def season_length(self) -> int:
        """Steps in a season, m."""
        return self.indices.shape[1]

    @property
    def cycle(self) -> IntArray:
        """Steps after which all seasons of a series come again, (S,)."""
        told = np.full(len(self.indices), self.season_length)
        if self.longer is None:
            return told
        return np.where(self.longer.any(axis=1), self.longer.shape[1], told)

    def apply(self, panel: Panel) -> Prepared:
        """Prepare a panel of the same series, which may have gone on in the meantime."""
        values = self._deseasonalise(panel)
        level, slope = np.empty_like(values), np.empty_like(values)
        smoothing.apply_anchors(values, panel.indptr, self.alpha, self.share, level, slope)
        return Prepared(panel, values, level, slope)

    def _deseasonalise(self, panel: Panel) -> FloatArray:
        values = np.log(panel.values) if self.log else panel.values
        return subtract_seasons(Panel(values, panel.indptr), _together(self.indices, self.longer))

    def seasons(self, panel: Panel, steps: int) -> FloatArray:
        """Seasonal indices of what follows the panel, (S, steps)."""
        indices = _together(self.indices, self.longer)
        phases = (panel.lengths[:, None] + np.arange(steps)) % indices.shape[1]
        return np.take_along_axis(indices, phases, axis=1)

    def restore(self, forecasts: FloatArray, panel: Panel) -> FloatArray:
        """Forecasts of what follows the panel, back on the scale of the data; both (S, steps)."""
        forecasts = forecasts + self.seasons(panel, forecasts.shape[1])
        return np.exp(forecasts) if self.log else forecasts

    def repeated(self, n: int) -> Preparation:
        """The same for a panel in which all series come ``n`` times, one round after another."""
        return replace(
            self,
            indices=np.tile(self.indices, (n, 1)),
            alpha=np.tile(self.alpha, n),
            share=np.tile(self.share, n),
            scale=np.tile(self.scale, n),
            exact=np.tile(self.exact, n),
            borrowed=None if self.borrowed is None else np.tile(self.borrowed, n),
            longer=None if self.longer is None else np.tile(self.longer, (n, 1)),
        )

    def going_on(self, panel: Panel) -> Preparation:
        """The same for a panel that has gone on: what has left its line or season is not exact.

        The scale of such a series is its anchor's mean absolute error from then on.
        """
        prepared, starts = self.apply(panel), panel.indptr[:-1]
        values = prepared.values
        missed = np.zeros_like(values)
        missed[1:] = np.abs(values[1:] - prepared.level[:-1] - prepared.slope[:-1])
        missed[starts] = 0.0
        missed[np.minimum(starts + 1, panel.indptr[1:] - 1)] = 0.0  # no slope was known
        slack = _SLACK * (rounding(values, panel.indptr) + _EXACT * self.scale)
        slack = np.repeat(slack, panel.lengths)
        n_missed = np.cumsum(missed > slack)
        since = n_missed > np.repeat(n_missed[starts], panel.lengths)
        n_since = np.add.reduceat(since.astype(np.int64), starts)
        left = self.exact & (n_since > 0)
        error = np.add.reduceat(np.where(since, missed, 0.0), starts) / np.maximum(n_since, 1)
        return replace(self, exact=self.exact & ~left, scale=np.where(left, error, self.scale))

    def with_season(self, panel: Panel, horizon: int) -> Preparation:
        """The same with the season left in the values; their scale is estimated on the panel."""
        scale = np.empty_like(self.scale)
        values = np.log(panel.values) if self.log else panel.values
        smoothing.change_scale(values, panel.indptr, horizon, scale)
        return replace(self, indices=np.zeros_like(self.indices), longer=None, scale=scale)


def fit_preparation(
    panel: Panel,
    horizon: int,
    season_length: int,
    transform: str,
    deseasonalize: bool,
    unknown_season: bool = False,
    longer_seasons: bool = True,
    tested: bool = False,
) -> Preparation:
    """Estimate the preparation; ``transform`` "auto" takes logs unless they are clearly worse.

    ``unknown_season``: whether there is a season that is too long to be known, besides
    ``season_length``; ``longer_seasons``: whether to look for one above it; ``tested``: whether
    seasons are kept or dropped by a test instead of shrunk.
    """
    # the last values of a season that stays are no guide to the next ones
    stays = unknown_season or (season_length > 1 and not deseasonalize)
    caution = 0.0 if stays else _CAUTION
    positive = bool((panel.values > 0).all())
    if transform == "log" and not positive:
        bad = int(np.flatnonzero(panel.values <= 0)[0])
        raise ValueError(
            f'transform="log" needs values > 0, got {panel.values[bad]:g} at position {bad}: use '
            'transform="auto" or "none".'
        )
    longer_seasons = deseasonalize and longer_seasons
    settings = horizon, season_length, deseasonalize, longer_seasons, tested, caution
    if transform != "auto":
        return _fit(panel, transform == "log", *settings)[0]
    plain, plain_error = _fit(panel, False, *settings)
    if not positive:
        return plain
    logs, log_error = _fit(panel, True, *settings)
    unit = np.empty(panel.n_series)
    smoothing.change_scale(panel.values, panel.indptr, horizon, unit)
    unit[unit == 0] = 1.0
    return logs if np.mean(log_error / unit) <= _LOG_BONUS * np.mean(plain_error / unit) else plain


def _fit(
    panel: Panel,
    log: bool,
    horizon: int,
    season_length: int,
    deseasonalize: bool,
    longer_seasons: bool,
    tested: bool,
    caution: float,
) -> tuple[Preparation, FloatArray]:
    """The preparation with or without logs, and each series' mean absolute error of its anchor."""
    S, indptr = panel.n_series, panel.indptr
    transformed = Panel(np.log(panel.values), indptr) if log else panel
    indices, longer = np.zeros((S, season_length)), None
    if deseasonalize:
        indices = fit_seasons(transformed, season_length, tested)
    if longer_seasons:
        longer = fit_longer_seasons(transformed, indices)
    all_indices = _together(indices, longer)
    values = subtract_seasons(transformed, all_indices)
    alpha, share, square = np.empty(S), np.empty(S), np.empty(S)
    level, slope, scale, error = (
        np.empty_like(values),
        np.empty_like(values),
        np.empty(S),
        np.empty(S),
    )
    first = 1  # the first origin with a slope
    smoothing.fit_anchors(
        values, indptr, _ALPHAS, caution, first, horizon, _SHARE_PRIOR * horizon, alpha, share,
        square, level, slope,
    )  # fmt: skip
    smoothing.apply_anchors(values, indptr, alpha, share, level, slope)
    smoothing.change_scale(values, indptr, horizon, scale)
    smoothing.anchor_errors(
        panel.values, indptr, all_indices, level, slope, log, first, horizon, error
    )
    negligible = rounding(values, indptr)
    scale[scale <= negligible] = 0.0
    exact = (scale == 0) | (np.sqrt(square) <= negligible + _EXACT * scale)
    borrowed = _borrowed(panel.lengths, indices, scale) if deseasonalize else None
    return Preparation(log, indices, alpha, share, scale, exact, borrowed, longer), error


def _together(indices: FloatArray, longer: FloatArray | None) -> FloatArray:
    """Indices of all seasons, (S, m) or (S, M)."""
    if longer is None:
        return indices
    return longer + np.tile(indices, longer.shape[1] // indices.shape[1])


def _borrowed(lengths: IntArray, indices: FloatArray, scale: FloatArray) -> FloatArray | None:
    """A series that is too short for indices repeats itself as far as the others have a season.

    That is: by the mean share of the season in the variance of their seasons and changes.
    """
    m = indices.shape[1]
    short, known = (lengths >= m) & (lengths < 2 * m), lengths >= 2 * m
    if m == 1 or not short.any() or not known.any():
        return None
    season, change = np.square(indices[known]).mean(axis=1), np.square(scale[known])
    total = season + change
    return np.where(short, np.mean(season / np.where(total > 0, total, 1.0)), 0.0)

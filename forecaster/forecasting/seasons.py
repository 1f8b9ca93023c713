"""Seasonal indices: phase means of what is left of the trend, shrunk by what noise explains.

Or kept in full where a test finds a season.

NumPy over all series at once: as fast as compiled loops, with nothing to compile.
"""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, IntArray, Panel, ranges

_QUANTILE = 1.645  # 95 % of a normal distribution, 90 % on both sides


def fit_seasons(panel: Panel, m: int, tested: bool = False) -> FloatArray:
    """Shrunken seasonal indices of every series, (S, m), phase 0 at its first value.

    All zero for series of fewer than two seasons. With fewer than three the trend is the
    least-squares line, else the centred moving average over a season. ``tested``: indices are not
    shrunk, but zero for the series that fail the test for a season.
    """
    indices = np.zeros((panel.n_series, m))
    if m == 1:
        return indices
    n_seasons = panel.lengths // m
    for chosen, detrend in (
        (np.flatnonzero(n_seasons == 2), _minus_line),
        (np.flatnonzero(n_seasons > 2), _minus_moving_average),
    ):
        if len(chosen):
            some = panel if len(chosen) == panel.n_series else panel.select(chosen)
            means, noise = phase_means(*detrend(some, m), some.n_series, m)
            kept = _keep(means, is_seasonal(some, m)) if tested else _shrink(means, noise)
            indices[chosen] = kept
    return indices


def subtract_seasons(panel: Panel, indices: FloatArray) -> FloatArray:
    """The values minus the index of their phase, (N,)."""
    return panel.values - indices.ravel()[_cells(panel, indices.shape[1])]


def is_seasonal(panel: Panel, m: int) -> np.ndarray:
    """The test of the M4 competition for each series of at least three seasons, (S,); else False.

    Whether its autocorrelation at lag m is beyond the limit that nine of ten series without a
    season keep to, given their autocorrelations at shorter lags (Bartlett 1946).
    """
    n, starts = panel.lengths, panel.indptr[:-1]
    series = np.repeat(np.arange(panel.n_series), n)
    z = panel.values - (np.add.reduceat(panel.values, starts) / n)[series]
    total = np.add.reduceat(z * z, starts)
    squares, r = np.zeros(panel.n_series), np.zeros(panel.n_series)
    for lag in range(1, m + 1):
        squares += r * r  # of the shorter lags
        products = z[lag:] * z[:-lag] * (series[lag:] == series[:-lag])
        sums = np.bincount(series[lag:], products, panel.n_series)
        r = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    return (n >= 3 * m) & (np.abs(r) > _QUANTILE * np.sqrt((1.0 + 2.0 * squares) / n))


def phase_means(
    rest: FloatArray, cells: IntArray, n_series: int, m: int
) -> tuple[FloatArray, FloatArray]:
    """Means (S, m) of each phase, and the noise variance (S,) of a mean.

    rest: values without trend, at least two of each phase; cells: ``series * m + phase`` of each.
    """
    count = np.bincount(cells, minlength=n_series * m)
    means = np.bincount(cells, rest, n_series * m) / count
    squares = np.bincount(cells, np.square(rest - means[cells]), n_series * m)
    n = count.reshape(n_series, m).sum(axis=1)
    return means.reshape(n_series, m), squares.reshape(n_series, m).sum(axis=1) / (n - m) * m / n


def _keep(means: FloatArray, chosen: np.ndarray) -> FloatArray:
    """The indices of the chosen series, zeros for the others; the level is left out."""
    return np.where(chosen[:, None], means - means.mean(axis=1, keepdims=True), 0.0)


def _shrink(means: FloatArray, noise: FloatArray) -> FloatArray:
    """Wiener filter, coefficient by coefficient, and once more for the season as a whole.

    Each Fourier coefficient is multiplied by ``max(0, 1 - noise power / its power)``. Of mere noise
    every third one passes that; so all are multiplied by ``max(0, 1 - 2 noise power / power)`` of
    the whole season, too, which is zero if nothing stands out (James & Stein 1961, with twice
    their noise: errors of neighbouring phases are alike).

    The mean over all phases, the coefficient of frequency zero, is left to the level.
    """
    m = means.shape[1]
    spectrum = np.fft.rfft(means, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    excess = power - m * noise[:, None]  # independent noise has power m * noise throughout
    excess[:, 0] = 0.0
    gain = np.divide(excess, power, out=np.zeros_like(power), where=excess > 0)
    whole = np.square(means - means.mean(axis=1, keepdims=True)).sum(axis=1)
    lost = np.divide(2 * (m - 1) * noise, whole, out=np.ones_like(whole), where=whole > 0)
    gain *= np.maximum(0.0, 1.0 - lost)[:, None]
    return np.fft.irfft(gain * spectrum, m, axis=1)


def _minus_line(panel: Panel, m: int) -> tuple[FloatArray, IntArray]:
    """The values minus their least-squares line, and their cells."""
    n, starts = panel.lengths, panel.indptr[:-1]
    times = _positions(panel) - np.repeat(0.5 * (n - 1), n)
    rest = panel.values - np.repeat(np.add.reduceat(panel.values, starts) / n, n)
    slopes = np.add.reduceat(times * rest, starts) / (n * (n * n - 1.0) / 12)
    return rest - np.repeat(slopes, n) * times, _cells(panel, m)


def _minus_moving_average(panel: Panel, m: int) -> tuple[FloatArray, IntArray]:
    """The values that have a season around them minus its centred average, and their cells."""
    half = m // 2
    weights = np.ones(2 * half + 1)
    if m % 2 == 0:
        weights[[0, -1]] = 0.5
    # Sums over all series in one pass, those that reach into the next one left out. A running sum
    # would be faster for long seasons, but it gathers rounding.
    sums = np.convolve(panel.values, weights, "same")
    known = ranges(panel.indptr[:-1] + half, panel.lengths - 2 * half)
    return panel.values[known] - sums[known] / m, _cells(panel, m)[known]


def _cells(panel: Panel, m: int) -> IntArray:
    """``series * m + phase`` of each value: where its index is."""
    return np.repeat(np.arange(panel.n_series) * m, panel.lengths) + _positions(panel) % m


def _positions(panel: Panel) -> IntArray:
    """How many values of its series stand before each value."""
    return ranges(np.zeros(panel.n_series, np.int64), panel.lengths)

"""A longer season above the one that was told: weeks above days, years above weeks.

Hours, half-hours and minutes come with the day as their season, and most differ by the day of the
week as well; days come with the week, and differ by the time of year. Like the season that was
told, the longer one is shrunk to nothing where it is noise.
"""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.rounding import rounding
from forecaster.forecasting.seasons import subtract_seasons

_NEIGHBOURS = np.ones(7)  # frequencies that share their noise: few cycles tell little of one


def fit_longer_seasons(panel: Panel, indices: FloatArray) -> FloatArray | None:
    """What the indices of a longer season add to those given, (S, M), phase 0 at the first value.

    Zero for series that are too short for it, or show none; None if no series shows one.

    Parameters
    ----------
    panel : Panel
        Values with their season.
    indices : array (S, m)
        Indices of the season that was told. Where it may be a day (24 steps or more, each of whole
        minutes), M is a week of them, from two weeks on; where it is a week of days, a year of 52,
        from three years on: a level that wanders for two years easily looks like a year.
    """
    m = indices.shape[1]
    a_day = m >= 24 and 24 * 60 % m == 0
    times, least = (7, 2) if a_day else (52, 3) if m == 7 else (1, 1)
    cycle = times * m
    n_cycles = panel.lengths // cycle
    if times == 1 or n_cycles.max() < least:
        return None
    rest, found = subtract_seasons(panel, indices), np.zeros((panel.n_series, cycle))
    for n in np.unique(n_cycles[n_cycles >= least]):
        chosen = np.flatnonzero(n_cycles == n)
        last = rest[panel.indptr[1:][chosen, None] - n * cycle + np.arange(n * cycle)]
        mean = _shrunken_mean(_without_drift(last.reshape(len(chosen), n, cycle)), times)
        skipped = panel.lengths[chosen, None] % cycle  # values before the whole cycles
        found[chosen] = np.take_along_axis(mean, (np.arange(cycle) - skipped) % cycle, axis=1)
    found[np.abs(found).max(axis=1) <= rounding(panel.values, panel.indptr)] = 0.0
    return found if found.any() else None


def _without_drift(cycles: FloatArray) -> FloatArray:
    """Cycles (S, n, M) minus a line; its slope is that of their means, whatever a cycle is like."""
    n, length = cycles.shape[1:]
    means, times = cycles.mean(axis=2), np.arange(n) - 0.5 * (n - 1)
    slopes = means @ times / (times @ times)
    return cycles - slopes[:, None, None] * (times[:, None] + np.arange(length) / length - 0.5)


def _shrunken_mean(cycles: FloatArray, times: int) -> FloatArray:
    """Mean of the cycles (S, n, M), shrunk by how their Fourier coefficients differ, (S, M).

    A Wiener filter as in `fit_seasons`. But the noise of each frequency is measured at this
    frequency and those beside it: from one cycle to the next it is mostly slow, and a level that
    drifts looks like a season. Frequencies of the shorter season, which comes ``times`` times in a
    cycle and has been removed, are left out.
    """
    n, length = cycles.shape[1:]
    spectra = np.fft.rfft(cycles, axis=2)
    mean = spectra.mean(axis=1)
    used = np.arange(mean.shape[1]) % times != 0
    power = np.square(np.abs(mean)) * used
    spread = np.square(np.abs(spectra - mean[:, None])).sum(axis=1) / (n - 1) / n * used
    beside = np.convolve(used, _NEIGHBOURS, "same")
    noise = np.array([np.convolve(one, _NEIGHBOURS, "same") for one in spread]) / beside * used
    gain = np.divide(power - noise, power, out=np.zeros_like(power), where=power > noise)
    whole, lost = power.sum(axis=1), 2 * noise.sum(axis=1)
    gain *= np.divide(whole - lost, whole, out=np.zeros_like(whole), where=whole > lost)[:, None]
    return np.fft.irfft(gain * mean, length, axis=1)

"""Weeks, where a season may be a day: a longer season above the one that was told.

Hours, half-hours and minutes come with the day as their season, and most differ by the day of the
week as well. Like the season that was told, weeks are shrunk to nothing where they are noise.
"""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.seasons import subtract_seasons

_DAYS = 7
_SHORTEST_DAY = 24  # steps of a season that may be a day
_NEIGHBOURS = np.ones(7)  # frequencies that share their noise: few weeks tell little of one


def fit_weeks(panel: Panel, indices: FloatArray) -> FloatArray | None:
    """What the indices of a week add to those of a day, (S, 7 m), phase 0 at the first value.

    Zero for series of fewer than two weeks, or that show none; None if no series shows one.

    Parameters
    ----------
    panel : Panel
        Values with their season.
    indices : array (S, m)
        Indices of the day.
    """
    week = _DAYS * indices.shape[1]
    n_weeks = panel.lengths // week
    if indices.shape[1] < _SHORTEST_DAY or n_weeks.max() < 2:
        return None
    rest, found = subtract_seasons(panel, indices), np.zeros((panel.n_series, week))
    for n in np.unique(n_weeks[n_weeks > 1]):
        chosen = np.flatnonzero(n_weeks == n)
        last = rest[panel.indptr[1:][chosen, None] - n * week + np.arange(n * week)]
        mean = _shrunken_mean(_without_drift(last.reshape(len(chosen), n, week)))
        skipped = panel.lengths[chosen, None] % week  # values before the whole weeks
        found[chosen] = np.take_along_axis(mean, (np.arange(week) - skipped) % week, axis=1)
    return found if found.any() else None


def _without_drift(weeks: FloatArray) -> FloatArray:
    """Weeks (S, n, 7 m) minus a line; its slope is that of the weeks' means, whatever a week is."""
    means, times = weeks.mean(axis=2), np.arange(weeks.shape[1]) - 0.5 * (weeks.shape[1] - 1)
    slopes = means @ times / (times @ times)
    steps = np.arange(weeks.shape[2]) / weeks.shape[2] - 0.5
    return weeks - slopes[:, None, None] * (times[:, None] + steps)


def _shrunken_mean(weeks: FloatArray) -> FloatArray:
    """Mean of the weeks (S, n, 7 m), shrunk by how their Fourier coefficients differ, (S, 7 m).

    A Wiener filter as in `fit_seasons`. But the noise of each frequency is measured at this
    frequency and those beside it: from one week to the next it is mostly slow, and a level that
    drifts looks like a week. Frequencies of the day, which has been removed, are left out.
    """
    n = weeks.shape[1]
    spectra = np.fft.rfft(weeks, axis=2)
    mean = spectra.mean(axis=1)
    used = np.arange(mean.shape[1]) % _DAYS != 0
    power = np.square(np.abs(mean)) * used
    spread = np.square(np.abs(spectra - mean[:, None])).sum(axis=1) / (n - 1) / n * used
    beside = np.convolve(used, _NEIGHBOURS, "same")
    noise = np.array([np.convolve(one, _NEIGHBOURS, "same") for one in spread]) / beside * used
    gain = np.divide(power - noise, power, out=np.zeros_like(power), where=power > noise)
    whole, lost = power.sum(axis=1), 2 * noise.sum(axis=1)
    gain *= np.divide(whole - lost, whole, out=np.zeros_like(whole), where=whole > lost)[:, None]
    return np.fft.irfft(gain * mean, weeks.shape[2], axis=1)

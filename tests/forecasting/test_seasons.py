"""Seasonal indices equal their slow, obvious twin."""

import numpy as np
import pytest

from forecaster.data.panel import Panel
from forecaster.forecasting.seasons import fit_seasons, is_seasonal, subtract_seasons

RNG = np.random.default_rng(0)
LENGTHS = [40, 1, 13, 2, 24, 3]
PANEL = Panel.from_series([RNG.normal(size=n).cumsum() + 20 for n in LENGTHS])


def slow_test(y, m):
    """The autocorrelation at lag m against its limit, as the M4 competition has it."""
    n = len(y)
    if n < 3 * m:
        return False
    z = y - y.mean()
    r = [sum(z[t] * z[t - k] for t in range(k, n)) / sum(z * z) for k in range(1, m + 1)]
    return abs(r[-1]) > 1.645 * ((1 + 2 * sum(x * x for x in r[:-1])) / n) ** 0.5


def slow_season(y, m, tested=False):
    """Phase means of what the trend leaves over, shrunk by frequency and as a whole."""
    n, rest = len(y), np.full(len(y), np.nan)
    if m == 1 or n < 2 * m or (tested and not slow_test(y, m)):
        return np.zeros(m)
    if n < 3 * m:
        rest = y - np.polyval(np.polyfit(np.arange(n), y, 1), np.arange(n))
    else:
        weights = np.ones(m) if m % 2 else np.array([0.5, *np.ones(m - 1), 0.5])
        half = m // 2
        rest[half : n - half] = y[half : n - half] - np.convolve(y, weights / m, "valid")
    phase = np.arange(n) % m
    means = np.array([np.nanmean(rest[phase == j]) for j in range(m)])
    if tested:
        return means - means.mean()
    known = np.count_nonzero(~np.isnan(rest))
    if known <= m:
        return np.zeros(m)
    noise = np.nansum((rest - means[phase]) ** 2) / (known - m) / (known / m)
    spectrum = np.fft.rfft(means - means.mean())
    power = np.abs(spectrum) ** 2
    gain = np.maximum(0, 1 - noise * m / np.where(power > 0, power, np.inf))
    gain[power == 0] = 0
    whole = np.var(means) * m
    gain *= max(0, 1 - 2 * (m - 1) * noise / whole) if whole > 0 else 0
    return np.fft.irfft(gain * spectrum, m)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 7, 12])
@pytest.mark.parametrize("seasonal", [False, True])
@pytest.mark.parametrize("tested", [False, True])
def test_seasonal_indices_equal_the_twin(m, seasonal, tested):
    wave = 3 * np.sin(2 * np.pi * np.arange(m) / m + 1)
    series = [y + seasonal * np.resize(wave, len(y)) for y in map(PANEL.series, range(6))]
    panel = Panel.from_series(series)
    indices = fit_seasons(panel, m, tested)
    for y, found in zip(series, indices):
        np.testing.assert_allclose(found, slow_season(y, m, tested), rtol=1e-9, atol=1e-9)
    if seasonal and m > 2 and not tested:
        assert np.abs(indices[0]).max() > 1


def test_noise_alone_leaves_next_to_nothing_of_a_season():
    noise = np.random.default_rng(1).normal(size=(100, 20, 12))
    raw = noise.mean(axis=1)
    found = fit_seasons(Panel.from_series(noise.reshape(100, 240)), 12)
    share = np.square(found).sum(axis=1) / np.square(raw - raw.mean(axis=1, keepdims=True)).sum(1)
    assert np.median(share) == 0
    assert share.mean() < 0.02


def test_the_test_lets_one_series_of_ten_without_season_pass():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(1000, 600))
    assert 0.08 < is_seasonal(Panel.from_series(noise), 12).mean() < 0.12
    noise = noise[:, :60]
    assert 0.02 < is_seasonal(Panel.from_series(noise), 12).mean() < 0.05  # fewer of five seasons
    wave = np.resize(np.sin(2 * np.pi * np.arange(12) / 12), 60)
    assert is_seasonal(Panel.from_series(noise + 2 * wave), 12).mean() > 0.9
    constant, short = np.full(60, 5.0), wave[:35]
    assert not is_seasonal(Panel.from_series([constant, short]), 12).any()


@pytest.mark.parametrize("m, n", [(3, 9), (4, 13), (12, 60)])
def test_an_exact_season_is_found_exactly(m, n):
    wave = RNG.normal(size=m)
    y = 5 + np.resize(wave, n)
    found = fit_seasons(Panel.from_series([y]), m)
    np.testing.assert_allclose(found[0], wave - wave.mean(), atol=1e-12)


def test_phases_start_with_each_series():
    indices = np.arange(12.0).reshape(6, 2)
    out = subtract_seasons(PANEL, indices)
    for s, y in enumerate(map(PANEL.series, range(6))):
        expected = y - np.resize(indices[s], len(y))
        np.testing.assert_array_equal(out[PANEL.indptr[s] : PANEL.indptr[s + 1]], expected)

"""Longer seasons: equal to their slow twin, nothing where there is nothing, and of use."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting.longer_seasons import fit_longer_seasons
from forecaster.forecasting.preparation import fit_preparation
from forecaster.forecasting.seasons import fit_seasons

DAY = 3 * np.sin(2 * np.pi * np.arange(24) / 24)
DAYS_OFF = np.repeat([0, 0, 0, 0, 0, -4, -5], 24)
SMALL = {"max_steps": 20, "hidden_layer_sizes": 4, "batch_size": 16, "random_state": 0}


def hours(n, first=0, noise=0.5, seed=0, slope=0.01):
    """A day, five working days a week, a line and noise."""
    rng, steps = np.random.default_rng(seed), np.arange(first, first + n)
    noise = noise * rng.normal(size=n)
    return 50 + slope * np.arange(n) + DAY[steps % 24] + DAYS_OFF[steps % 168] + noise


def slow_weeks(y, day, m):
    """The last whole weeks minus day and line, coefficient by coefficient."""
    week = 7 * m
    n = len(y) // week
    if n < 2:
        return np.zeros(week)
    rest = y - np.resize(day, len(y))
    means = rest[len(y) - n * week :].reshape(n, week).mean(axis=1)
    slope = np.polyfit(np.arange(n), means, 1)[0] / week
    rest = (rest - slope * np.arange(len(y)))[len(y) - n * week :].reshape(n, week)
    spectra = [np.fft.rfft(one) for one in rest]
    mean = np.mean(spectra, axis=0)
    used = [f for f in range(len(mean)) if f % 7]
    spread = {f: np.var([one[f] for one in spectra], ddof=1) / n for f in used}
    noise = {f: np.mean([spread[g] for g in used if abs(g - f) <= 3]) for f in used}
    power = {f: abs(mean[f]) ** 2 for f in used}
    whole = max(0, 1 - 2 * sum(noise.values()) / sum(power.values()))
    kept = np.zeros_like(mean)
    for f in used:
        kept[f] = mean[f] * whole * max(0, 1 - noise[f] / power[f])
    return np.roll(np.fft.irfft(kept, week), len(y) % week)


def test_weeks_equal_the_twin():
    walk = np.random.default_rng(0).normal(size=700).cumsum()
    series = [hours(840), hours(500, first=30), hours(335), walk, hours(1100, first=7, seed=1)]
    panel = Panel.from_series(series)
    days = fit_seasons(panel, 24)
    for y, day, found in zip(series, days, fit_longer_seasons(panel, days), strict=True):
        np.testing.assert_allclose(found, slow_weeks(y, day, 24), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("m, n", [(24, 1000), (24, 350), (7, 1200)], ids=["weeks", "two", "years"])
@pytest.mark.parametrize("keep", [0.0, 1.0, 0.95], ids=["noise", "random walk", "damped level"])
def test_where_there_is_none_next_to_nothing_is_found(m, n, keep):
    steps, y = np.random.default_rng(2).normal(size=(n, 60)), np.zeros((n, 60))
    for t in range(1, n):
        y[t] = keep * y[t - 1] + steps[t]
    panel = Panel.from_series(list(y.T))
    found = fit_longer_seasons(panel, fit_seasons(panel, m))
    variance = np.zeros(60) if found is None else np.var(found, axis=1) / np.var(y, axis=0)
    assert np.median(variance) == 0
    assert np.mean(variance) < 0.03


@pytest.mark.parametrize("y", [np.full(700, 5.3), np.resize(50 + DAY, 700)], ids=["line", "day"])
def test_rounding_is_no_week(y):
    panel = Panel.from_series([y])
    preparation = fit_preparation(panel, 24, 24, "none", True)
    assert preparation.longer is None
    assert preparation.cycle.tolist() == [24]


def test_a_clear_week_is_kept_whatever_the_trend():
    panel = Panel.from_series([hours(700, noise=0.0, slope=slope) for slope in (0.0, 1.0)])
    found = fit_longer_seasons(panel, np.resize(DAY, (2, 24)))
    expected = DAYS_OFF - DAYS_OFF.mean()
    np.testing.assert_allclose(found, [expected, expected], atol=1e-9)


@pytest.mark.parametrize(
    "m, n", [(12, 40 * 12), (52, 20 * 52), (365, 15 * 365), (7, 3 * 364 - 1), (24, 2 * 168 - 1)]
)
def test_other_seasons_and_few_cycles_have_none(m, n):
    y = np.resize(np.repeat([0.0, 1, 1, 1, 1, 1, 0], m), n)
    assert fit_longer_seasons(Panel.from_series([y]), np.zeros((1, m))) is None


def test_days_of_three_years_have_a_year_of_whole_weeks():
    year = 5 * np.sin(2 * np.pi * np.arange(364) / 364)
    rng, week = np.random.default_rng(0), np.array([0.0, 0, 0, 0, 0, -3, -3])
    y = 50 + np.resize(year, 1200) + np.resize(week, 1200) + rng.normal(size=1200)
    preparation = fit_preparation(Panel.from_series([y]), 14, 7, "none", True)
    np.testing.assert_allclose(preparation.longer[0], year, atol=2.0)
    assert preparation.cycle.tolist() == [364]
    assert preparation.season_length == 7


def test_a_series_with_weeks_repeats_its_last_week_others_their_last_day():
    """A week that moves by what its mean has changed."""
    noise = 50 + np.random.default_rng(0).normal(size=600)
    panel = Panel.from_series([hours(700), noise])
    preparation = fit_preparation(panel, 24, 24, "none", True)
    assert preparation.cycle.tolist() == [168, 24]
    prepared = preparation.apply(panel)
    last, y = prepared.last_season(24, preparation.cycle, 30), prepared.values[:700]
    rise = np.mean(y[-168:] - y[-336:-168])
    assert rise == pytest.approx(1.68, abs=0.2)
    np.testing.assert_allclose(last[0], y[532:562] + rise, rtol=1e-9)
    np.testing.assert_array_equal(last[1], np.resize(prepared.values[-24:], 30))


def forecaster(**options):
    settings = {**SMALL, "n_jobs": 1, **options}
    return ElmanForecaster(24, 24, **settings)


def test_days_off_are_forecast_before_they_come():
    y = hours(168 * 4 + 5 * 24 + 48)
    known, off = y[:-48], y[-48:]
    forecast = forecaster(calibrate=False).fit(known).predict(48)
    assert np.abs(forecast - off).mean() < 1
    # repeating the day misses the days off by four
    assert np.abs(known[-24:] - off[:24]).mean() > 3.5


def test_an_update_moves_on_in_the_week():
    y = hours(168 * 5 + 24)
    fitted = forecaster(calibrate=False).fit(y[: 168 * 4 + 4 * 24])
    forecast = fitted.update(y[168 * 4 + 4 * 24 : 168 * 4 + 5 * 24]).predict(48)
    assert np.abs(forecast - y[168 * 4 + 5 * 24 : 168 * 5]).mean() < 1


def test_longer_seasons_are_told():
    fitted = forecaster(calibrate=False, transform="none").fit(hours(700))
    assert fitted.longer_seasons_.shape == (1, 168)
    np.testing.assert_allclose(fitted.longer_seasons_[0], DAYS_OFF - DAYS_OFF.mean(), atol=1.0)
    fitted.longer_seasons_[:] = 0  # a copy
    assert fitted.longer_seasons_.any()
    assert forecaster(calibrate=False).fit(hours(300)).longer_seasons_ is None
    for switch in ("deseasonalize", "longer_seasons"):
        left = forecaster(calibrate=False, **{switch: False}).fit(hours(700))
        assert left.longer_seasons_ is None


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_panels_of_long_and_short_series_for_any_number_of_jobs(strategy):
    panel = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": np.arange(n), "y": hours(n, seed=n)})
        for name, n in (("a", 700), ("b", 340), ("c", 100))
    )
    one, other = (
        ElmanForecaster(6, 24, strategy=strategy, n_jobs=n, **SMALL).fit(panel).predict(level=80)
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert (one["hi-80"] > one["lo-80"]).all()

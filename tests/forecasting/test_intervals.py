"""Intervals: errors on a tail that the model has not seen, and what is made of them."""

import math

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data import load_airline
from forecaster.data.panel import Panel
from forecaster.exceptions import SkillWarning
from forecaster.forecasting.intervals import Calibration, n_held_out
from forecaster.forecasting.recipe import points_needed
from tests.forecasting.common import calibrating as forecaster
from tests.forecasting.common import forecasts_of, trending

RNG = np.random.default_rng(0)
AIRLINE = load_airline()


# --- Widths from errors -------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_many_errors_give_each_step_its_own_quantile(level):
    errors = np.abs(RNG.normal(size=(300, 4))) * [1, 2, 3, 4]
    found = Calibration(errors, 1.0).half_widths(level, 4)
    rank = math.ceil(301 * level)
    for step in range(4):
        assert found[step] == np.sort(errors[:, step])[rank - 1]
        assert np.mean(errors[:, step] <= found[step]) >= level


def test_few_errors_are_pooled_in_units_of_their_mean():
    errors = np.abs(RNG.normal(size=(20, 3))) * [1, 2, 4]
    found = Calibration(errors, 1.0).half_widths(0.8, 3)
    size = errors.mean(axis=0)
    assert (np.diff(size) > 0).all()
    quantile = np.sort((errors / size).ravel())[math.ceil(61 * 0.8) - 1]
    np.testing.assert_allclose(found, size * quantile)


def test_widths_do_not_shrink_with_the_step():
    errors = np.abs(RNG.normal(size=(20, 3))) * [4, 1, 2]
    found = Calibration(errors, 1.0).half_widths(0.8, 3)
    assert (np.diff(found) >= 0).all()


def test_beyond_the_horizon_widths_grow_like_those_of_a_random_walk():
    calibration = Calibration(np.abs(RNG.normal(size=(20, 3))), 1.0)
    found = calibration.half_widths(0.8, 12)
    np.testing.assert_array_equal(found[:3], calibration.half_widths(0.8, 3))
    np.testing.assert_allclose(found[3:], found[2] * np.sqrt(np.arange(4, 13) / 3))


@pytest.mark.parametrize("n_errors", [1, 3, 250])
def test_levels_are_nested(n_errors):
    calibration = Calibration(np.abs(RNG.normal(size=(n_errors, 2))), 1.0)
    widths = [calibration.half_widths(level, 5) for level in (0.1, 0.5, 0.8, 0.95, 0.999)]
    assert (np.diff(widths, axis=0) >= 0).all()


def test_without_errors_widths_are_those_of_a_random_walk():
    """Its mean absolute change over the horizon's steps is the scale."""
    found = Calibration(np.zeros((0, 4)), 1.0).half_widths(0.8, 6)
    steps = np.cumsum(RNG.normal(size=(200_000, 6)), axis=1)
    scale = np.abs(steps[:, :4]).mean()
    np.testing.assert_allclose(found, np.quantile(np.abs(steps), 0.8, axis=0) / scale, rtol=0.01)


def test_no_errors_no_width():
    assert not Calibration(np.zeros((1, 3)), 1.0).half_widths(0.9, 5).any()


# --- What is held out ---------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [1, 2, 12])
@pytest.mark.parametrize("n_series", [1, 7, 300])
def test_the_tail_leaves_enough_to_train_on(horizon, n_series):
    needed = points_needed(horizon, "direct")
    shortest = needed + 2 * horizon  # what the message about intervals asks for
    for n in range(1, 500):
        panel = Panel.from_series([np.zeros(n)] * n_series)
        held_out = n_held_out(panel, horizon, needed)
        assert (held_out > 0) == (n >= shortest)
        if held_out:
            n_origins = held_out - horizon + 1
            assert 1 <= n_origins <= max(3, -(-100 // n_series))
            assert n_origins <= max(1, (n - horizon) // 3)
            assert n - held_out >= needed + horizon


def test_large_panels_have_three_origins_if_most_series_reach_so_far():
    def n_origins(*lengths):
        panel = Panel(np.zeros(sum(lengths)), np.concatenate([[0], np.cumsum(lengths)]))
        return n_held_out(panel, 4, 6) - 3  # series of 14 points have one origin

    assert n_origins(*[30] * 200) == 3
    assert n_origins(*[14] * 60, *[30] * 140) == 3
    assert n_origins(*[14] * 140, *[30] * 60) == 1
    assert n_origins(*[15] * 140, *[30] * 60) == 2


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_only_series_that_reach_far_enough_count():
    """One long series among short ones has to give all the errors by itself."""
    y = trending(60)
    long = pd.DataFrame({"unique_id": "long", "ds": range(60), "y": y})
    short = [
        pd.DataFrame({"unique_id": i, "ds": range(4), "y": trending(4, seed=i)}) for i in range(50)
    ]
    alone = forecaster(horizon=1).fit(y)
    among = forecaster(horizon=1).fit(pd.concat([long, *short]))
    assert len(among.calibration_.errors) >= len(alone.calibration_.errors) > 10


# --- Errors on the tail -------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log"])
def test_errors_equal_those_of_forecasts_made_one_by_one(calibrated, transform):
    rows = np.column_stack([trending(), np.full(40, 7.0), trending(seed=2)])
    fitted, _, held_out, horizon, *_, model = calibrated(rows, transform=transform)
    assert horizon == 3
    errors = []
    for end in range(40 - held_out, 40 - horizon + 1):
        known = Panel.from_series([y[:end] for y in rows.T])
        forecasts = forecasts_of(model, known, horizon)
        for s, y in enumerate(rows.T):
            actual = y[end : end + horizon]
            on_scale = [np.log(v) if transform == "log" else v for v in (actual, forecasts[s])]
            if (scale := fitted.model_.preparation.scale[s]) > 0:
                errors.append(np.abs(on_scale[0] - on_scale[1]) / scale)
    np.testing.assert_allclose(
        np.sort(fitted.calibration_.errors, axis=0), np.sort(errors, axis=0), rtol=1e-9
    )
    assert len(errors) == 2 * (held_out - horizon + 1)


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_the_calibration_model_never_sees_the_tail(calibrated):
    y = trending()
    one, _, held_out, *_, model = calibrated(y, transform="none")
    changed = y.copy()
    changed[-held_out:] *= 3
    other, _, same, *_, twin = calibrated(changed, transform="none")
    assert held_out == same > 3
    np.testing.assert_array_equal(model.members[0].theta, twin.members[0].theta)
    np.testing.assert_array_equal(model.preparation.scale, twin.preparation.scale)
    np.testing.assert_array_equal(model.preparation.alpha, twin.preparation.alpha)
    assert not np.array_equal(one.model_.members[0].theta, other.model_.members[0].theta)


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_values_that_have_no_logarithm_may_come_in_the_tail_alone(calibrated):
    y = np.exp(0.1 * trending())
    y[-2] = 0
    fitted = calibrated(y)[0]
    assert np.isfinite(fitted.calibration_.errors).all()
    assert np.isfinite(fitted.predict(level=80)).all(axis=None)


def raw_errors(fitted):
    """Errors of a single series that is not transformed, on its own scale."""
    return fitted.calibration_.errors * fitted.model_.preparation.scale[0]


def test_each_origin_sees_only_what_lies_before_it(calibrated):
    """Changing the last value changes the errors of the last origins' last steps alone."""
    y = trending()
    y[5] = -1  # so that no logarithms are taken, whatever comes last
    first = raw_errors(calibrated(y, blend=0.3)[0])
    y[-1] += 5
    second = raw_errors(calibrated(y, blend=0.3)[0])
    changed = ~np.isclose(first, second, rtol=1e-9, atol=0)
    assert changed[-1].tolist() == [False, False, True]
    assert changed.sum() == 1


def test_a_forecast_with_a_given_blend_does_not_depend_on_calibration():
    with_it, without = (
        forecaster(blend=0.3, calibrate=choice).fit(trending()) for choice in (True, False)
    )
    pd.testing.assert_series_equal(with_it.predict(7), without.predict(7))
    assert without.calibration_ is None


# --- Through the front door ---------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log"])
def test_intervals_hold_the_mean_are_nested_and_grow(transform):
    found = forecaster(transform=transform).fit(trending()).predict(9, level=[95, 80])
    assert list(found.columns) == ["mean", "lo-95", "lo-80", "hi-80", "hi-95"]
    ordered = found[["lo-95", "lo-80", "mean", "hi-80", "hi-95"]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()
    if transform == "log":
        ordered = np.log(ordered)
        np.testing.assert_allclose(ordered[:, 4] - ordered[:, 2], ordered[:, 2] - ordered[:, 0])
    assert (np.diff(ordered[:, 4] - ordered[:, 0]) >= -1e-12).all()


def test_a_level_by_itself_and_levels_with_decimals():
    fitted = forecaster().fit(trending())
    assert list(fitted.predict(level=80).columns) == ["mean", "lo-80", "hi-80"]
    assert list(fitted.predict(level=97.5).columns) == ["mean", "lo-97.5", "hi-97.5"]
    twice = fitted.predict(level=[80, 80.0])
    pd.testing.assert_frame_equal(twice, fitted.predict(level=80))
    third = fitted.predict(level=[200 / 3, 66.6667])
    pd.testing.assert_frame_equal(third, fitted.predict(level=66.6667))
    pd.testing.assert_series_equal(
        twice["mean"], fitted.predict(), check_names=False, check_exact=True
    )


def test_intervals_of_frames():
    wide = pd.DataFrame({"a": trending(), "b": trending(seed=2)})
    found = forecaster().fit(wide).predict(2, level=80)
    assert list(found.columns) == [
        (name, key) for name in "ab" for key in ("mean", "lo-80", "hi-80")
    ]
    long = wide.melt(var_name="unique_id", value_name="y", ignore_index=False)
    long = long.rename_axis("ds").reset_index()
    same = forecaster().fit(long).predict(2, level=80)
    assert list(same.columns) == ["unique_id", "ds", "mean", "lo-80", "hi-80"]
    upper = found.xs("hi-80", axis=1, level=1)
    np.testing.assert_array_equal(same["hi-80"], upper.to_numpy().ravel(order="F"))


def test_a_constant_has_intervals_without_width():
    found = forecaster().fit([7.0] * 30).predict(4, level=[80, 95])
    np.testing.assert_allclose(found, 7, rtol=1e-12)


@pytest.mark.parametrize("level", [0, 100, -5, [80, 101], np.nan, 99.99999])
def test_levels_that_make_no_sense(level):
    fitted = forecaster().fit(trending())
    with pytest.raises(ValueError, match="level expects percentages between 0 and 100"):
        fitted.predict(level=level)


@pytest.mark.parametrize("level, meant", [(0.8, "80"), ([0.95, 80], "95"), (0.005, "0.5")])
def test_a_share_is_no_percentage(level, meant):
    fitted = forecaster().fit(trending())
    with pytest.raises(ValueError, match=rf"in percent.*: did you mean {meant}\?"):
        fitted.predict(level=level)
    assert list(fitted.predict(level=1).columns) == ["mean", "lo-1", "hi-1"]


@pytest.mark.parametrize("horizon", [1, 12])
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_a_series_too_short_for_intervals_is_told_how_long_it_must_be(horizon, strategy):
    options = {"horizon": horizon, "strategy": strategy}
    needed = points_needed(horizon, strategy) + 2 * horizon
    short = forecaster(**options).fit(trending(needed - 1))
    with pytest.raises(ValueError, match=f"={horizon}, fit on a series of at least {needed} poi"):
        short.predict(level=80)
    assert len(forecaster(**options).fit(trending(needed)).predict(level=80)) == horizon


def test_intervals_without_calibration():
    with pytest.raises(ValueError, match="level asks for intervals.*fit with calibrate=True"):
        forecaster(calibrate=False).fit(trending()).predict(level=80)


@pytest.mark.jit
@pytest.mark.parametrize("n_series, n_rows", [(300, 40), (20, 100)], ids=["many", "few"])
@pytest.mark.parametrize("level", [60, 90])
@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_intervals_cover_about_their_level(n_series, n_rows, level):
    """Autoregressions of the same kind but seen anew, three steps ahead."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(n_rows + 3, n_series))
    y = np.zeros_like(noise)
    for t in range(1, len(y)):
        y[t] = 0.7 * y[t - 1] + noise[t]
    fitted = forecaster(max_steps=50, n_estimators=2, transform="none").fit(y[:-3])
    found = fitted.predict(level=level)
    low = found.xs(f"lo-{level}", axis=1, level=1).to_numpy()
    high = found.xs(f"hi-{level}", axis=1, level=1).to_numpy()
    coverage = np.mean((low <= y[-3:]) & (y[-3:] <= high))
    tolerance = 6 if n_series == 300 else 18  # percent; three standard errors, steps correlate
    assert coverage * 100 == pytest.approx(level, abs=tolerance)


# --- A comparison with repeating the last season ------------------------------------------------


def relative_error(calibrated, y, **options):
    fitted, panel, held_out, horizon, season_length, _, _, model = calibrated(y, **options)
    ours, naive = 0.0, 0.0
    for n_hidden in range(held_out, horizon - 1, -1):
        known = panel.without_last(n_hidden)
        forecasts = forecasts_of(model, known, horizon)
        for s in range(panel.n_series):
            end = known.lengths[s]
            actual = panel.series(s)[end : end + horizon]
            season = np.resize(panel.series(s)[:end][-season_length:], horizon)
            ours += np.abs(actual - forecasts[s]).mean()
            naive += np.abs(actual - season).mean()
    return fitted, ours / naive


def test_the_comparison_is_that_of_mean_absolute_errors(calibrated):
    fitted, expected = relative_error(calibrated, 1000 + trending(), season_length=2)
    assert fitted.calibration_.relative_error == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("factor", [1, 1e-9, 1e12])
@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_zeros_do_not_upset_the_comparison(factor):
    """Counts with many zeros: nothing is divided by them."""
    counts = factor * np.random.default_rng(0).poisson(0.5, 60)
    fitted = forecaster(horizon=1).fit(counts)
    assert 0.2 < fitted.calibration_.relative_error < 2


def test_a_warning_if_repeating_the_last_season_was_better():
    season = np.resize([1.0, 9, 4, 7, 2, 8], 60) + 0.01 * RNG.normal(size=60)
    unable = forecaster(season_length=6, deseasonalize=False, window=2)
    with pytest.warns(SkillWarning, match=r"\d\.\d\d times that of.*season_length=6") as caught:
        unable.fit(season)
    assert caught[0].filename == __file__
    assert unable.calibration_.relative_error > 1.05
    assert forecaster(season_length=6).fit(season).calibration_.relative_error < 1.05


@pytest.mark.jit
def test_no_warning_on_the_airline_passengers():
    """Warnings are errors here."""
    fitted = ElmanForecaster(12, 12, random_state=0).fit(AIRLINE)
    assert fitted.calibration_.relative_error < 0.7

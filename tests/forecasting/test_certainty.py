"""Series that were exact for a while: certain as long as they keep to their line, not after it."""

import copy

import numpy as np
import pandas as pd
import pytest

from tests.forecasting.common import calibrating as forecaster
from tests.forecasting.common import trending


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_a_series_that_was_constant_before_the_tail_has_intervals():
    counts = np.append(np.zeros(40), np.random.default_rng(0).poisson(5, 20))
    found = forecaster(horizon=6).fit(counts).predict(level=95)
    assert (found["hi-95"] - found["lo-95"] > 1).all()


@pytest.mark.parametrize("line", [np.full(30, 7.0), np.arange(30.0)], ids=["constant", "line"])
def test_certainty_ends_where_a_series_leaves_its_line(line):
    fitted = forecaster(horizon=3).fit(line)
    before = fitted.predict(level=80)
    assert (before["hi-80"] == before["lo-80"]).all()
    on = line[-1] + (line[-1] - line[-2]) * np.arange(1, 6)
    still = copy.deepcopy(fitted).update(on).predict(level=80)
    assert (still["hi-80"] == still["lo-80"]).all()
    after = fitted.update(on + 5 * np.random.default_rng(0).normal(size=5)).predict(level=80)
    assert (after["hi-80"] - after["lo-80"] > 1).all()


LATE = [[5, 3, 8, 6], [1, 2, 3], [9, 8], [4, 4, 4], [5]]


@pytest.mark.parametrize("end", LATE, ids=str)
@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_a_line_left_a_moment_ago_gives_no_certainty(end):
    """Nearly all held-out forecasts hit it, which says nothing about what comes now."""
    found = forecaster(horizon=3).fit([0.0] * 50 + end).predict(level=[80, 95])
    assert (found["hi-80"] - found["lo-80"] > 0.5 * max(end)).all()
    assert (found["hi-95"] > found["hi-80"]).all()


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_only_origins_after_a_series_has_left_its_line_count(calibrated):
    counts = np.append(np.zeros(60), np.random.default_rng(0).poisson(20, 20))
    fitted, _, held_out, horizon, *_ = calibrated(counts, horizon=3)
    assert held_out - horizon + 1 == 25  # from zeros alone on
    assert fitted.calibration_.errors.shape == (17, 3)  # from one count on
    assert (fitted.calibration_.errors > 0).all()


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_in_a_panel_other_series_keep_all_their_origins(calibrated):
    late = np.append(np.zeros(55), [3.0, 5, 4, 6, 2])
    rows = np.column_stack([trending(60), late, np.full(60, 7.0)])
    fitted, _, held_out, horizon, *_ = calibrated(rows)
    origins_after = 60 - horizon - 55
    assert len(fitted.calibration_.errors) == held_out - horizon + 1 + origins_after


def test_two_points_are_no_line_that_others_must_follow():
    """In a panel, a series that was too short to err is as uncertain as the others later on."""
    short = pd.DataFrame({"unique_id": "short", "ds": range(2), "y": [1.0, 1.4]})
    long = pd.DataFrame({"unique_id": "long", "ds": range(60), "y": trending(60)})
    fitted = forecaster(horizon=1, transform="none").fit(pd.concat([short, long]))
    noise = np.random.default_rng(0).normal(size=20)
    news = [
        pd.DataFrame({"unique_id": "short", "ds": range(2, 22), "y": 1.5 + noise}),
        pd.DataFrame({"unique_id": "long", "ds": range(60, 80), "y": trending(80)[60:]}),
    ]
    found = fitted.update(pd.concat(news)).predict(level=80).set_index("unique_id").loc["short"]
    assert found["hi-80"] - found["lo-80"] > 0.5


@pytest.mark.parametrize("level, spread", [(1e8, 1e-3), (1e9, 1e-2), (1e10, 0.1)])
@pytest.mark.parametrize("n", [5, 8, 12])
def test_what_varies_by_little_more_than_rounding_stays(level, spread, n):
    y = level + np.random.default_rng(2).normal(0, spread, n)
    found = forecaster(horizon=1, calibrate=False).fit(y).predict(1)
    np.testing.assert_allclose(found, level, rtol=0, atol=4 * spread)


@pytest.mark.parametrize("y", [[10, 20, 30], [0.1, 0.2, 0.3], [3, 2, 1], [1e9, 1e9 + 1, 1e9 + 2]])
def test_three_points_on_a_line_go_on(y):
    step = y[1] - y[0]
    expected = y[-1] + step * np.arange(1, 4)
    np.testing.assert_allclose(forecaster(horizon=1).fit(y).predict(3), expected, atol=1e-9 * y[0])


def test_a_single_error_beside_a_line_tells_little():
    fitted = forecaster(horizon=1, blend=1.0, transform="none").fit([10, 20, 29])
    assert fitted.model_.preparation.share[0] == pytest.approx(0.5, abs=0.05)
    assert not fitted.model_.preparation.exact[0]

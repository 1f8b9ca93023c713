"""Forecasts from all origins of a tail at once equal those made one origin after the other."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting import recipe
from forecaster.forecasting import tail as module
from forecaster.forecasting.preparation import fit_preparation
from forecaster.forecasting.tail import Tail

LENGTHS = (30, 44, 37)
HORIZON, SEASON, LENGTH = 3, 4, 7


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    series = [np.exp(1 + 0.3 * np.sin(np.arange(n)) + 0.1 * rng.normal(size=n)) for n in LENGTHS]
    return Panel.from_series(series)


def model(panel, **options):
    settings = {"max_steps": 20, "n_estimators": 2, "random_state": 0, "n_jobs": 1}
    series = np.repeat(np.arange(panel.n_series), panel.lengths)
    frame = pd.DataFrame({"unique_id": series, "ds": np.arange(len(series)), "y": panel.values})
    forecaster = ElmanForecaster(HORIZON, SEASON, calibrate=False, **{**settings, **options})
    return forecaster.fit(frame).model_


@pytest.mark.parametrize(
    "options",
    [{"transform": "log"}, {"transform": "none"}, {"strategy": "recursive"}],
    ids=["log", "none", "recursive"],
)
@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_equal_one_origin_after_the_other(panel, options, at_once, monkeypatch):
    """In any number of groups; float32 networks are fed other rows beside, hence the rounding."""
    monkeypatch.setattr(module, "_VALUES_AT_ONCE", at_once * len(panel.values))
    fitted, tail = model(panel, **options), Tail(panel, LENGTH, HORIZON)
    prepared, restored = tail.forecasts(fitted)
    assert prepared.shape == restored.shape == (tail.n_origins, 3, HORIZON) == (5, 3, 3)
    for k in range(tail.n_origins):
        known = Panel.from_series(
            [panel.series(s)[: n - LENGTH + k] for s, n in enumerate(LENGTHS)]
        )
        alone = fitted.forecast_prepared(known, HORIZON)
        np.testing.assert_allclose(prepared[k], alone, rtol=1e-6)
        np.testing.assert_allclose(restored[k], fitted.preparation.restore(alone, known), rtol=1e-5)


def test_members_that_see_the_season_are_asked_too(panel, monkeypatch):
    monkeypatch.setattr(recipe, "GLOBAL_FROM", 10)
    fitted = model(panel, n_estimators=5, hidden_layer_sizes=4, batch_size=16)
    tail = Tail(panel, LENGTH, HORIZON)
    assert any(view.seasonal for view in fitted.recipe.views)
    first = fitted.forecast_prepared(panel.without_last(LENGTH), HORIZON)
    np.testing.assert_allclose(tail.forecasts(fitted)[0][0], first, rtol=1e-6)


def test_targets_and_last_seasons(panel):
    tail = Tail(panel, LENGTH, HORIZON)
    targets, seasons = tail.targets(panel.values), tail.last_seasons(2)
    for s in range(panel.n_series):
        y = panel.series(s)
        for k in range(tail.n_origins):
            end = len(y) - LENGTH + k
            np.testing.assert_array_equal(targets[k, s], y[end : end + HORIZON])
            np.testing.assert_array_equal(seasons[k, s], np.resize(y[end - 2 : end], HORIZON))


@pytest.mark.parametrize("season", [1, 4])
def test_repeated_seasons_are_those_of_what_is_known(panel, season):
    tail = Tail(panel, LENGTH, HORIZON)
    preparation = fit_preparation(panel.without_last(LENGTH), HORIZON, season, "log", True)
    found = tail.repeated_seasons(preparation)
    assert found.shape == (tail.n_origins, panel.n_series, HORIZON)
    for k in range(tail.n_origins):
        known = panel.without_last(LENGTH - k)
        values = preparation.apply(known).values
        for s, end in enumerate(known.indptr[1:]):
            np.testing.assert_array_equal(
                found[k, s], np.resize(values[end - season : end], HORIZON)
            )


def test_a_series_shorter_than_a_season_repeats_its_last_value():
    """That is, until what is known of the season begins."""
    tail = Tail(Panel.from_series([np.arange(10.0)]), 3, 3)
    np.testing.assert_array_equal(tail.last_seasons(9)[0, 0], [6.0, 6.0, 0.0])


@pytest.mark.parametrize("k", range(5))
def test_an_origin_sees_nothing_after_it(panel, k):
    fitted, tail = model(panel), Tail(panel, LENGTH, HORIZON)
    values = panel.values.copy()
    for end in panel.indptr[1:]:
        values[end - LENGTH + k : end] *= 1.7
    changed = Tail(Panel(values, panel.indptr), LENGTH, HORIZON).forecasts(fitted)[0]
    np.testing.assert_array_equal(changed[: k + 1], tail.forecasts(fitted)[0][: k + 1])
    assert k == 4 or not np.array_equal(changed[k + 1], tail.forecasts(fitted)[0][k + 1])


def test_exact_until_a_series_leaves_its_line(panel):
    """Decided at each origin as at the end of a series; nothing after it is seen."""
    line, left = np.arange(30.0), np.append(np.full(26, 7.0), [7, 9, 8, 9])
    tail = Tail(Panel.from_series([line, left, panel.series(0)]), LENGTH, HORIZON)
    known = tail.panel.without_last(LENGTH)
    preparation = fit_preparation(known, HORIZON, 1, "none", True)
    found = tail.exact(preparation)
    assert preparation.exact.tolist() == [True, True, False]
    np.testing.assert_array_equal(found[:, 0], True)
    np.testing.assert_array_equal(found[:, 1], [True] * 5)
    np.testing.assert_array_equal(found[:, 2], False)
    for k in range(tail.n_origins):
        alone = preparation.going_on(tail.panel.without_last(LENGTH - k))
        np.testing.assert_array_equal(found[k], alone.exact)
    longer = Tail(tail.panel, LENGTH, 1).exact(preparation)
    assert longer[:, 1].tolist() == [True] * 5 + [False] * 2

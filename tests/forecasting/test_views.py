"""On a large panel some networks see the windows with their season."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting import recipe
from forecaster.forecasting.preparation import fit_preparation

RNG = np.random.default_rng(0)
SEASON = np.array([1.0, 1.3, 0.8, 0.9])
SERIES = {
    f"s{i}": (20 + i + RNG.normal(size=30).cumsum() * 0.3) * np.resize(SEASON, 30) for i in range(4)
}


@pytest.fixture(autouse=True)
def every_panel_is_large(monkeypatch):
    monkeypatch.setattr(recipe, "GLOBAL_FROM", 1)


def fitted(n_estimators=5, season_length=4, **options):
    settings = {"max_steps": 20, "calibrate": False, "random_state": 0, "n_jobs": 1, **options}
    forecaster = ElmanForecaster(3, season_length, n_estimators=n_estimators, **settings)
    return forecaster.fit(pd.DataFrame(SERIES))


@pytest.mark.parametrize("n_estimators, n_seasonal", [(1, 0), (2, 0), (3, 1), (5, 2)])
def test_two_of_five_see_the_season(n_estimators, n_seasonal):
    forecaster = fitted(n_estimators)
    model = forecaster.model_
    assert forecaster.recipe_.n_seasonal == n_seasonal
    assert len(model.members) == len(forecaster.weights_) == n_estimators
    assert len(model.trained) == n_estimators - n_seasonal
    assert (model.seasonal is None) == (n_seasonal == 0)


@pytest.mark.parametrize(
    "options", [{"deseasonalize": True}, {"deseasonalize": False}, {"season_length": 1}]
)
def test_all_see_the_same_if_told_so_or_without_season(options):
    assert fitted(**options).model_.seasonal is None


def test_small_panels_have_one_view(monkeypatch):
    monkeypatch.setattr(recipe, "GLOBAL_FROM", 10_000)
    assert fitted().model_.seasonal is None


def test_views_are_averaged_by_numbers_of_members():
    forecaster = fitted(blend=0.0)
    model, panel = forecaster.model_, forecaster.data_.panel
    plain = replace(model, seasonal=None)
    first, second = (
        np.log(view.preparation.restore(view.forecast_prepared(panel, 3), panel))
        for view in (plain, model.seasonal)
    )
    found = np.log(forecaster.predict().to_numpy().T)
    np.testing.assert_allclose(found, (3 * first + 2 * second) / 5, rtol=1e-12)
    assert np.abs(first - second).max() > 1e-3


def test_the_season_stays_in_the_other_view():
    forecaster = fitted()
    panel, seasonal = forecaster.data_.panel, forecaster.model_.seasonal
    np.testing.assert_array_equal(seasonal.preparation.apply(panel).values, np.log(panel.values))
    assert np.ptp(forecaster.model_.preparation.indices, axis=1).min() > 0.2


def test_the_other_views_scale_is_that_of_raw_changes():
    panel = Panel.from_series([[1, 3, 1, 3, 1, 3, 1, 3, 1.0]])
    preparation = fit_preparation(panel, 1, 2, "none", True)
    assert preparation.scale[0] == 0
    assert preparation.with_season(panel, 1).scale[0] == 2

"""Networks look back differently far; on a large panel some see the season."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting import recipe, recurrent
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
    small = {"max_steps": 20, "hidden_layer_sizes": 4, "batch_size": 16}
    settings = {**small, "calibrate": False, "random_state": 0, "n_jobs": 1, **options}
    forecaster = ElmanForecaster(3, season_length, n_estimators=n_estimators, **settings)
    return forecaster.fit(pd.DataFrame(SERIES))


def kinds(forecaster):
    """Window, season left in or not, and number of networks of each view."""
    return [(v.window, v.seasonal, v.n_members) for v in forecaster.recipe_.views]


@pytest.mark.parametrize("n_estimators, n_seasonal", [(1, 0), (2, 0), (3, 1), (5, 2)])
def test_two_of_five_see_the_season(n_estimators, n_seasonal):
    forecaster = fitted(n_estimators, window=8)
    views, groups = forecaster.recipe_.views, forecaster.model_.groups
    assert sum(view.n_members for view in views if view.seasonal) == n_seasonal
    assert [len(group.trained) for group in groups] == [view.n_members for view in views]
    assert len(forecaster.model_.members) == len(forecaster.weights_) == n_estimators


def test_members_look_back_differently():
    """Through windows of their own networks, two of them with the season."""
    forecaster = fitted(window=(8, 4))
    assert kinds(forecaster) == [(8, False, 2), (4, False, 1), (4, True, 1), (8, True, 1)]
    steps = [group.network.n_steps for group in forecaster.model_.groups]
    assert steps == [4, 4, 4, 4]
    assert [len(w["0.Wx"]) for w in forecaster.weights_] == [2, 2, 1, 1, 2]  # values in a patch


@pytest.mark.parametrize(
    "options", [{"deseasonalize": True}, {"deseasonalize": False}, {"season_length": 1}]
)
def test_all_see_the_same_if_told_so_or_without_season(options):
    assert not any(view.seasonal for view in fitted(**options).recipe_.views)


def test_small_panels_have_one_view(monkeypatch):
    monkeypatch.setattr(recipe, "GLOBAL_FROM", 10_000)
    assert not any(view.seasonal for view in fitted().recipe_.views)


def only(forecaster, k):
    """What one group of networks forecasts by itself."""
    shares = np.eye(len(forecaster.recipe_.views))[k].tolist()
    model, panel = forecaster.model_.with_shares(0.0, shares), forecaster.data_.panel
    return model.forecast_prepared(panel, 3)


def test_views_are_averaged_by_numbers_of_members():
    forecaster = fitted(blend=0.0, window=(8, 4))
    model, panel = forecaster.model_, forecaster.data_.panel
    parts = [only(forecaster, k) for k in range(4)]
    found = model.forecast_prepared(panel, 3)
    np.testing.assert_allclose(found, np.average(parts, axis=0, weights=[2, 1, 1, 1]), rtol=1e-9)
    assert all(np.abs(part - found).max() > 1e-3 for part in parts)


def test_a_view_that_diverged_without_the_tail_leaves_shares_as_they_are(monkeypatch):
    models = []

    def fit_model(*args, **settings):
        model = original(*args, **settings)
        if models:  # the second one loses its last view
            views = [replace(view, share=1.0) for view in model.recipe.views[:1]]
            model = replace(
                model, groups=model.groups[:1], recipe=replace(model.recipe, views=tuple(views))
            )
        models.append(model)
        return model

    original = recurrent.fit_model
    monkeypatch.setattr(recurrent, "fit_model", fit_model)
    forecaster = fitted(2, season_length=1, window=(8, 4), calibrate=True)
    assert [len(model.groups) for model in models] == [2, 1]
    assert [view.share for view in forecaster.recipe_.views] == [0.5, 0.5]
    assert np.isfinite(forecaster.predict(level=80)).all(axis=None)


def test_the_season_stays_in_the_other_view():
    forecaster = fitted(window=8)
    panel, (_, seasonal) = forecaster.data_.panel, forecaster.model_.groups
    np.testing.assert_array_equal(seasonal.preparation.apply(panel).values, np.log(panel.values))
    assert np.ptp(forecaster.model_.preparation.indices, axis=1).min() > 0.2


def test_the_other_views_scale_is_that_of_raw_changes():
    panel = Panel.from_series([[1, 3, 1, 3, 1, 3, 1, 3, 1.0]])
    preparation = fit_preparation(panel, 1, 2, "none", True)
    assert preparation.scale[0] == 0
    assert preparation.with_season(panel, 1).scale[0] == 2


@pytest.mark.parametrize(
    "last, expected", [(0, [(8, False, 1, 1)]), (2, [(8, False, 2, 2 / 3), (4, False, 1, 1 / 3)])]
)
def test_after_ctrl_c_views_tell_of_the_networks_that_are_left(last, expected):
    class CtrlC:
        def on_epoch_end(self, epoch):
            if epoch.member == last:
                raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        forecaster = fitted(window=(8, 4), callbacks=[CtrlC()])
    views = forecaster.recipe_.views
    assert [(v.window, v.seasonal, v.n_members, v.share) for v in views] == expected
    assert len(forecaster.weights_) == last + 1

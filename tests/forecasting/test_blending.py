"""Shares of trend and views follow held-out errors, the more of them the further."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting.blending import best_parts, best_share, choose
from forecaster.forecasting.recipe import View
from forecaster.forecasting.tail import Tail

RNG = np.random.default_rng(0)
Y = 50 + RNG.normal(size=60).cumsum()


def fitted(y=Y, **options):
    settings = {"n_estimators": 1, "max_steps": 30, "random_state": 0, "n_jobs": 1}
    settings |= {"horizon": 3, "season_length": 4}
    return ElmanForecaster(**{**settings, **options}).fit(y)


def share(n_origins, good, bad, prior=0.25):
    """Of the second of two forecasts, whose errors are ``bad`` times as large as they might be."""
    first = np.random.default_rng(1).normal(size=(n_origins, 1, 3))
    second = np.random.default_rng(2).normal(size=(n_origins, 1, 3))
    return best_share(good * first, bad * second, prior, n_origins)


def test_the_better_forecast_gets_more():
    assert share(50, 1, 9) < 0.1
    assert share(50, 9, 1) > 0.4
    assert share(5000, 9, 1) > 0.95


def test_few_origins_move_the_share_less():
    shares = [share(n, 9, 1) for n in (5, 50, 500)]
    assert 0.25 < shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.35


@pytest.mark.parametrize("prior", [0.0, 0.137, 1.0])
def test_the_prior_stays_without_evidence(prior):
    assert best_share(np.zeros((5, 1, 3)), np.zeros((5, 1, 3)), prior, 5) == prior
    alike = np.ones((5, 1, 3))
    assert best_share(alike, alike, prior, 5) == prior


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_the_choice_is_a_fitted_attribute_and_sees_no_future():
    prior = fitted(calibrate=False).recipe_.blend
    chosen = fitted()
    assert prior != chosen.recipe_.blend
    assert chosen.calibration_ is not None
    assert fitted(blend=0.4).recipe_.blend == 0.4


def test_a_series_without_changes_has_no_say():
    model = fitted(calibrate=False, blend=0.25).model_
    tail = Tail(Panel.from_series([Y]), 12, 3)
    prior = 0.25, [view.share for view in model.recipe.views]
    choice = choose(tail, np.zeros(1), model, "auto")
    assert (choice.blend, choice.of_views) == prior


class Views:
    """A model of three views whose errors are known; stands for Model and Tail at once."""

    def __init__(self, sizes, n_series, n_origins=40):
        rng = np.random.default_rng(0)
        self.errors = [size * rng.normal(size=(n_origins, n_series, 3)) for size in sizes]
        self.trend = rng.normal(size=(n_origins, n_series, 3))
        self.n_origins, self.length = n_origins, n_origins + 2
        self.panel, self.preparation = SimpleNamespace(n_series=n_series, lengths=100), self
        self.exact = np.zeros(n_series, dtype=bool)
        self.recipe = self._recipe(0.25, [0.4, 0.4, 0.2])

    @staticmethod
    def _recipe(blend, shares):
        views = tuple(View(8, 2, False, 1, share) for share in shares)
        return SimpleNamespace(blend=blend, views=views, hedge=0.0)

    def apply(self, panel):
        return SimpleNamespace(values=0.0)

    def targets(self, values):
        return np.zeros_like(self.trend)

    def with_shares(self, blend, shares):
        mixed = sum(share * error for share, error in zip(shares, self.errors, strict=True))
        return blend * self.trend + (1 - blend) * mixed

    def forecasts(self, errors):
        return errors, None


def chosen(views, blend="auto"):
    return choose(views, np.ones(views.panel.n_series), views, blend)


def test_views_count_by_their_errors():
    views = Views([1, 5, 1], n_series=100)
    choice = chosen(views)
    assert sum(choice.of_views) == pytest.approx(1)
    assert choice.of_views[1] < 0.1 < choice.of_views[2]
    assert 0.3 < choice.of_views[0] < 0.9
    assert choice.blend > 0.25  # the trend errs like two views that err independently
    given = chosen(views, 0.25)
    assert (given.blend, given.of_views) == (0.25, choice.of_views)


def test_one_series_moves_views_less_than_many():
    moved = [chosen(Views([1, 5, 1], n)).of_views for n in (1, 400)]
    assert 0.4 > moved[0][1] > moved[1][1]


def test_views_that_err_alike_keep_their_shares():
    choice = chosen(Views([0, 0, 0], n_series=3))
    assert choice.of_views == pytest.approx([0.4, 0.4, 0.2])
    np.testing.assert_allclose(choice.of_views_by_series, [[0.4, 0.4, 0.2]] * 3)
    assert not choice.repeating.any()


@pytest.mark.parametrize("n_origins", [3, 40])
def test_series_choose_views_for_themselves(n_origins):
    views = Views([1, 1, 1], n_series=40, n_origins=n_origins)
    for k in (0, 2):  # each is good for half of the series
        views.errors[k][:, 20 * (k == 2) :][:, :20] *= 0.1
    by_series = chosen(views, 0.0).of_views_by_series
    np.testing.assert_allclose(by_series.sum(axis=1), 1)
    first, last = by_series[:20].mean(axis=0), by_series[20:].mean(axis=0)
    assert first[0] > last[0]
    assert first[2] < last[2]
    assert (first[0] > 0.6) == (n_origins == 40)  # few values prove little


def test_a_given_blend_is_no_hedge():
    hedged = fitted(calibrate=False)
    plain = fitted(calibrate=False, blend=hedged.recipe_.blend)
    share = hedged.recipe_.hedge
    assert share > 0 == plain.recipe_.hedge
    last_season = np.resize(hedged.model_.preparation.apply(hedged.data_.panel).values[-4:], 3)
    parts = [f.model_.forecast_prepared(f.data_.panel, 3)[0] for f in (hedged, plain)]
    np.testing.assert_allclose(parts[0], share * last_season + (1 - share) * parts[1], rtol=1e-9)


def resting(n=60):
    """Three series that go on, and one that has come to rest."""
    frame = pd.DataFrame(50 + np.random.default_rng(3).normal(size=(n, 4)).cumsum(axis=0))
    frame.loc[n // 2 :, 3] = frame.loc[n // 2, 3]
    return frame


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_what_was_exact_before_the_tail_chooses_nothing():
    """Its held-out forecasts were its line, and those to come are the networks'."""
    y = np.append(2.0 * np.arange(52), 104 + np.arange(28) + 0.01 * RNG.normal(size=28))
    found = fitted(y, n_estimators=3, horizon=6)
    assert not found.model_.preparation.exact.any()
    np.testing.assert_array_equal(found.hedges_, found.recipe_.hedge)
    np.testing.assert_allclose(found.view_shares_, [[v.share for v in found.recipe_.views]])


def test_a_single_series_chooses_once():
    choice = chosen(Views([1, 5, 1], n_series=1))
    np.testing.assert_allclose(choice.of_views_by_series, [choice.of_views])


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_series_that_are_too_short_for_a_tail_share_what_all_have(strategy):
    short = (
        resting().rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    )
    short = short[(short["unique_id"] != 1) | (short["ds"] > 50)]
    found = fitted(short, n_estimators=3, window=[4, 8], strategy=strategy)
    assert found.calibration_ is not None
    np.testing.assert_allclose(found.view_shares_[1], [v.share for v in found.recipe_.views])
    assert found.hedges_[1] == found.recipe_.hedge < found.hedges_[3]
    assert np.isfinite(found.predict(9)["y"]).all()


def test_exact_series_have_no_hedge():
    assert fitted(np.arange(40.0)).hedges_ == 0


def test_a_series_is_repeated_where_that_was_clearly_better():
    y = resting(123)
    found, plain = (fitted(y[:120], calibrate=calibrate) for calibrate in (True, False))
    hedge = found.recipe_.hedge
    assert found.hedges_[3] > 3 * hedge
    np.testing.assert_array_equal(found.hedges_[:3], hedge)
    np.testing.assert_array_equal(plain.hedges_, hedge)
    missed, before = (np.abs(f.predict()[3] - y[3].iloc[-1]).max() for f in (found, plain))
    assert missed < 0.7 * before
    np.testing.assert_array_equal(fitted(y, blend=0.2).hedges_, 0)
    kept = found.hedges_
    np.testing.assert_array_equal(found.update(y[120:]).hedges_, kept)


@pytest.mark.parametrize("reluctance", [0.0, 0.3])
def test_parts_by_hand(reluctance):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 10, 6, 3))
    second *= np.linspace(0, 2, 6)[:, None]
    candidates = np.linspace(0, 1, 101)
    found = best_parts(first, second, 12, reluctance)
    for s in range(6):
        costs = []
        for part in candidates:
            costs.append(np.abs(part * second[:, s] + (1 - part) * first[:, s]).mean())
            costs[-1] += (reluctance * part + (20 / 12) ** 3 * part**2) * costs[0]
        assert found[s] == pytest.approx(candidates[np.argmin(costs)])
    assert found[0] > found[-1]


def test_nothing_is_replaced_where_nothing_was_missed():
    assert best_parts(np.zeros((3, 2, 4)), np.ones((3, 2, 4)), 6, 0.0).tolist() == [0, 0]


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_forecasts_are_mixed_by_the_shares_of_each_series():
    found = fitted(resting(), n_estimators=3, window=[4, 8], calibrate=False)
    panel, some = found.data_.panel, np.array([3, 1])
    model = found.model_.with_own_shares(some, np.array([[0.9, 0.1], [0, 1]]), np.array([0.5, 0]))
    found.model_ = model
    expected = [[2 / 3, 1 / 3], [0, 1], [2 / 3, 1 / 3], [0.9, 0.1]]
    np.testing.assert_allclose(found.view_shares_, expected, rtol=1e-15)
    hedge = model.recipe.hedge
    np.testing.assert_allclose(found.hedges_, [hedge, hedge, hedge, 0.5 + 0.5 * hedge])
    alone = [model.with_shares(model.recipe.blend, one) for one in np.eye(2).tolist()]
    parts = [one.forecast_prepared(panel, 3) for one in alone]
    mixed = sum(share[:, None] * part for share, part in zip(found.view_shares_.T, parts))
    season = model.preparation.apply(panel).values[panel.indptr[1:] - 1, None]
    repeating = model.repeating[:, None]
    expected = repeating * season + (1 - repeating) * mixed
    np.testing.assert_allclose(model.forecast_prepared(panel, 3), expected, rtol=1e-9)


def test_a_line_is_continued_without_hedge():
    line = pd.Series(np.arange(20.0))
    np.testing.assert_allclose(fitted(line).predict(), [20, 21, 22], rtol=1e-9)

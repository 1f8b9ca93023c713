"""Shares of trend and views follow held-out errors, the more of them the further."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting.blending import best_share, choose_shares, parts_to_repeat
from forecaster.forecasting.recipe import View
from forecaster.forecasting.tail import Tail

RNG = np.random.default_rng(0)
Y = 50 + RNG.normal(size=60).cumsum()


def fitted(y=Y, **options):
    settings = {"n_estimators": 1, "max_steps": 30, "random_state": 0, "n_jobs": 1}
    return ElmanForecaster(3, 4, **{**settings, **options}).fit(y)


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
    assert choose_shares(tail, np.zeros(1), model, "auto") == prior


class Views:
    """A model of three views whose errors are known; stands for Model and Tail at once."""

    def __init__(self, sizes, n_series, n_origins=40):
        rng = np.random.default_rng(0)
        self.errors = [size * rng.normal(size=(n_origins, n_series, 3)) for size in sizes]
        self.trend = rng.normal(size=(n_origins, n_series, 3))
        self.n_origins, self.panel, self.preparation = n_origins, None, self
        self.recipe = self._recipe(0.25, [0.4, 0.4, 0.2])

    @staticmethod
    def _recipe(blend, shares):
        views = tuple(View(8, 2, False, 1, share) for share in shares)
        return SimpleNamespace(blend=blend, views=views)

    def apply(self, panel):
        return SimpleNamespace(values=0.0)

    def targets(self, values):
        return np.zeros_like(self.trend)

    def with_shares(self, blend, shares):
        mixed = sum(share * error for share, error in zip(shares, self.errors, strict=True))
        return blend * self.trend + (1 - blend) * mixed

    def forecasts(self, errors):
        return errors, None


def test_views_count_by_their_errors():
    views = Views([1, 5, 1], n_series=100)
    blend, shares = choose_shares(views, np.ones(100), views, "auto")
    assert sum(shares) == pytest.approx(1)
    assert shares[1] < 0.1 < shares[2]
    assert 0.3 < shares[0] < 0.9
    assert blend > 0.25  # the trend errs like two views that err independently
    assert choose_shares(views, np.ones(100), views, 0.25) == (0.25, shares)


def test_one_series_moves_views_less_than_many():
    one, many = (Views([1, 5, 1], n) for n in (1, 400))
    moved = [choose_shares(v, np.ones(v.trend.shape[1]), v, "auto")[1] for v in (one, many)]
    assert 0.4 > moved[0][1] > moved[1][1]


def test_views_that_err_alike_keep_their_shares():
    views = Views([0, 0, 0], n_series=3)
    assert choose_shares(views, np.ones(3), views, 0.25)[1] == pytest.approx([0.4, 0.4, 0.2])


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


def test_a_series_is_repeated_where_that_was_clearly_better():
    found, plain = fitted(resting()), fitted(resting(), calibrate=False)
    hedge = found.recipe_.hedge
    assert found.hedges_[3] > 3 * hedge
    np.testing.assert_array_equal(found.hedges_[:3], hedge)
    np.testing.assert_array_equal(plain.hedges_, hedge)
    missed, before = (np.abs(f.predict()[3] - resting()[3].iloc[-1]).max() for f in (found, plain))
    assert missed < 0.7 * before
    np.testing.assert_array_equal(fitted(resting(), blend=0.2).hedges_, 0)
    later = found.update(resting(63)[60:]).hedges_
    np.testing.assert_array_equal(later, fitted(resting()).hedges_)


def test_parts_to_repeat_by_hand():
    model = fitted(resting(), calibrate=False).model_
    tail = Tail(Panel.from_series(list(resting().to_numpy().T)), 12, 3)
    actual = tail.targets(model.preparation.apply(tail.panel).values)
    ours, theirs = tail.forecasts(model)[0], tail.repeated_seasons(model.preparation)
    candidates = np.linspace(0, 1, 101)
    for s, part in enumerate(parts_to_repeat(tail, model)):
        costs = []
        for other in candidates:
            mixed = other * theirs[:, s] + (1 - other) * ours[:, s]
            costs.append(np.abs(mixed - actual[:, s]).mean())
            costs[-1] += (0.3 * other + (20 / 12 * other) ** 2) * costs[0]
        assert part == pytest.approx(candidates[np.argmin(costs)])
    assert part > 0.1


def test_nothing_is_repeated_where_nothing_was_missed():
    model = fitted(np.full(60, 5.0), calibrate=False).model_
    assert parts_to_repeat(Tail(Panel.from_series([np.full(60, 5.0)]), 12, 3), model) == 0


def test_a_line_is_continued_without_hedge():
    line = pd.Series(np.arange(20.0))
    np.testing.assert_allclose(fitted(line).predict(), [20, 21, 22], rtol=1e-9)

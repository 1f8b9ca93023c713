"""The share of the trend follows held-out errors, the more of them the further."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting.blending import best_share, choose_blend
from forecaster.forecasting.tail import Tail

RNG = np.random.default_rng(0)
Y = 50 + RNG.normal(size=60).cumsum()


def fitted(y=Y, **options):
    settings = {"n_estimators": 1, "max_steps": 30, "random_state": 0, "n_jobs": 1}
    return ElmanForecaster(3, 4, **{**settings, **options}).fit(y)


def errors(n_origins, good, bad):
    """Of two forecasts; the second one's are ``bad`` times as large."""
    first = np.random.default_rng(1).normal(size=(n_origins, 3))
    second = np.random.default_rng(2).normal(size=(n_origins, 3))
    return np.array([good * first, bad * second])


def test_the_better_forecast_gets_more():
    assert best_share(errors(50, 1, 9), 0.25) < 0.1
    assert best_share(errors(50, 9, 1), 0.25) > 0.4
    assert best_share(errors(5000, 9, 1), 0.25) > 0.95


def test_few_origins_move_the_share_less():
    shares = [best_share(errors(n, 9, 1), 0.25) for n in (5, 50, 500)]
    assert 0.25 < shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.35


def test_many_series_at_one_time_prove_no_more_than_one():
    once = errors(1, 9, 1)
    again = np.repeat(once[:, :, None], 1000, axis=2)
    assert best_share(once, 0.25) == best_share(again, 0.25)


@pytest.mark.parametrize("prior", [0.0, 0.137, 1.0])
def test_the_prior_stays_without_evidence(prior):
    assert best_share(np.zeros((2, 5, 3)), prior) == prior
    alike = np.ones((2, 5, 3))
    assert best_share(alike, prior) == prior


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
    assert choose_blend(tail, np.zeros(1), model) == 0.25


def test_a_given_blend_is_no_hedge():
    hedged = fitted(calibrate=False)
    plain = fitted(calibrate=False, blend=hedged.recipe_.blend)
    share = hedged.recipe_.hedge
    assert share > 0 == plain.recipe_.hedge
    last_season = np.resize(hedged.model_.preparation.apply(hedged.data_.panel).values[-4:], 3)
    parts = [f.model_.forecast_prepared(f.data_.panel, 3)[0] for f in (hedged, plain)]
    np.testing.assert_allclose(parts[0], share * last_season + (1 - share) * parts[1], rtol=1e-9)


def test_a_line_is_continued_without_hedge():
    line = pd.Series(np.arange(20.0))
    np.testing.assert_allclose(fitted(line).predict(), [20, 21, 22], rtol=1e-9)

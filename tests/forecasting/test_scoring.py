"""The score of a panel is the mean of the measure of its series."""

import numpy as np
import pytest

from forecaster.data import Panel
from forecaster.evaluation import mase
from forecaster.forecasting.scoring import mase_scale, panel_mase

RNG = np.random.default_rng(0)
TRAIN = [RNG.normal(size=n) for n in (30, 13, 18)]
ACTUAL = [RNG.normal(size=n) for n in (4, 1, 7)]
FORECASTS = [RNG.normal(size=n) for n in (4, 1, 7)]


@pytest.mark.parametrize("m", [1, 12])
def test_each_series_has_one_vote(m):
    scale = mase_scale(Panel.from_series(TRAIN), m)
    found = panel_mase(Panel.from_series(ACTUAL), np.concatenate(FORECASTS), scale)
    each = [
        mase(actual, forecast, y_train=train, season_length=m)
        for actual, forecast, train in zip(ACTUAL, FORECASTS, TRAIN)
    ]
    assert found == pytest.approx(np.mean(each))


def test_series_without_a_scale_have_none():
    constant, short = np.full(30, 0.1), np.arange(12.0)
    scale = mase_scale(Panel.from_series([constant, TRAIN[0], short, []]), 12)
    assert np.isnan(scale).tolist() == [True, False, True, True]
    actual = Panel.from_series([ACTUAL[1], ACTUAL[0], ACTUAL[1], ACTUAL[1]])
    alone = mase(ACTUAL[0], np.zeros(4), y_train=TRAIN[0], season_length=12)
    assert panel_mase(actual, np.zeros(7), scale) == pytest.approx(alone)


def test_a_score_of_no_series_is_an_error():
    scale = mase_scale(Panel.from_series([[1, 1, 1], [2]]), 1)
    with pytest.raises(ValueError, match="set a shorter season_length"):
        panel_mase(Panel.from_series([[1], [2]]), np.zeros(2), scale)

"""Losses that are measures, and quantiles: what they weigh, and what forecasts they lead to."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.evaluation import mase, smape
from forecaster.forecasting.measures import target_weights

RNG = np.random.default_rng(0)
SERIES = [10 + RNG.random(9), 500 + 90 * RNG.random(12), 3 + RNG.random(7)]
PANEL = Panel.from_series(SERIES)
UNIT = np.array([0.3, 40.0, 0.2])
SEASON = 2


def cost(measure, s, values, forecasts):
    if measure == "smape":
        return smape(values, forecasts)
    return mase(values, forecasts, y_train=SERIES[s], season_length=SEASON)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("measure", ["smape", "mase"])
def test_weights_are_what_small_errors_cost(measure, log):
    """All in the same proportion, which is that of a mean weight of 1."""
    unit = UNIT / [10, 500, 3] if log else UNIT
    weights = target_weights(measure, PANEL, SEASON, log, unit)
    assert weights.mean() == pytest.approx(1)
    small, costs = 1e-6, []
    for s, values in enumerate(SERIES):
        for value in values:
            step = small * unit[s]
            wrong = np.exp(np.log(value) + step) if log else value + step
            costs.append(cost(measure, s, [value], [wrong]))
    np.testing.assert_allclose(weights, costs / np.mean(costs), rtol=1e-4)


def test_owa_is_the_mean_of_both():
    parts = [target_weights(name, PANEL, SEASON, False, UNIT) for name in ("smape", "mase")]
    both = target_weights("owa", PANEL, SEASON, False, UNIT)
    np.testing.assert_allclose(both, np.mean(parts, axis=0))


def test_weights_stay_finite():
    """Zeros cost what smape costs at most; a series without a mean change counts for nothing."""
    panel = Panel.from_series([[0, 2, 0, 1, 0, 3.0], [5, 5, 5, 5.0], [7.0]])
    weights = target_weights("smape", panel, 2, False, np.ones(3))
    assert weights[0] == weights.max() == weights[2]
    assert weights[1] < weights[0]
    weights = target_weights("mase", panel, 2, False, np.ones(3))
    assert (weights[:6] > 0).all()
    assert not weights[6:].any()
    np.testing.assert_array_equal(
        target_weights("mase", panel.select(np.array([1, 2])), 2, False, np.ones(2)), np.ones(5)
    )


@pytest.mark.parametrize("measure", ["mase", "owa"])
def test_a_season_that_repeats_itself_to_rounding_counts_for_nothing_in_mase(measure):
    """Instead of for everything."""
    panel = Panel.from_series([np.sin(np.arange(24) * np.pi / 3), SERIES[0]])
    unit = np.array([1.0, 0.3])
    weights = target_weights(measure, panel, 6, False, unit)
    exact = Panel.from_series([np.resize(panel.series(0)[:6], 24), SERIES[0]])
    np.testing.assert_allclose(weights, target_weights(measure, exact, 6, False, unit))
    assert weights[24:].min() > 0.1


def test_other_losses_weigh_all_alike():
    np.testing.assert_array_equal(target_weights("huber", PANEL, SEASON, False, UNIT), np.ones(28))


def noise(n):
    return 20 + np.random.default_rng(1).exponential(size=n)


@pytest.mark.jit  # 40 s each without
@pytest.mark.parametrize("quantile", [0.1, 0.9])
def test_quantiles_lie_where_they_should(quantile):
    """Of skewed noise without memory, on values that training has not seen."""
    y = noise(1500)
    net = ElmanForecaster(4, loss="pinball", quantile=quantile, random_state=0, n_estimators=2)
    net.fit(y[:1000])
    below = []
    for start in range(1000, 1500, 4):
        actual = y[start : start + 4]
        below.append(actual < net.predict())
        net.update(actual)
    assert np.mean(below) == pytest.approx(quantile, abs=0.05)


def test_of_a_quantile_there_are_no_intervals():
    """And nothing that rests on them; it is not fed back either."""
    y = noise(60)
    net = ElmanForecaster(3, loss="pinball", quantile=0.8, max_steps=3, random_state=0).fit(y)
    assert net.calibration_ is None
    assert net.recipe_.blend == net.recipe_.hedge == 0
    with pytest.raises(ValueError, match="intervals around the middle.*quantile 0.8"):
        net.predict(level=90)
    with pytest.raises(ValueError, match="up to its horizon of 3, got 4 steps"):
        net.predict(4)
    with pytest.raises(ValueError, match='quantile=0.8 needs strategy="direct"'):
        net.set_params(strategy="recursive").fit(y)
    assert net.set_params(strategy="direct", blend=0.3).fit(y).recipe_.blend == 0.3


def test_parameters_set_after_a_fit_are_those_of_the_next_one():
    """What was fitted is still a quantile, or still the middle."""
    y, settings = noise(60), {"max_steps": 3, "random_state": 0, "n_estimators": 1}
    middle = ElmanForecaster(3, **settings).fit(y)
    before = middle.predict(5, level=80)
    after = middle.set_params(loss="pinball", quantile=0.9).predict(5, level=80)
    pd.testing.assert_frame_equal(before, after)
    high = ElmanForecaster(3, loss="pinball", quantile=0.9, **settings).fit(y)
    assert (middle.quantile_, high.quantile_) == (None, 0.9)
    high.set_params(quantile=0.5, horizon=9)
    with pytest.raises(ValueError, match="up to its horizon of 3, got 6 steps"):
        high.predict(6)


def test_the_median_is_calibrated():
    net = ElmanForecaster(3, loss="pinball", max_steps=3, random_state=0).fit(noise(60))
    assert net.predict(9, level=90)["hi-90"].notna().all()


@pytest.mark.parametrize(
    "setting, loss", [({"quantile": 0.95}, "pinball"), ({"huber_delta": 0.3}, "huber")]
)
def test_a_setting_of_another_loss_is_no_use(setting, loss):
    y = 50 + np.random.default_rng(3).normal(size=30)
    name, value = next(iter(setting.items()))
    with pytest.raises(
        ValueError, match=f'uses {name} with loss="{loss}" only, got {name}={value} with loss=\'abs'
    ):
        ElmanForecaster(3, **setting).fit(y)
    ElmanForecaster(3, loss=loss, max_steps=3, calibrate=False, **setting).fit(y)

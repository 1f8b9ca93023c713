"""Each measure against a slow, obvious twin, at its edges, and in its errors."""

import numpy as np
import pandas as pd
import pytest

from forecaster.evaluation import (
    coverage,
    mase,
    mean_absolute_error,
    pinball_loss,
    rmsse,
    root_mean_squared_error,
    smape,
)

RNG = np.random.default_rng(0)
TRAIN, ACTUAL, PREDICTED = (
    RNG.normal(size=(30, 3)),
    RNG.normal(size=(6, 3)),
    RNG.normal(size=(6, 3)),
)


def slow_smape(actual, predicted):
    return np.mean([200 * abs(y - f) / (abs(y) + abs(f)) for y, f in zip(actual, predicted)])


def slow_mase(actual, predicted, train, m):
    scale = np.mean([abs(train[t] - train[t - m]) for t in range(m, len(train))])
    return np.mean([abs(y - f) / scale for y, f in zip(actual, predicted)])


def slow_rmsse(actual, predicted, train, m):
    scale = np.mean([(train[t] - train[t - m]) ** 2 for t in range(m, len(train))])
    return np.sqrt(np.mean([(y - f) ** 2 / scale for y, f in zip(actual, predicted)]))


@pytest.mark.parametrize("m", [1, 4, 29])
@pytest.mark.parametrize(("metric", "slow"), [(mase, slow_mase), (rmsse, slow_rmsse)])
def test_scaled_errors_equal_their_twins(metric, slow, m):
    expected = [slow(a, p, t, m) for a, p, t in zip(ACTUAL.T, PREDICTED.T, TRAIN.T)]
    settings = {"y_train": TRAIN, "season_length": m}
    raw = metric(ACTUAL, PREDICTED, multioutput="raw_values", **settings)
    np.testing.assert_allclose(raw, expected, rtol=1e-13)
    assert metric(ACTUAL, PREDICTED, **settings) == pytest.approx(np.mean(expected))
    weighted = metric(ACTUAL, PREDICTED, multioutput=[1, 0, 3], **settings)
    assert weighted == pytest.approx((expected[0] + 3 * expected[2]) / 4)
    one = metric(ACTUAL[:, 0], PREDICTED[:, 0], y_train=TRAIN[:, 0], season_length=m)
    assert one == pytest.approx(expected[0])


def test_smape_equals_its_twin():
    expected = [slow_smape(a, p) for a, p in zip(ACTUAL.T, PREDICTED.T)]
    np.testing.assert_allclose(
        smape(ACTUAL, PREDICTED, multioutput="raw_values"), expected, rtol=1e-13
    )
    assert smape(ACTUAL, PREDICTED) == pytest.approx(np.mean(expected))
    assert smape(ACTUAL.T, PREDICTED.T) == pytest.approx(np.mean(expected))


def test_smape_at_zero_and_at_the_worst():
    assert smape([0, 0], [0, 0]) == 0
    assert smape([0], [1e-9]) == 200
    assert smape([1], [-1]) == 200
    assert smape([0, 1], [0, 3]) == 50


def test_row_weights():
    weights = [1, 0, 0, 0, 0, 2]
    twice = [0, 5, 5]
    for metric, extra in [(smape, {}), (mase, {"y_train": TRAIN}), (rmsse, {"y_train": TRAIN})]:
        weighted = metric(ACTUAL, PREDICTED, sample_weight=weights, **extra)
        assert weighted == pytest.approx(metric(ACTUAL[twice], PREDICTED[twice], **extra))
    share = coverage([0, 0, 9], lower=[-1] * 3, upper=[1] * 3, sample_weight=[1, 1, 2])
    assert share == 0.5


def test_mase_of_the_naive_forecast_on_its_own_training_part_is_one():
    y = TRAIN[:, 0]
    assert mase(y[4:], y[:-4], y_train=y, season_length=4) == pytest.approx(1)
    assert rmsse(y[4:], y[:-4], y_train=y, season_length=4) == pytest.approx(1)


def test_large_values_keep_their_digits():
    assert mase([1e12 + 3], [1e12 + 2], y_train=[1e12, 1e12 + 1, 1e12 + 2]) == 1


def test_pandas_goes_in_as_it_is():
    index = pd.date_range("2024-01-31", periods=6, freq="ME")
    actual, predicted = pd.DataFrame(ACTUAL, index), pd.DataFrame(PREDICTED, index)
    train = pd.DataFrame(TRAIN)
    assert smape(actual, predicted) == smape(ACTUAL, PREDICTED)
    assert mase(actual[0], predicted[0], y_train=train[0]) == mase(
        ACTUAL[:, 0], PREDICTED[:, 0], y_train=TRAIN[:, 0]
    )


def test_pinball_loss_is_least_at_the_quantile():
    y = RNG.exponential(size=2001)
    candidates = np.quantile(y, [0.5, 0.8, 0.9, 0.95])
    losses = [pinball_loss(y, np.full_like(y, c), quantile=0.9) for c in candidates]
    assert np.argmin(losses) == 2
    assert pinball_loss([10, 10], [8, 12], quantile=0.75) == 0.5 * (0.75 * 2 + 0.25 * 2)
    assert pinball_loss(ACTUAL, PREDICTED) == mean_absolute_error(ACTUAL, PREDICTED) / 2


def test_coverage_counts_the_bounds():
    assert coverage([1, 2, 3], lower=[1, 0, 0], upper=[2, 2, 2]) == pytest.approx(2 / 3)
    by_series = coverage([[1, 5], [1, 1]], [[0, 0]] * 2, [[2, 2]] * 2, multioutput="raw_values")
    assert by_series.tolist() == [1, 0.5]


def test_the_plain_ones_are_scikit_learns():
    import sklearn.metrics

    assert mean_absolute_error is sklearn.metrics.mean_absolute_error
    assert root_mean_squared_error is sklearn.metrics.root_mean_squared_error


@pytest.mark.parametrize("metric", [mase, rmsse])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"y_train": [3, 3, 3]}, "repeats itself every season"),
        ({"y_train": [1, 2, 1, 2], "season_length": 2}, "repeats itself every season"),
        ({"y_train": [1, 2, 3], "season_length": 3}, "needs at least 4"),
        ({"y_train": [1, 2, 3], "season_length": 0}, "must be >= 1"),
        ({"y_train": [1, np.nan, 3]}, "y_train contains NaN"),
        ({"y_train": [[1, 2], [3, 4]]}, "one column a series"),
    ],
)
def test_scaled_errors_say_what_they_need(metric, settings, message):
    with pytest.raises(ValueError, match=message):
        metric([1.0, 2.0], [1.0, 2.0], **settings)


def test_errors_say_what_was_wrong():
    with pytest.raises(ValueError, match="y_true has 3 rows and 1 columns, y_pred has 2 and 1"):
        smape([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        smape([1, 2], [1, np.nan])
    with pytest.raises(ValueError, match="swapped"):
        coverage([1, 2], lower=[0, 3], upper=[2, 2])
    with pytest.raises(ValueError, match="must be <= 1"):
        pinball_loss([1], [1], quantile=95)
    with pytest.raises(TypeError, match="season_length must be an instance of"):
        mase([1], [1], y_train=[1, 2], season_length=1.5)

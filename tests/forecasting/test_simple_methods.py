"""The simple methods: values by hand, the shortest series, and errors."""

import numpy as np
import pandas as pd
import pytest

from forecaster.forecasting.simple_methods import drift, naive, seasonal_naive


def test_values_by_hand():
    y = [3.0, 1.0, 2.0, 6.0]
    assert naive(y, 3).tolist() == [6, 6, 6]
    assert seasonal_naive(y, 5, season_length=3).tolist() == [1, 2, 6, 1, 2]
    assert seasonal_naive(y, 2, season_length=4).tolist() == [3, 1]
    assert drift(y, 3).tolist() == [7, 8, 9]


def test_a_season_of_one_is_naive():
    y = np.random.default_rng(0).normal(size=9)
    np.testing.assert_array_equal(seasonal_naive(y, 4, season_length=1), naive(y, 4))


def test_the_shortest_series():
    assert naive([5], 2).tolist() == [5, 5]
    assert drift([5, 7], 1).tolist() == [9]
    assert seasonal_naive([5, 7], 3, season_length=2).tolist() == [5, 7, 5]


def test_the_forecast_is_a_new_array():
    y = np.arange(3.0)
    seasonal_naive(y, 3, season_length=3)[:] = 9
    assert y.tolist() == [0, 1, 2]


def test_a_pandas_series_goes_in_by_position():
    y = pd.Series([1.0, 2.0, 4.0], index=[2, 1, 0])
    assert naive(y, 1).tolist() == [4]
    assert drift(y, 1).tolist() == [5.5]


@pytest.mark.parametrize(
    ("forecast", "message"),
    [
        (lambda: naive([], 1), "y has 0 values, but this forecast needs at least 1"),
        (lambda: drift([1], 1), "y has 1 values, but this forecast needs at least 2"),
        (
            lambda: seasonal_naive([1, 2], 1, 3),
            "y has 2 values, but this forecast needs at least 3",
        ),
        (lambda: naive([[1, 2], [3, 4]], 1), r"one series.*shape is \(2, 2\)"),
        (lambda: drift([1, np.nan, 3], 1), "y contains NaN"),
        (lambda: naive([1, 2], 0), "horizon == 0, must be >= 1"),
        (lambda: seasonal_naive([1, 2], 1, 0), "season_length == 0, must be >= 1"),
    ],
)
def test_errors_say_what_is_needed(forecast, message):
    with pytest.raises(ValueError, match=message):
        forecast()


def test_a_horizon_is_a_whole_number():
    with pytest.raises(TypeError, match="horizon must be an instance of"):
        naive([1, 2], 2.0)

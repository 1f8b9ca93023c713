"""The baseline estimators: their forecasts, their forms of data, and scikit-learn around them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from forecaster.evaluation import mase
from forecaster.forecasting.baselines import (
    DriftForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)

INDEX = pd.date_range("2020-01-01", periods=30, freq="MS")
Y = pd.Series(np.random.default_rng(0).normal(size=30).cumsum(), INDEX, name="sales")
LONG = pd.DataFrame(
    {
        "unique_id": ["b"] * 5 + ["a"] * 4,
        "ds": [*pd.date_range("2024-01-01", periods=5), *pd.date_range("2024-01-03", periods=4)],
        "y": [1.0, 2, 3, 4, 6, 10, 30, 20, 40],
    }
)


def naive(y, horizon):
    return [list(y)[-1]] * horizon


def seasonal_naive(y, horizon):
    return [list(y)[-4:][step % 4] for step in range(horizon)]


def drift(y, horizon):
    y = np.asarray(y)
    return [y[-1] + (y[-1] - y[0]) / (len(y) - 1) * step for step in range(1, horizon + 1)]


BASELINES = [
    (NaiveForecaster(season_length=4), naive),
    (SeasonalNaiveForecaster(season_length=4), seasonal_naive),
    (DriftForecaster(season_length=4), drift),
]
each_baseline = pytest.mark.parametrize(
    ("forecaster", "method"), BASELINES, ids=["naive", "seasonal", "drift"]
)


@each_baseline
def test_a_series_gives_a_series_that_continues_it(forecaster, method):
    found = clone(forecaster).fit(Y).predict(3)
    expected = pd.Series(method(Y, 3), pd.date_range("2022-07-01", periods=3, freq="MS"))
    pd.testing.assert_series_equal(found, expected.rename("sales"))


@each_baseline
def test_a_wide_frame_is_forecast_column_by_column(forecaster, method):
    wide = pd.DataFrame({"a": Y, "b": Y[::-1].to_numpy()})
    found = clone(forecaster).fit(wide).predict(2)
    assert list(found.columns) == ["a", "b"]
    np.testing.assert_allclose(found["b"], method(wide["b"], 2))


@each_baseline
def test_a_long_frame_is_forecast_series_by_series(forecaster, method):
    found = clone(forecaster).fit(LONG).predict(2)
    assert found["unique_id"].tolist() == ["b", "b", "a", "a"]
    assert found["ds"].dt.day.tolist() == [6, 7, 7, 8]
    np.testing.assert_allclose(found["y"], [*method(LONG["y"][:5], 2), *method(LONG["y"][5:], 2)])


@each_baseline
@pytest.mark.parametrize("steps", [1, 3, 9])
def test_a_panel_is_forecast_as_its_series_alone_to_the_bit(forecaster, method, steps):
    rng = np.random.default_rng(0)
    series = [rng.lognormal(sigma=9, size=n) for n in (4, 100, 5, 4, 33)]
    long = pd.concat(
        pd.DataFrame({"unique_id": i, "ds": range(len(y)), "y": y}) for i, y in enumerate(series)
    )
    found = clone(forecaster).fit(long).predict(steps)
    expected = [method(y, steps) for y in series]
    np.testing.assert_array_equal(found["y"].to_numpy().reshape(-1, steps), expected)


@each_baseline
def test_an_array_goes_in_too(forecaster, method):
    y = Y.to_numpy()
    np.testing.assert_allclose(clone(forecaster).fit(y).predict(2), method(y, 2))
    both = clone(forecaster).fit(np.column_stack([y, -y])).predict(np.zeros((2, 2)))
    np.testing.assert_allclose(both.to_numpy()[:, 1], method(-y, 2))
    np.testing.assert_allclose(clone(forecaster).fit(list(y)).predict([0, 0]), method(y, 2))


def test_forecasts_beyond_floating_point():
    fitted = DriftForecaster().fit([0.0, 8e307])
    assert np.isfinite(fitted.predict(1)).all()
    with pytest.raises(ValueError, match="From step 2 on the forecasts leave the range of"):
        fitted.predict(4)


def test_the_horizon_is_that_of_the_constructor_unless_given():
    fitted = NaiveForecaster(horizon=3).fit(Y)
    assert len(fitted.predict()) == 3
    assert len(fitted.predict(np.int64(2))) == 2


def test_rows_are_forecast_at_their_times():
    fitted = DriftForecaster().fit(Y[:20])
    later = fitted.predict(Y[22:25])  # two steps are left out
    pd.testing.assert_series_equal(later, fitted.predict(5)[2:])
    columns = pd.DataFrame({"price": 1.0, "promotion": "no"}, index=Y.index)  # are not looked at
    pd.testing.assert_series_equal(fitted.predict(columns[20:25]), fitted.predict(5))


@each_baseline
def test_exogenous_columns_are_refused(forecaster, method):
    prices = pd.DataFrame({"price": 1.0}, index=Y.index)
    sentence = r"Forecaster does not use exogenous columns yet: call fit\(y\) with the series alone"
    with pytest.raises(ValueError, match=sentence):
        clone(forecaster).fit(prices, Y)
    fitted = clone(forecaster).fit(Y[:24])
    for learn_or_compare in (fitted.update, fitted.score):
        with pytest.raises(ValueError, match=sentence):
            learn_or_compare(prices[24:], Y[24:])
    with pytest.raises(ValueError, match="Forecaster needs a series, got None"):
        clone(forecaster).fit(None)


@each_baseline
def test_a_y_may_come_with_an_x_that_adds_nothing(forecaster, method):
    expected = clone(forecaster).fit(Y).predict(3)
    for X in (None, Y, pd.DataFrame(index=Y.index)):
        pd.testing.assert_series_equal(clone(forecaster).fit(X, Y).predict(3), expected)


def test_a_frame_without_columns_tells_the_times():
    empty, values = pd.DataFrame(index=Y.index), Y.to_numpy()
    expected = DriftForecaster().fit(Y).predict(3).rename(None)
    found = DriftForecaster().fit(empty, values).predict(3)
    pd.testing.assert_series_equal(found, expected, check_names=False)
    both = DriftForecaster().fit(empty, np.column_stack([values, values])).predict(3)
    assert both.shape == (3, 2)
    pd.testing.assert_index_equal(both.index, expected.index)
    with pytest.raises(ValueError, match="X and y must have the same rows, got 5 and 30"):
        DriftForecaster().fit(empty[:5], values)
    for X in (empty[:2], np.zeros((2, 0))):
        with pytest.raises(ValueError, match="A list holds the numbers of one series"):
            DriftForecaster().fit(X, [[1, 2], [3]])
        with pytest.raises(TypeError, match="int"):
            DriftForecaster().fit(X, 3)


def test_rows_of_some_series_of_a_long_frame():
    fitted = DriftForecaster().fit(LONG)
    days = pd.to_datetime(["2024-01-08", "2024-01-09", "2024-01-06"])
    rows = pd.DataFrame({"unique_id": ["a", "a", "b"], "ds": days})
    found = fitted.predict(rows)
    pd.testing.assert_frame_equal(found[["unique_id", "ds"]], rows)
    np.testing.assert_allclose(found["y"], [60, 70, 7.25])


def test_forecasts_of_rows_stand_where_the_rows_stand():
    """Rows and columns of a frame may be in another order than those of the training."""
    fitted = DriftForecaster().fit(LONG)
    rows = fitted.predict(2).sort_values(["ds", "unique_id"]).set_axis([7, 5, 5, 9])
    pd.testing.assert_frame_equal(fitted.predict(rows.drop(columns="y")), rows)

    steps = fitted.predict([0.0, 0.0])  # no frame: the next steps of all series, one by one
    pd.testing.assert_frame_equal(steps, fitted.predict(2))

    wide = pd.DataFrame({"a": Y, "b": 2 * Y})
    fitted = DriftForecaster().fit(wide)
    expected = fitted.predict(3)
    pd.testing.assert_frame_equal(fitted.predict(expected[["b", "a"]]), expected[["b", "a"]])
    only_times = pd.DataFrame(index=expected.index)
    pd.testing.assert_frame_equal(fitted.predict(only_times), expected)


def test_other_column_names():
    names = {"unique_id": "shop", "ds": "day", "y": "sold"}
    named = NaiveForecaster(id_col="shop", time_col="day", target_col="sold")
    found = named.fit(LONG.rename(columns=names)).predict(2)
    expected = NaiveForecaster().fit(LONG).predict(2).rename(columns=names)
    pd.testing.assert_frame_equal(found, expected)


def test_a_given_frequency_is_used():
    found = NaiveForecaster(freq="MS").fit(Y[-1:]).predict(1)
    assert found.index[0] == pd.Timestamp("2022-07-01")


@each_baseline
def test_the_score_is_minus_the_scaled_error(forecaster, method):
    fitted = clone(forecaster).fit(Y[:24])
    error = mase(Y[24:], method(Y[:24], 6), y_train=Y[:24], season_length=4)
    assert fitted.score(Y[24:]) == pytest.approx(-error)
    assert fitted.score(None, Y[24:]) == pytest.approx(-error)
    one = mase(Y[24:25], method(Y[:24], 1), y_train=Y[:24], season_length=4)
    assert fitted.score(Y[24:25]) == pytest.approx(-one)


def test_the_score_of_a_panel_matches_series_by_id():
    wide = pd.DataFrame({"a": Y, "b": 100 * Y[::-1].to_numpy()})
    fitted = NaiveForecaster().fit(wide[:24])
    each = [
        mase(wide[name][24:], naive(wide[name][:24], 6), y_train=wide[name][:24]) for name in "ab"
    ]
    assert fitted.score(wide[24:][["b", "a"]]) == pytest.approx(-np.mean(each))


def test_update_appends_rows():
    updated = SeasonalNaiveForecaster(season_length=4).fit(Y[:20]).update(Y[20:])
    expected = SeasonalNaiveForecaster(season_length=4).fit(Y).predict(6)
    pd.testing.assert_series_equal(updated.predict(6), expected)


def test_a_search_over_a_series():
    y = pd.Series(np.tile([1.0, 5.0, 2.0], 20) + 0.1 * Y.sum() * np.arange(60) / 60)
    search = GridSearchCV(
        SeasonalNaiveForecaster(),
        {"season_length": [2, 3]},
        cv=TimeSeriesSplit(3, test_size=6),
        scoring=lambda fitted, rows: -np.abs(fitted.predict(rows) - rows).mean(),
    )
    assert search.fit(y).best_params_ == {"season_length": 3}
    assert len(search.predict(7)) == 7


def test_own_scores_in_a_search():
    search = GridSearchCV(NaiveForecaster(), {"horizon": [1]}, cv=TimeSeriesSplit(3, test_size=2))
    folds = [(Y[: 30 - k], Y[30 - k :][:2]) for k in (6, 4, 2)]
    expected = np.mean([NaiveForecaster().fit(past).score(rows) for past, rows in folds])
    assert search.fit(Y).cv_results_["mean_test_score"] == pytest.approx([expected])


def test_a_pickle_forecasts_the_same():
    fitted = SeasonalNaiveForecaster(season_length=3).fit(LONG)
    copy = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(copy.predict(4), fitted.predict(4))


def test_errors_say_what_is_needed():
    with pytest.raises(ValueError, match="needs at least 5 values of every series, but series 'a'"):
        SeasonalNaiveForecaster(season_length=5).fit(LONG)
    with pytest.raises(ValueError, match="expects horizon to be an integer >= 1, got 0"):
        NaiveForecaster(horizon=0).fit(Y)
    with pytest.raises(ValueError, match="expects season_length to be an integer >= 1, got 2.5"):
        NaiveForecaster(season_length=2.5).fit(Y)
    with pytest.raises(ValueError, match="must lie after the known ones"):
        NaiveForecaster().fit(Y).score(Y[-3:])
    with pytest.raises(ValueError, match="NaiveForecaster has no intervals"):
        NaiveForecaster().fit(Y).predict(2, level=80)
    with pytest.raises(ValueError, match="needs at least 9 values of every series, but series 'b'"):
        SeasonalNaiveForecaster().fit(LONG[:5]).set_params(season_length=9).predict()
    with pytest.raises(NotFittedError):
        NaiveForecaster().predict()


def test_one_short_series_is_told_what_is_needed():
    with pytest.raises(ValueError, match="needs at least 12 values, got 3: give a longer history"):
        SeasonalNaiveForecaster(2, 12).fit([1, 2, 3])

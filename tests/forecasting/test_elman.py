"""The forecaster: what it forecasts, in which form, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from forecaster import ElmanForecaster, SeasonalNaiveForecaster
from forecaster.data import load_airline
from forecaster.evaluation import mase
from tests.forecasting.common import forecaster

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

RNG = np.random.default_rng(0)
N = 40
VALUES = 50 + 0.5 * np.arange(N) + 3 * np.sin(np.arange(N)) + RNG.normal(size=N)
INDEX = pd.date_range("2020-01-31", periods=N, freq="ME")
Y = pd.Series(VALUES, INDEX, name="sales")

# --- Forms of data ------------------------------------------------------------------------------

EXPECTED = forecaster().fit(VALUES).predict().to_numpy()


@pytest.mark.parametrize(
    "y",
    [VALUES.tolist(), tuple(VALUES), VALUES, pd.Series(VALUES)],
    ids=["list", "tuple", "array", "series"],
)
def test_rows_that_are_counted(y):
    found = forecaster().fit(y).predict()
    expected = pd.Series(EXPECTED, pd.RangeIndex(N, N + 3))
    pd.testing.assert_series_equal(found, expected, check_exact=True)


@pytest.mark.parametrize(
    "index",
    [
        lambda n: pd.date_range("2020-01-31", periods=n, freq="ME"),
        lambda n: pd.date_range("2020-01-31", periods=n, freq="D", tz="Europe/Paris"),
        lambda n: pd.date_range("2024-01-01", periods=n, freq="7h", name="when"),
        lambda n: pd.period_range("2020-01", periods=n, freq="Q", name="quarter"),
        lambda n: pd.RangeIndex(5, 5 + 2 * n, 2),
        lambda n: pd.Index(np.arange(1990, 1990 + n, dtype=np.int32), name="year"),
    ],
    ids=["months", "zone", "hours", "periods", "range", "years"],
)
def test_an_index_goes_on(index):
    found = forecaster().fit(pd.Series(VALUES, index(N), name="sales")).predict()
    expected = pd.Series(EXPECTED, index(N + 3)[N:], name="sales")
    pd.testing.assert_series_equal(found, expected, check_exact=True)


def test_integers_and_small_floats_are_numbers():
    assert forecaster().fit(np.arange(20, dtype=np.int16)).predict().dtype == np.float64
    single = VALUES.astype(np.float32)
    np.testing.assert_array_equal(
        forecaster().fit(single).predict(), forecaster().fit(single.astype(float)).predict()
    )


WIDE = pd.DataFrame({"a": Y, "b": -Y[::-1].to_numpy(), "c": Y**2})


def as_long(wide):
    long = wide.rename_axis("ds").reset_index()
    return long.melt("ds", var_name="unique_id", value_name="y")[["unique_id", "ds", "y"]]


def test_a_wide_frame():
    found = forecaster().fit(WIDE).predict(4)
    assert found.columns.equals(WIDE.columns)
    assert found.index.equals(pd.date_range("2023-05-31", periods=4, freq="ME"))
    array = forecaster().fit(WIDE.to_numpy()).predict(4)
    np.testing.assert_array_equal(array.to_numpy(), found.to_numpy())


def test_a_long_frame_is_the_same_panel():
    found = forecaster().fit(as_long(WIDE)).predict(4)
    expected = as_long(forecaster().fit(WIDE).predict(4))
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_a_long_frame_of_different_lengths_ids_and_names():
    lengths = {3: N, 7: 20, 9: 2, 1: 1}
    rows = [
        pd.DataFrame({"shop": shop, "day": INDEX[-n:], "sold": VALUES[-n:]})
        for shop, n in lengths.items()
    ]
    named = forecaster(id_col="shop", time_col="day", target_col="sold")
    found = named.fit(pd.concat(rows)).predict(2)
    assert list(found.columns) == ["shop", "day", "sold"]
    assert found["shop"].tolist() == [3, 3, 7, 7, 9, 9, 1, 1]
    days = pd.date_range("2023-05-31", periods=2, freq="ME").to_list()
    assert found["day"].to_list() == 4 * days
    assert found.dtypes.equals(rows[0].dtypes)
    assert np.isfinite(found["sold"]).all()


def test_a_frequency_for_rows_that_do_not_tell_theirs():
    days = pd.bdate_range("2024-01-01", periods=N + 5).delete([3, 8, 9, 20, 21])
    holidays = pd.offsets.CustomBusinessDay(
        holidays=pd.bdate_range("2024-01-01", periods=N + 5)[[3, 8, 9, 20, 21]]
    )
    y = pd.Series(VALUES, days)
    with pytest.raises(ValueError, match="one frequency"):
        forecaster().fit(y)
    found = forecaster(freq=holidays).fit(y).predict()
    np.testing.assert_array_equal(found.to_numpy(), EXPECTED)
    assert found.index[0] == days[-1] + holidays


# --- Horizons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("season_length", [1, 4])
def test_longer_forecasts_begin_like_shorter_ones(strategy, season_length):
    fitted = forecaster(strategy=strategy, season_length=season_length).fit(Y)
    longest = fitted.predict(20)
    assert np.isfinite(longest).all()
    for steps in (1, 2, 3, 4, 7, np.int64(9)):
        pd.testing.assert_series_equal(
            fitted.predict(steps), longest[: int(steps)], check_freq=False, check_exact=True
        )
    pd.testing.assert_series_equal(fitted.predict(), fitted.predict(3))


def test_rows_are_forecast_at_their_times_whatever_they_hold():
    fitted = forecaster().fit(Y)
    later = fitted.predict(5)
    rows = pd.Series(-1e9, later.index[3:])
    pd.testing.assert_series_equal(fitted.predict(rows), later[3:], check_exact=True)
    frame = pd.DataFrame({"price": "unknown"}, index=later.index)
    pd.testing.assert_series_equal(fitted.predict(frame), later, check_exact=True)


def test_the_score_is_minus_the_scaled_error():
    fitted = forecaster(season_length=4).fit(Y[:-5])
    error = mase(Y[-5:], fitted.predict(5), y_train=Y[:-5], season_length=4)
    assert fitted.score(Y[-5:]) == pytest.approx(-error)
    assert fitted.score(Y[-5:], Y[-5:]) == pytest.approx(-error)


# --- Known answers ------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(10))
def test_the_next_of_five_numbers(seed):
    found = ElmanForecaster(random_state=seed).fit([1, 2, 3, 4, 5]).predict(1)
    assert found.iloc[0] == pytest.approx(6, abs=0.05)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("slope", [1e-3, -1e-3, 1.0, -1.0, 1e3, -1e3])
@pytest.mark.parametrize("level", [10.0, 1e6])
@pytest.mark.parametrize("n", [5, 30])
def test_lines_go_on(strategy, slope, level, n):
    y = level + slope * np.arange(n + 7)
    found = forecaster(strategy=strategy, calibrate=True).fit(y[:n]).predict(7)
    np.testing.assert_allclose(found, y[n:], rtol=1e-9, atol=1e-6 * abs(slope))


@pytest.mark.parametrize("value", [7.0, -7.0, 0.0, 1e-9, 1e12])
@pytest.mark.parametrize("options", [{}, {"season_length": 4}, {"strategy": "recursive"}], ids=str)
def test_constants_stay(value, options):
    for n in (5, 30):
        found = forecaster(**options, calibrate=True).fit([value] * n).predict(9)
        np.testing.assert_allclose(found, value, rtol=1e-12)


@pytest.mark.jit  # without it networks cannot be trained for long enough
def test_a_horizon_as_long_as_the_series():
    """The last steps, which one window knows, are the trend's: no network learns from it."""
    y = load_airline()
    found = ElmanForecaster(140, 12, n_estimators=2, random_state=0).fit(y).predict()
    assert found.between(y.min(), 4 * y.max()).all()


@pytest.mark.parametrize("transform", ["none", "log", "auto"])
def test_an_exact_season_comes_back(transform):
    y = np.resize([10.0, 14, 12, 20], 40)
    found = forecaster(season_length=4, transform=transform).fit(y[:-3]).predict(11)
    np.testing.assert_allclose(found, np.resize([14.0, 12, 20, 10], 11), rtol=1e-9)


def test_growth_by_a_constant_factor_goes_on():
    y = 3 * 1.1 ** np.arange(40)
    found = forecaster(transform="log").fit(y[:30]).predict(10)
    np.testing.assert_allclose(found, y[30:], rtol=1e-6)
    assert forecaster().fit(y).transform_ == "log"


def test_what_was_taken_away_is_told():
    season = np.array([-3.0, 1, 0, 2])
    y = np.resize(season, 60) + 0.01 * RNG.normal(size=60)
    fitted = forecaster(season_length=4).fit(y)
    assert fitted.transform_ == "none"
    assert fitted.seasons_.shape == (1, 4)
    np.testing.assert_allclose(fitted.seasons_[0], season, atol=0.02)
    fitted.seasons_[:] = 0  # a copy
    assert fitted.seasons_.any()


@pytest.mark.jit
def test_better_than_the_last_season_of_the_airline_passengers():
    y = load_airline()
    found = ElmanForecaster(12, 12, random_state=0).fit(y[:-12])
    naive = SeasonalNaiveForecaster(12, 12).fit(y[:-12])
    assert found.score(y[-12:]) > naive.score(y[-12:]) / 2


@pytest.mark.parametrize(
    "y",
    [
        RNG.normal(size=30),
        np.round(np.sin(np.arange(30) * np.pi / 4), 12),
        RNG.poisson(0.5, 30),
        np.append(np.zeros(29), 5),
        -np.exp(0.2 * np.arange(30)),
    ],
    ids=["noise", "sine", "counts", "jump", "negative-growth"],
)
@pytest.mark.parametrize("season_length", [1, 8, 20, 100])
def test_negative_values_zeros_and_short_seasons(y, season_length):
    """Fewer than two seasons, or less than one: there is nothing seasonal to remove."""
    fitted = forecaster(season_length=season_length, calibrate=True).fit(y)
    assert np.isfinite(fitted.predict(40)).all()
    assert np.isfinite(fitted.predict(level=80)).all(axis=None)
    assert season_length == 8 or not fitted.model_.preparation.indices.any()


# --- Scales -------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "auto"])
@pytest.mark.parametrize("factor", [1e12, 1e-9, 2.0**30])
def test_the_scale_does_not_matter(transform, factor):
    options = {"transform": transform, "season_length": 4, "max_steps": 20}
    plain = forecaster(**options).fit(VALUES).predict(7)
    scaled = forecaster(**options).fit(factor * VALUES).predict(7)
    np.testing.assert_allclose(scaled / factor, plain, rtol=1e-6)


@pytest.mark.parametrize("shift", [-1e4, 1e6])
@pytest.mark.parametrize("factor", [1.0, 1e-3])
def test_the_level_does_not_matter_without_logarithms(shift, factor):
    options = {"transform": "none", "season_length": 4, "max_steps": 20}
    plain = forecaster(**options).fit(VALUES).predict(7)
    moved = forecaster(**options).fit(shift + factor * VALUES).predict(7)
    np.testing.assert_allclose((moved - shift) / factor, plain, rtol=1e-5)


def test_series_of_a_panel_keep_their_own_scales():
    rows = np.column_stack([VALUES, VALUES])
    plain = forecaster(transform="none").fit(rows).predict()
    scaled = forecaster(transform="none").fit(rows * [1, 1e9]).predict()
    np.testing.assert_allclose(scaled / [1, 1e9], plain, rtol=1e-6)


# --- Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y, message",
    [
        ([], "at least 5 points, got 0: check how"),
        (np.empty((0, 2)), "at least 5 points, got 0: check how"),
        (Y[:0], "at least 5 points, got 0: check how"),
        (
            [1, 2, 3, 4],
            "horizon=3 needs a series of at least 5 points, got 4",
        ),
        ([1, 2, np.nan, 4, np.nan], r"finite; got NaN at position 2 \(2 of 5 values\)"),
        (Y.replace(Y.iloc[4], np.inf), r"finite; got inf at 2020-05-31 \(1 of 40 values\)"),
        ([1, 2, None, 4, 5], "finite; got NaN at position 2"),
        (["a", "b", "c"], "Expected numbers; got 'a' at 0"),
        ([True, False, True], "Expected numbers; got True"),
        (np.zeros((5, 2, 2)), r"shape \(n,\), or \(n, n_series\).*got \(5, 2, 2\)"),
        ([[1, 2], [3, 4]], "got a list of lists"),
        (None, "ElmanForecaster needs a series, got None"),
        (Y[::-1], "in the order of time; 2023-03-31 comes after 2023-04-30"),
        (Y.iloc[[0, 1, 1, 2, 3, 4]], "once only; 2020-02-29 is there twice"),
        (Y.drop(Y.index[5]), "one frequency.*none for 2020-06-30"),
        (as_long(WIDE).drop(columns="y"), "A long frame has the columns.*without 'y'"),
        (pd.Series(VALUES, np.arange(N) / 10), "timestamps, periods or integers; got float64"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_data_that_cannot_be_forecast(y, message):
    with pytest.raises(ValueError, match=message):
        forecaster().fit(y)


@pytest.mark.parametrize("y", ["abc", 5, {1: 2}, (value for value in VALUES)])
def test_data_of_a_strange_type(y):
    with pytest.raises(TypeError, match="Expected a list, an array, a pandas Series or a "):
        forecaster().fit(y)


def test_a_recursive_forecaster_needs_three_points_whatever_the_horizon():
    with pytest.raises(ValueError, match="needs a series of at least 3 points, got 2"):
        forecaster(strategy="recursive", horizon=20).fit([1, 2])
    assert len(forecaster(strategy="recursive", horizon=20).fit([1, 2, 3]).predict()) == 20


@pytest.mark.parametrize("kind", [forecaster, SeasonalNaiveForecaster])
def test_further_columns_of_a_long_frame_are_left_out_with_a_warning(kind):
    frame = as_long(WIDE)
    more = frame.assign(price=1.0, promo="no")
    sentence = "does not use exogenous columns yet; these are left out: price, promo. Drop"
    with pytest.warns(UserWarning, match=sentence) as caught:
        fitted = kind().fit(more)
    assert [one.filename for one in caught] == [__file__]
    expected = kind().fit(frame)  # without a warning, which would be an error here
    pd.testing.assert_frame_equal(fitted.predict(), expected.predict())
    pd.testing.assert_frame_equal(
        fitted.predict(expected.predict().assign(price=2)), fitted.predict()
    )


def test_exogenous_columns_are_refused():
    with pytest.raises(ValueError, match=r"not use exogenous columns yet: call fit\(y\)"):
        forecaster().fit(WIDE[["a"]], Y)
    with pytest.raises(ValueError, match="not use exogenous columns yet"):
        forecaster().fit(2 * Y, Y)
    fitted = forecaster().fit(Y[:-3])
    with pytest.raises(ValueError, match="not use exogenous columns yet"):
        fitted.score(WIDE[["a"]][-3:], Y[-3:])


def test_gaps_are_told_when_the_series_comes_twice():
    y = Y.replace(Y.iloc[4], np.nan)
    with pytest.raises(ValueError, match="finite; got NaN at 2020-05-31"):
        forecaster().fit(y, y.copy())


def test_logarithms_of_negative_values():
    with pytest.raises(ValueError, match='transform="log" needs values > 0, got -2 at position 1'):
        forecaster(transform="log").fit([1, -2, 3, 4, 5, 6])


def test_steps_that_make_no_sense():
    fitted = forecaster().fit(Y)
    for steps in (0, -3):
        with pytest.raises(ValueError, match=f"at least 1 step, got {steps}"):
            fitted.predict(steps)
    for steps in (2.5, True):
        with pytest.raises(TypeError, match=f"expects a number of steps, or rows.*got {steps}"):
            fitted.predict(steps)
    with pytest.raises(ValueError, match="must lie after the known ones"):
        fitted.predict(Y[-2:])


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f.predict(),
        lambda f: f.predict(2, level=80),
        lambda f: f.update([1.0]),
        lambda f: f.score([1.0, 2.0]),
    ],
    ids=["predict", "level", "update", "score"],
)
def test_nothing_works_before_fit(use):
    with pytest.raises(NotFittedError, match="ElmanForecaster instance is not fitted yet"):
        use(forecaster())


@pytest.mark.parametrize(
    "name", ["recipe_", "transform_", "seasons_", "weights_", "loss_curve_", "loss_", "n_iter_"]
)
def test_nothing_is_told_before_fit(name):
    with pytest.raises(NotFittedError, match="ElmanForecaster instance is not fitted yet"):
        getattr(forecaster(), name)


def test_a_failed_fit_leaves_the_last_one():
    fitted = forecaster().fit(Y)
    before = fitted.predict()
    with pytest.raises(ValueError, match="at least 5 points"):
        fitted.fit([1, 2])
    pd.testing.assert_series_equal(fitted.predict(), before, check_exact=True)


def test_an_array_without_dimensions_is_no_series():
    with pytest.raises(ValueError, match="An array has the shape"):
        forecaster().fit(np.array(5.0))

"""The way back to pandas, and data that follow on data."""

import pickle

import numpy as np
import pandas as pd
import pytest

from forecaster.data import load_airline, make_panel, read

INDEXES = {
    "timestamps": pd.date_range("2020-01-01", periods=20, freq="MS", name="when"),
    "zone": pd.date_range("2020-03-28 20:00", periods=20, freq="h", tz="Europe/Berlin"),
    "business": pd.bdate_range("2020-01-01", periods=20),
    "periods": pd.period_range("2020Q1", periods=20, freq="Q", name="quarter"),
    "integers": pd.Index(np.arange(2000, 2080, 4), name="year"),
    "range": pd.RangeIndex(5, 25, name="row"),
}
LEVELS = ["mean", "lo-95", "lo-80", "hi-80", "hi-95"]
index = pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES.keys())


def wide_frame(index, **options):
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(len(index), 3)), index=index, **options)


def long_frame(index):
    """Three series of 20, 17 and 20 rows; the second starts later."""
    wide = wide_frame(index, columns=["b", "a", "c"])
    parts = [
        pd.DataFrame({"unique_id": name, "ds": column.index, "y": column.array})
        for name, column in wide.items()
    ]
    return pd.concat(parts, ignore_index=True).drop(index=[20, 21, 22]).reset_index(drop=True)


def head(frame, n):
    return frame.groupby("unique_id", sort=False).head(n)


def tail(frame, n):
    return frame.groupby("unique_id", sort=False).tail(n).reset_index(drop=True)


def without_tail(frame, n):
    last = frame.groupby("unique_id", sort=False).tail(n).index
    return frame.drop(index=last)


@index
def test_the_forecast_of_a_series_continues_it(index):
    y = pd.Series(np.arange(20.0), index=index, name=("a", 1))
    data = read(y.iloc[:15])
    pd.testing.assert_series_equal(data.forecast({"mean": [y.iloc[15:]]}), y.iloc[15:])
    got = data.forecast({name: [y.iloc[15:] + i] for i, name in enumerate(LEVELS)})
    expected = pd.DataFrame({name: y.iloc[15:] + i for i, name in enumerate(LEVELS)})
    pd.testing.assert_frame_equal(got, expected)


def test_the_forecast_of_an_array_counts_on():
    got = read([1, 2, 3]).forecast({"mean": [[4.0, 5.0]]})
    pd.testing.assert_series_equal(got, pd.Series([4.0, 5.0], index=pd.RangeIndex(3, 5)))
    got = read([1, 2, 3]).forecast({"mean": [[4.0]], "lo-80": [[3.0]]})
    expected = pd.DataFrame({"mean": [4.0], "lo-80": [3.0]}, index=pd.RangeIndex(3, 4))
    pd.testing.assert_frame_equal(got, expected)


def test_the_forecast_of_a_two_dimensional_array():
    got = read(np.ones((4, 2))).forecast({"mean": [[1.0], [2.0]]})
    expected = pd.DataFrame([[1.0, 2.0]], index=pd.RangeIndex(4, 5))
    pd.testing.assert_frame_equal(got, expected)


@index
@pytest.mark.parametrize(
    "columns",
    [
        pd.Index(["x", "y", "z"], name="shop"),
        pd.RangeIndex(3),
        pd.CategoricalIndex(["x", "y", "z"]),
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["shop", "item"]),
    ],
    ids=["named", "range", "categories", "levels"],
)
def test_the_forecast_of_a_wide_frame_continues_it(index, columns):
    frame = wide_frame(index, columns=columns)
    data = read(frame.iloc[:15])
    got = data.forecast({"mean": frame.iloc[15:].to_numpy().T})
    pd.testing.assert_frame_equal(got, frame.iloc[15:])
    got = data.forecast({name: frame.iloc[15:].to_numpy().T + i for i, name in enumerate(LEVELS)})
    assert got.columns.names == [*columns.names, None]
    assert got.columns.get_level_values(-1).tolist() == LEVELS * 3
    for i, name in enumerate(LEVELS):
        one = got.xs(name, axis=1, level=-1)
        np.testing.assert_array_equal(one, frame.iloc[15:] + i)
        assert one.columns.tolist() == columns.tolist()
    pd.testing.assert_index_equal(got.index, index[15:])


@index
@pytest.mark.parametrize("n", [1, 4])
def test_the_forecast_of_a_long_frame_continues_it(index, n):
    frame = long_frame(index)
    data = read(without_tail(frame, n))
    future = tail(frame, n)
    values = future["y"].to_numpy().reshape(3, n)
    pd.testing.assert_frame_equal(data.forecast({"mean": values}), future)
    got = data.forecast({name: values + i for i, name in enumerate(LEVELS)})
    expected = future.drop(columns="y")
    for i, name in enumerate(LEVELS):
        expected[name] = future["y"] + i
    pd.testing.assert_frame_equal(got, expected)


def test_the_forecast_of_a_long_frame_keeps_its_names_and_not_its_order_of_columns():
    frame = make_panel(2, 5, random_state=0)[["y", "ds", "unique_id"]]
    frame.columns = ["sales", "month", "shop"]
    data = read(frame, id_col="shop", time_col="month", target_col="sales")
    got = data.forecast({"mean": np.zeros((2, 3))})
    assert list(got.columns) == ["shop", "month", "sales"]
    assert list(data.forecast({"hi-80": np.zeros((2, 3))}).columns) == ["shop", "month", "hi-80"]


@pytest.mark.parametrize("part", ["unique_id", "ds"])
def test_ids_and_times_are_not_overwritten_by_a_forecast_of_their_name(part):
    frame = make_panel(2, 5, random_state=0).rename(columns={part: "mean"})
    names = {"id_col": "unique_id", "time_col": "ds"}
    data = read(frame, **{key: "mean" if name == part else name for key, name in names.items()})
    zeros = np.zeros((2, 3))
    assert list(data.forecast({"mean": zeros})) == list(frame)
    with pytest.raises(ValueError, match="have the columns mean, hi-80; .* column 'mean', too"):
        data.forecast({"mean": zeros, "hi-80": zeros})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mean": np.zeros((3, 1))}, r"Forecasts of 2 series need .* got \(3, 1\)"),
        ({"mean": np.zeros((2, 0))}, r"Forecasts of 2 series need .* got \(2, 0\)"),
        ({"mean": np.zeros(2)}, r"one shape .* got mean \(2,\)"),
        ({"mean": np.zeros((2, 2)), "lo": np.zeros((2, 1))}, r"got mean \(2, 2\), lo \(2, 1\)"),
    ],
)
def test_forecasts_of_another_shape(columns, message):
    with pytest.raises(ValueError, match=message):
        read(np.ones((4, 2))).forecast(columns)


@index
@pytest.mark.parametrize("gap", [0, 3])
def test_steps_to_a_series(index, gap):
    y = pd.Series(np.arange(20.0), index=index)
    steps = read(y.iloc[:10]).steps_to(read(y.iloc[10 + gap :]))
    assert steps.dtype == np.int64
    assert steps.tolist() == [1 + gap]


@index
def test_steps_to_a_single_row(index):
    y = pd.Series(np.arange(20.0), index=index)
    assert read(y.iloc[:10]).steps_to(read(y.iloc[12:13])).tolist() == [3]


@index
def test_steps_to_a_wide_frame(index):
    frame = wide_frame(index, columns=["a", "b", "c"])
    known, new = read(frame.iloc[:10]), read(frame[["c", "a"]].iloc[12:])
    assert known.positions_of(new).tolist() == [2, 0]
    assert known.steps_to(new).tolist() == [3, 3]


@index
def test_steps_to_a_long_frame(index):
    frame = long_frame(index)
    known = read(head(frame, 10))  # the second series starts, and so ends, three rows later
    new = read(tail(frame, 7).iloc[::-1].sort_values("ds", kind="stable"))
    assert new.ids.tolist() == ["c", "a", "b"]
    assert known.positions_of(new).tolist() == [2, 1, 0]
    assert known.steps_to(new).tolist() == [4, 1, 4]
    part = read(tail(frame, 7).query("unique_id == 'c'"))
    assert known.positions_of(part).tolist() == [2]
    assert known.steps_to(part).tolist() == [4]


def test_arrays_follow_directly():
    assert read([1, 2, 3]).steps_to(read([4, 5])).tolist() == [1]
    assert read(np.ones((3, 2))).steps_to(read(np.ones((4, 2)))).tolist() == [1, 1]
    assert read(load_airline()).steps_to(read([400.0])).tolist() == [1]
    assert read(wide_frame(pd.RangeIndex(4))).steps_to(read(np.ones((4, 3)))).tolist() == [1, 1, 1]


def test_ids_are_matched_by_value():
    frame = make_panel(4, 10, random_state=0)
    known = read(without_tail(frame, 2))
    for dtype in ("category", "string", object):
        new = read(tail(frame, 2).astype({"unique_id": dtype}))
        assert known.positions_of(new).tolist() == [0, 1, 2, 3]
        assert new.positions_of(known).tolist() == [0, 1, 2, 3]


def test_ids_of_another_type_are_not_the_same():
    frame = make_panel(2, 10, random_state=0).replace({"series-0": "0", "series-1": "1"})
    numbers = tail(frame, 2).assign(unique_id=[0, 0, 1, 1])
    with pytest.raises(ValueError, match="Series 0 is not among the 2 known ones, such as '0'"):
        read(without_tail(frame, 2)).steps_to(read(numbers))


def test_units_and_zones_may_differ():
    index = pd.date_range("2020-03-28 20:00", periods=20, freq="h", tz="UTC")
    y = pd.Series(np.arange(20.0), index=index)
    new = y.iloc[12:].tz_convert("Europe/Berlin")
    new.index = new.index.as_unit("s")
    assert read(y.iloc[:10]).steps_to(read(new)).tolist() == [3]
    # Midnights of a zone that is one hour ahead are 23:00 in UTC.
    y = pd.Series(np.arange(20.0), index=pd.date_range("2020-01-01", periods=20, tz="Etc/GMT-1"))
    assert read(y.iloc[:10]).steps_to(read(y.iloc[12:].tz_convert("UTC"))).tolist() == [3]


def test_new_rows_need_not_tell_the_frequency():
    y = pd.Series(np.arange(9.0), index=pd.bdate_range("2020-01-01", periods=9))
    monday_and_before = pd.Series([1.0, 2.0], index=pd.to_datetime(["2020-01-17", "2020-01-20"]))
    assert read(y).steps_to(read(monday_and_before)).tolist() == [4]


MONTHLY = pd.Series(np.arange(9.0), index=pd.date_range("2020-01-01", periods=9, freq="MS"))
PANEL = make_panel(3, 9, start="2020-01-01", random_state=0)
LATER = PANEL.assign(ds=PANEL["ds"] + pd.DateOffset(months=9))


@pytest.mark.parametrize(
    ("known", "new", "message"),
    [
        (MONTHLY, MONTHLY, "lie after the known ones, which end at 2020-09-01; got 2020-01-01"),
        (MONTHLY, MONTHLY[-1:], "which end at 2020-09-01; got 2020-09-01"),
        (PANEL, PANEL, "known ones of series 'series-0', which end at 2020-09-01; got 2020-01-01"),
        (
            PANEL,
            pd.concat([LATER[:9], PANEL[9:]]),
            "known ones of series 'series-1', which end at 2020-09-01; got 2020-01-01",
        ),
        (
            PANEL,
            LATER.replace({"series-2": "new"}),
            "Series 'new' is not among the 3 known ones, such as 'series-0'",
        ),
        (
            PANEL,
            LATER.assign(ds=LATER["ds"] + pd.Timedelta(days=2)),
            "'MS' from 2020-09-01 on of series 'series-0'; got 2020-10-03",
        ),
        (MONTHLY, MONTHLY.shift(12, freq="D")[-1:], "the known ones, 'MS' .*; got 2020-09-13"),
        (
            MONTHLY,
            pd.Series([1.0, 2.0, 3.0], index=pd.date_range("2020-10-01", periods=3, freq="QS")),
            "follow the frequency of the known ones, 'MS' .*; got 2021-01-01",
        ),
        (
            MONTHLY,
            MONTHLY.to_period("M"),
            "labels like those of the known data, datetime64.* got p",
        ),
        (MONTHLY, MONTHLY.tz_localize("UTC"), r"labels like .*; got datetime64\[.s, UTC\]"),
        (MONTHLY.to_period("M"), MONTHLY.to_period("Q")[::3], r"; got period\[Q-DEC\]"),
        (MONTHLY, MONTHLY.reset_index(drop=True), "labels like .*; got int64 such as 8"),
        (MONTHLY, LATER, "The known data are a Series; got a long frame of 3 series"),
        (LATER, MONTHLY, "The known data are a long frame of 3 series; got a Series"),
        (np.ones(3), MONTHLY, "The known data are an array; got a Series"),
        (MONTHLY, np.ones((3, 1)), "got a two-dimensional array of 1 series"),
        (LATER, np.ones((3, 2)), "long frame of 3 series; got a two-dimensional array of 2 series"),
        (np.ones((3, 2)), np.ones((3, 1)), "array of 2 series; got a two-dimensional array of 1"),
        (np.ones((3, 2)), np.ones(3), "array of 2 series; got an array"),
        (MONTHLY.to_frame("a"), MONTHLY.to_frame("b"), "Series 'b' is not among the 1 known ones"),
        (pd.Series(1.0, index=pd.to_datetime(["2020-01-01"])), MONTHLY, "lie after"),
        (
            pd.Series(1.0, index=pd.to_datetime(["2019-12-01"])),
            MONTHLY,
            "cannot be read from single rows",
        ),
    ],
)
def test_rows_that_do_not_follow(known, new, message):
    with pytest.raises(ValueError, match=message):
        read(known).steps_to(read(new))


def test_a_series_may_change_its_name():
    assert read(MONTHLY[:5].rename("a")).steps_to(read(MONTHLY[5:])).tolist() == [1]


def assert_same(got, expected):
    """Equal in all that a user can see."""
    np.testing.assert_array_equal(got.panel.values, expected.panel.values)
    np.testing.assert_array_equal(got.panel.indptr, expected.panel.indptr)
    forecasts = {"mean": np.zeros((expected.n_series, 3))}
    one, two = got.forecast(forecasts), expected.forecast(forecasts)
    assert type(one) is type(two)
    getattr(pd.testing, f"assert_{type(one).__name__.lower().removeprefix('data')}_equal")(one, two)


@index
@pytest.mark.parametrize("n", [0, 1, 6])
def test_without_last(index, n):
    for data, kept in (
        (y := pd.Series(np.arange(20.0), index=index, name="y"), y.iloc[: 20 - n]),
        (wide := wide_frame(index), wide.iloc[: 20 - n]),
        (long := long_frame(index), without_tail(long, n)),
    ):
        assert_same(read(data).without_last(n), read(kept))


def test_without_last_needs_rows_left():
    with pytest.raises(ValueError, match="got 17, but series 1 has 17"):
        read(long_frame(INDEXES["range"])).without_last(17)


@index
@pytest.mark.parametrize("n", [1, 6])
def test_extended(index, n):
    y = pd.Series(np.arange(20.0), index=index, name="y")
    assert_same(read(y.iloc[: 20 - n]).extended(read(y.iloc[20 - n :])), read(y))
    wide = wide_frame(index, columns=["a", "b", "c"])
    new = wide[["c", "a", "b"]].iloc[20 - n :]
    assert_same(read(wide.iloc[: 20 - n]).extended(read(new)), read(wide))
    long = long_frame(index)
    new = tail(long, n).iloc[::-1].sort_values("ds", kind="stable")
    assert_same(read(without_tail(long, n)).extended(read(new)), read(long))


def test_extended_by_arrays():
    assert_same(read([1, 2]).extended(read([3, 4])), read([1, 2, 3, 4]))
    both = np.arange(10.0).reshape(5, 2)
    assert_same(read(both[:3]).extended(read(both[3:])), read(both))
    assert_same(read(MONTHLY[:5]).extended(read(MONTHLY[5:].tolist())), read(MONTHLY))


def test_some_series_may_have_no_new_rows():
    long = long_frame(INDEXES["timestamps"])
    known, new = without_tail(long, 2), tail(long, 2).query("unique_id != 'a'")
    data = read(known).extended(read(new))
    assert data.lengths.tolist() == [20, 15, 20]
    np.testing.assert_array_equal(data.panel.series(1), known.query("unique_id == 'a'")["y"])
    np.testing.assert_array_equal(data.panel.series(2), long.query("unique_id == 'c'")["y"])
    index = INDEXES["timestamps"]
    assert data.last_labels().tolist() == [index[-1], index[-3], index[-1]]


def test_extended_refuses_steps_between():
    with pytest.raises(ValueError, match="end at 2020-05-01; got rows that begin 2 steps later"):
        read(MONTHLY[:5]).extended(read(MONTHLY[6:]))
    gap = LATER.drop(index=9)
    with pytest.raises(ValueError, match="of series 'series-1', .* begin 2 steps later"):
        read(PANEL).extended(read(gap))


def test_extended_needs_all_columns_of_a_wide_frame():
    wide = wide_frame(INDEXES["range"], columns=["a", "b", "c"])
    with pytest.raises(ValueError, match="all of its columns; 'b' is missing"):
        read(wide[:10]).extended(read(wide[["c", "a"]][10:]))


@index
def test_select(index):
    long = long_frame(index)
    chosen = pd.concat([long.query("unique_id == 'a'"), long.query("unique_id == 'c'")])
    assert_same(read(long).select([1, 2]), read(chosen))
    wide = wide_frame(index, columns=["a", "b", "c"])
    assert_same(read(wide).select([2, 0]), read(wide[["c", "a"]]))


@index
def test_pickled(index):
    for data in (wide_frame(index), long_frame(index)):
        known = read(data)
        known.last_labels()
        assert_same(pickle.loads(pickle.dumps(known)), known)

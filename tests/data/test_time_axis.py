"""Frequencies: found from bare labels, checked on all rows, and continued."""

import re

import numpy as np
import pandas as pd
import pytest
from pandas.tseries.holiday import USFederalHolidayCalendar

from forecaster.data import read

FREQUENCIES = [
    *["s", "min", "15min", "h", "6h", "D", "3D", "B", "W-SUN", "W-WED", "2W-MON"],
    *["MS", "2MS", "ME", "QS-JAN", "QS-OCT", "QS-FEB", "2QS-JAN", "QE-DEC", "QE-JAN"],
    *["YS-JAN", "YS-APR", "YE-DEC", "YE-JUN", "5YS-JAN", "BMS", "BME"],
]
GIVEN = ["bh", "SMS-15", "BQE-DEC", "WOM-2TUE"]  # not inferred, but fine on an index
CUSTOM = pd.offsets.CustomBusinessDay(calendar=USFederalHolidayCalendar())


def bare(index):
    """The same labels without a frequency."""
    return pd.DatetimeIndex(index.to_numpy()) if index.tz is None else index._with_freq(None)


def continued(index, horizon=5, **options):
    data = read(pd.Series(np.arange(float(len(index))), index=index), **options)
    return data.forecast({"mean": np.zeros((1, horizon))}).index


@pytest.mark.parametrize(
    "name",
    ["min", "h", "D", "W-SUN", "B", "MS", "ME", "QS-JAN", "QS-FEB", "QE-DEC", "QE-OCT", "YE-DEC"],
)
def test_the_usual_name_is_found(name):
    index = bare(pd.date_range("2020-01-01", periods=12, freq=name))
    assert read(series(index)).freq == pd.tseries.frequencies.to_offset(name)


# Few business days look like plain days.
@pytest.mark.parametrize(
    ("freq", "n_points"),
    [(freq, n) for freq in FREQUENCIES for n in (2, 3, 40) if freq[0] != "B" or n == 40],
)
@pytest.mark.parametrize("start", ["2019-12-30", "2020-01-31", "2023-03-01 00:00"])
def test_inferred_and_continued(freq, n_points, start):
    index = pd.date_range(start, periods=n_points + 5, freq=freq)
    got = continued(bare(index[:n_points]))
    np.testing.assert_array_equal(got, index[n_points:])
    again = pd.date_range(got[0], periods=5, freq=got.freq)  # QS-JAN and QS-OCT are the same
    np.testing.assert_array_equal(got, again)


@pytest.mark.parametrize("freq", [*FREQUENCIES, *GIVEN, CUSTOM])
@pytest.mark.parametrize("n_points", [1, 30])
def test_the_frequency_of_the_index_is_kept(freq, n_points):
    index = pd.date_range("2020-02-10 12:00", periods=n_points + 5, freq=freq, name="when")
    got = continued(index[:n_points])
    pd.testing.assert_index_equal(got, index[n_points:])
    assert got.freq == index.freq


@pytest.mark.parametrize("freq", [*FREQUENCIES, *GIVEN, CUSTOM])
def test_a_frequency_can_be_given(freq):
    index = pd.date_range("2020-02-10", periods=7, freq=freq)
    np.testing.assert_array_equal(continued(bare(index[:2]), freq=freq), index[2:])
    np.testing.assert_array_equal(continued(bare(index[:1]), 4, freq=freq), index[1:5])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["2020-01-15", "2020-02-15", "2020-03-15"], ["2020-04-15", "2020-05-15"]),
        (["2020-12-30", "2021-01-30", "2021-02-28", "2021-03-30"], ["2021-04-30", "2021-05-30"]),
        (["2019-02-28", "2020-02-28"], ["2021-02-28", "2022-02-28"]),
        (["2020-01-15", "2020-02-15", "2020-03-17"], ["2020-04-17", "2020-05-18"]),  # 31 days
        (["2021-02-28", "2021-03-28"], ["2021-04-28", "2021-05-28"]),
        (["2021-02-28", "2021-03-31"], ["2021-04-30", "2021-05-31"]),
        (["2020-01-03", "2020-01-06", "2020-01-07"], ["2020-01-08", "2020-01-09"]),
        (["2020-01-01 23:59:59", "2020-01-02 23:59:59"], ["2020-01-03 23:59:59"]),
        (["2020-01-31 23:59", "2020-02-29 23:59"], ["2020-03-31 23:59"]),
    ],
)
def test_days_of_the_month(labels, expected):
    got = continued(pd.DatetimeIndex(labels), len(expected))
    np.testing.assert_array_equal(got, pd.DatetimeIndex(expected))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("freq", ["h", "D", "MS", "ME", "B"])
@pytest.mark.parametrize("start", ["1931-05-04", "2020-05-04"])
def test_the_unit_is_kept(unit, freq, start):
    index = pd.date_range(start, periods=20, freq=freq).as_unit(unit)
    got = continued(bare(index[:15]))
    pd.testing.assert_index_equal(got, index[15:], exact="equiv")
    assert got.unit == unit


@pytest.mark.parametrize("freq", ["h", "15min", "D", "W-SUN", "B", "MS"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize("start", ["2020-03-28", "2020-10-24", "2020-10-31"])
def test_time_zones(freq, zone, start):
    index = pd.date_range(start, periods=60, freq=freq, tz=zone)
    for n_points in (30, 55):
        got = continued(bare(index[:n_points]))
        pd.testing.assert_index_equal(got, index[n_points : n_points + 5], exact="equiv")


def test_elapsed_days_in_a_time_zone():
    index = pd.date_range("2020-03-27", periods=9, freq="24h", tz="UTC").tz_convert("Europe/Berlin")
    got = continued(bare(index[:4]))
    np.testing.assert_array_equal(got, index[4:])


def test_a_midnight_that_the_clock_skips_or_repeats():
    # In Sao Paulo 2017-10-15 began at 01:00; in Havana 2019-11-03 had two midnights.
    skipped = pd.DatetimeIndex(["2017-10-13", "2017-10-14"], tz="America/Sao_Paulo")
    got = continued(skipped, 2)
    assert [str(label)[:16] for label in got] == ["2017-10-15 01:00", "2017-10-16 00:00"]
    np.testing.assert_array_equal(continued(skipped.append(got), 1)[0], got[1] + pd.Timedelta("1D"))
    twice = continued(pd.DatetimeIndex(["2019-11-01", "2019-11-02"], tz="America/Havana"), 2)
    assert [str(label) for label in twice] == [
        "2019-11-03 00:00:00-04:00",
        "2019-11-04 00:00:00-05:00",
    ]


@pytest.mark.parametrize("freq", ["M", "Q", "Q-NOV", "Y", "W", "D", "h", "2M"])
@pytest.mark.parametrize("n_points", [1, 2, 30])
def test_periods(freq, n_points):
    index = pd.period_range("2019-11-04", periods=n_points + 5, freq=freq, name="when")
    pd.testing.assert_index_equal(continued(index[:n_points]), index[n_points:])


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("n_points", [2, 20])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint16", "Int64", "int64[pyarrow]"])
def test_integers(step, n_points, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    index = pd.Index(100 + step * np.arange(n_points + 5), dtype=dtype, name="week")
    pd.testing.assert_index_equal(continued(index[:n_points]), index[n_points:])


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("n_points", [1, 2, 20])
def test_a_range_remains_one(step, n_points):
    index = pd.RangeIndex(3, 3 + step * (n_points + 5), step, name="week")
    got = continued(index[:n_points])
    assert isinstance(got, pd.RangeIndex)
    pd.testing.assert_index_equal(got, index[n_points:], exact=True)


@pytest.mark.parametrize("dtype", ["int8", "Int8", "int8[pyarrow]"])
def test_small_integers_do_not_wrap(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    got = continued(pd.Index([125, 126], dtype=dtype), 3)
    assert got.tolist() == [127, 128, 129]


def test_objects_that_are_timestamps():
    labels = pd.Index(list(pd.date_range("2020-01-01", periods=3)), dtype=object)
    assert continued(labels, 1)[0] == pd.Timestamp("2020-01-04")


def long_frame(*indexes):
    parts = [
        pd.DataFrame({"unique_id": f"s{i}", "ds": index, "y": 1.0})
        for i, index in enumerate(indexes)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    "freqs",
    [
        ["MS", "MS"],
        ["QS-JAN", "QS-FEB"],
        ["YE-DEC", "YE-MAR"],
        ["W-SUN", "W-TUE"],
        ["B", "B"],
        ["BME", "BME"],
    ],
)
def test_each_series_continues_from_its_own_end(freqs):
    first = pd.date_range("2019-11-01", periods=25, freq=freqs[0])
    second = pd.date_range("2020-07-02", periods=15, freq=freqs[1])
    single = pd.date_range("1999-07-02", periods=6, freq=freqs[1])
    data = read(long_frame(first[:20], second[:10], single[:1]))
    got = data.forecast({"mean": np.zeros((3, 5))})["ds"]
    assert got.tolist() == [*first[20:], *second[10:], *single[1:]]


def test_series_may_start_at_another_minute():
    first = pd.date_range("2020-01-01 00:00", periods=6, freq="h")
    second = pd.date_range("2020-01-01 00:30", periods=5, freq="h")
    got = read(long_frame(first[:4], second[:3])).forecast({"mean": np.zeros((2, 2))})["ds"]
    assert got.tolist() == [*first[4:], *second[3:]]


def test_one_series_of_another_frequency_is_refused():
    days = pd.date_range("2020-01-01", periods=9)
    with pytest.raises(ValueError, match="here 'D'; 2020-01-01 01:00:00 stands where 2020-01-02 w"):
        read(long_frame(days, pd.date_range("2020-01-01", periods=4, freq="h")))
    with pytest.raises(ValueError, match="here 'B'.* stands where 2020-01-06 would.* series 's1'"):
        read(long_frame(bare(pd.bdate_range("2020-01-01", periods=9)), days[3:5]))


def test_series_of_different_frequencies_are_told_so():
    days, months = pd.date_range("2020", periods=40), pd.date_range("2020", periods=9, freq="MS")
    sentence = "longest has 'D', the rows of series 's1' have 'MS': insert what is missing, bri"
    with pytest.raises(ValueError, match=sentence):
        read(long_frame(days, months))
    with pytest.raises(ValueError, match="there is none for 2020-01-03 .* insert the missing rows"):
        read(long_frame(days, days[[0, 1, 3]]))  # too few to follow another one


def series(index):
    return pd.Series(np.arange(float(len(index))), index=index)


def repaired(message, data):
    """Run the code that an error message proposes."""
    code = re.findall(r"`(.+?)`", message)[0]
    return eval(code, {"data": data, "pd": pd})


GAPS = [
    *[pd.date_range("2020-01-01", periods=40, freq=freq) for freq in FREQUENCIES],
    pd.date_range("2020-01-15", periods=40, freq=pd.DateOffset(months=1)),
    pd.date_range("2020-03-27", periods=40, freq="h", tz="Europe/Berlin"),
    pd.period_range("2020-01-01", periods=40, freq="M"),
    pd.RangeIndex(10, 410, 10),
]


@pytest.mark.parametrize("index", GAPS, ids=lambda index: str(getattr(index, "freq", "range")))
def test_a_gap_is_named_and_the_proposed_repair_works(index):
    kept = np.ones(40, dtype=bool)
    kept[[12, 20, 21]] = False
    data = series(index).rename_axis("when")[kept]
    data.index = bare(data.index) if isinstance(index, pd.DatetimeIndex) else data.index
    missing = str(index[12]).removesuffix(" 00:00:00")
    with pytest.raises(ValueError, match=f"there is none for {re.escape(missing)} in") as error:
        read(data)
    whole = repaired(str(error.value), data)
    np.testing.assert_allclose(whole, np.arange(40.0))
    assert read(whole).lengths.tolist() == [40]


@pytest.mark.parametrize("kind", ["datetime", "period", "integer"])
def test_a_gap_in_a_long_frame(kind):
    index = {
        "datetime": pd.date_range("2020-01-01", periods=9, freq="MS"),
        "period": pd.period_range("2020-01", periods=9, freq="M"),
        "integer": pd.RangeIndex(9),
    }[kind]
    frame = long_frame(index, index[2:]).rename(columns={"unique_id": "shop", "ds": "month"})
    columns = {"id_col": "shop", "time_col": "month"}
    with pytest.raises(ValueError, match="in the rows of series 's1'") as error:
        read(frame.drop(index=11), **columns)
    whole = repaired(str(error.value), frame.drop(index=11))
    pd.testing.assert_frame_equal(whole, frame, check_dtype=False)


def test_holidays_are_gaps_until_the_calendar_is_given():
    index = pd.date_range("2020-01-01", periods=200, freq=CUSTOM)
    with pytest.raises(ValueError, match="here 'B'; there is none for 2020-01-20"):
        read(series(bare(index[:190])))
    pd.testing.assert_index_equal(
        continued(bare(index[:190]), 10, freq=CUSTOM), index[190:], exact="equiv"
    )


def test_irregular_rows_are_named_and_the_proposed_repair_works():
    index = pd.date_range("2020-01-01", periods=12, freq="MS").to_list()
    index[7] = pd.Timestamp("2020-08-04")
    data = series(pd.DatetimeIndex(index))
    with pytest.raises(ValueError, match="2020-08-04 stands where 2020-08-01 would") as error:
        read(data)
    np.testing.assert_allclose(repaired(str(error.value), data), np.arange(12.0))


def test_irregular_integers():
    with pytest.raises(ValueError, match="here 2; 5 stands where 6 would"):
        read(series([0, 2, 4, 5, 7, 9, 11]))


def test_unsorted_rows():
    data = series(pd.date_range("2020-01-01", periods=5))
    with pytest.raises(ValueError, match="2020-01-04 comes after 2020-01-05") as error:
        read(data[::-1])
    pd.testing.assert_series_equal(repaired(str(error.value), data[::-1]), data, check_freq=False)


def test_unsorted_rows_of_a_long_frame():
    days = pd.date_range("2020-01-01", periods=3)
    frame = long_frame(days, days[[0, 2, 1]])
    with pytest.raises(ValueError, match="2020-01-02 comes after 2020-01-03.*'s1'") as error:
        read(frame)
    assert read(repaired(str(error.value), frame)).lengths.tolist() == [3, 3]


def test_repeated_rows():
    data = series(pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-03"]))
    with pytest.raises(ValueError, match="once only; 2020-01-02 is there twice") as error:
        read(data)
    assert repaired(str(error.value), data).tolist() == [0.0, 2.0, 3.0]


def test_repeated_rows_of_a_long_frame():
    days = pd.date_range("2020-01-01", periods=3)
    frame = long_frame(days, days[[0, 1, 1]])
    with pytest.raises(ValueError, match="2020-01-02 is there twice.*'s1'") as error:
        read(frame)
    assert read(repaired(str(error.value), frame)).lengths.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (["2020-01", "2020-02"], "such as '2020-01': .*pd.to_datetime"),
        (pd.Index(["2020-01", "2020-02"], dtype="string"), "got string, such as '2020-01'"),
        (pd.Index(pd.date_range("2020", periods=2).date), "such as 2020-01-01: .*pd.to_datetime"),
        ([0.5, 1.5], r"got float64, such as 0.5: .*astype\(int\)"),
        ([True, False], "got bool"),
        (pd.MultiIndex.from_tuples([(0, 1), (0, 2)]), "has 2 levels"),
        (pd.DatetimeIndex(["2020-01-01", None]), "row 1 has NaT"),
        (pd.PeriodIndex(["2020-01", None], freq="M"), "row 1 has NaT"),
        (pd.Index([1, None], dtype="Int64"), "row 1 has <NA>"),
    ],
)
def test_an_index_that_does_not_tell_time(index, message):
    with pytest.raises(ValueError, match=f"The index .*{message}"):
        read(series(index))


def test_durations_need_a_start():
    data = series(pd.timedelta_range("0h", periods=3, freq="h"))
    with pytest.raises(ValueError, match=r"got timedelta64.*, such as 0 days 00:00:00") as error:
        read(data)
    assert "`data.index = pd.Timestamp('2024-01-01') + data.index`" in str(error.value)
    data.index = pd.Timestamp("2024-01-01") + data.index
    assert read(data).last_labels()[0] == pd.Timestamp("2024-01-01 02:00")
    frame = long_frame(pd.timedelta_range("0h", periods=3, freq="h"))
    with pytest.raises(ValueError, match=r"`data\['ds'\] = pd.Timestamp\('2024-01-01'\) \+ data"):
        read(frame)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["2020-01", "2020-02"], r"such as '2020-01'.*`data\['ds'\] = pd.to_datetime"),
        (pd.DatetimeIndex([None, "2020-01-01"]), "row 0 has NaT"),
    ],
)
def test_a_time_column_that_does_not_tell_time(times, message):
    with pytest.raises(ValueError, match=f"The column 'ds' .*{message}"):
        read(long_frame(times))


def test_one_row_tells_no_frequency():
    data = read(series(pd.DatetimeIndex(["2020-01-01"])))
    assert data.freq is None
    assert data.last_labels()[0] == pd.Timestamp("2020-01-01")
    with pytest.raises(ValueError, match=r"cannot be read from single rows.*asfreq\('MS'\)"):
        data.forecast({"mean": [[1.0]]})


@pytest.mark.parametrize("freq", ["YS", "YE", "D"])
def test_times_beyond_the_unit_do_not_wrap(freq):
    index = pd.date_range("2200-01-01", periods=50, freq=freq).as_unit("ns")
    with pytest.raises(ValueError, match=r"beyond the last time that datetime64\[ns\] can hold"):
        continued(index, 30_000)


def test_time_zone_of_pyarrow_timestamps_is_kept():
    pytest.importorskip("pyarrow")
    index = pd.date_range("2020-01-01", periods=8, freq="MS", tz="Europe/Berlin")
    frame = long_frame(index[:6]).astype({"ds": "timestamp[ns, Europe/Berlin][pyarrow]"})
    got = read(frame).forecast({"mean": np.zeros((1, 2))})
    assert got["ds"].dtype == frame["ds"].dtype
    assert list(pd.DatetimeIndex(got["ds"])) == list(index[6:])

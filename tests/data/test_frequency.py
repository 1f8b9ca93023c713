"""Which frequency is found where rows are missing and few are left to tell it."""

import re

import numpy as np
import pandas as pd
import pytest

from forecaster.data import read
from forecaster.data.frequency import parse


def series(labels):
    return pd.Series(np.arange(len(labels), dtype=float), labels)


@pytest.mark.parametrize("position", [1, 2, 38])
def test_a_gap_near_an_end(position):
    index = pd.date_range("2020-01-01", periods=40, freq="MS")
    missing = str(index[position])[:10]
    with pytest.raises(ValueError, match=f"here 'MS'; there is none for {missing}"):
        read(series(index).drop(index[position]))


@pytest.mark.parametrize("freq", ["D", "h", "15min", "W-SUN", "MS", "ME", "QS-JAN", "YE-DEC"])
@pytest.mark.parametrize("position", [1, 2])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_gap_in_four_rows_is_one_though_both_steps_come_once(freq, position, zone):
    index = pd.date_range("2024-01-01", periods=4, freq=freq, tz=zone)
    missing = re.escape(str(index[position]).removesuffix(" 00:00:00"))
    with pytest.raises(ValueError, match=f"here '{freq}'; there is none for {missing}"):
        read(series(index.delete(position)))


def test_a_gap_in_business_days_is_told_from_one_in_days():
    friday_monday_wednesday = pd.DatetimeIndex(["2024-01-05", "2024-01-08", "2024-01-10"])
    with pytest.raises(ValueError, match="here 'B'; there is none for 2024-01-09"):
        read(series(friday_monday_wednesday))


@pytest.mark.parametrize("labels", [[0, 2, 3], [0, 1, 3]])
def test_a_gap_in_integers(labels):
    missing = 3 - sum(labels[1:-1])
    with pytest.raises(ValueError, match=f"here 1; there is none for {missing} in the rows"):
        read(series(labels))


def test_of_two_steps_that_fit_as_badly_the_shorter_is_taken():
    days = pd.DatetimeIndex(["2024-01-01", "2024-01-06", "2024-01-08"])  # 5 days, then 2
    with pytest.raises(ValueError, match="here '2D'; 2024-01-06 stands where 2024-01-03"):
        read(series(days))


PANDAS_KNOWS = ["BQE-DEC", "BQS-FEB", "BYE-DEC", "BYS-JAN", "2BQE-DEC", "WOM-3FRI", "bh"]


@pytest.mark.parametrize("freq", PANDAS_KNOWS)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_what_pandas_infers_is_found(freq, zone):
    whole = pd.date_range("2020-01-06 10:00", periods=33, freq=freq, tz=zone)
    labels = pd.DatetimeIndex(whole[:30], freq=None)
    data = read(pd.Series(np.ones(30), labels))
    np.testing.assert_array_equal(data.axis.continued(data.lengths, 3), whole[30:])


def test_a_gap_is_told_with_the_other_cure():
    """The code of the sentence works: business days that the rows lack are holidays."""
    days = pd.bdate_range("2024-01-01", periods=60).delete([3, 30])
    y = pd.Series(np.ones(58), days)
    with pytest.raises(ValueError, match=r"asfreq\('B'\).*step is another one, name it") as caught:
        read(y)
    code = str(caught.value).split("`freq=")[1].removesuffix("`.")
    holidays = eval(code, {"pd": pd, "data": y})
    assert (
        read(y, freq=holidays).axis.continued(np.array([58]), 1)[0] == days[-1] + pd.offsets.BDay()
    )
    long = pd.DataFrame({"unique_id": "a", "ds": days, "y": 1.0})
    with pytest.raises(ValueError, match="CustomBusinessDay") as caught:
        read(long)
    code = str(caught.value).split("`freq=")[1].removesuffix("`.")
    assert read(long, freq=eval(code, {"pd": pd, "data": long})).lengths.tolist() == [58]


def test_a_gap_in_days_is_nothing_but_a_gap():
    y = pd.Series(np.ones(59), pd.date_range("2024", periods=60).delete(30))
    with pytest.raises(ValueError, match=r"asfreq\('D'\)\.interpolate\(\)`\.$"):
        read(y)


@pytest.mark.filterwarnings("ignore:'M' is deprecated")  # of timestamps, says pandas 2
def test_a_frequency_by_the_name_that_periods_have_for_it():
    y = pd.Series(np.ones(30), pd.period_range("2020", periods=30, freq="M"))
    assert read(y, freq=y.index.freqstr).lengths.tolist() == [30]
    assert parse("M") == pd.offsets.MonthEnd()


@pytest.mark.parametrize("freq", ["h", "3h"])
def test_a_frequency_given_that_rows_do_not_follow_may_be_left_out(freq):
    y = pd.Series(np.ones(30), pd.date_range("2024", periods=30, freq="2h"))
    with pytest.raises(ValueError, match=r"give that as freq, or leave freq out\.$"):
        read(y, freq=freq)
    assert read(y).lengths.tolist() == [30]


def test_a_step_that_nobody_knows_is_told_with_the_other_cure():
    last_mondays = pd.offsets.LastWeekOfMonth(weekday=0)  # pandas 2 has no name for it
    y = pd.Series(np.ones(30), pd.date_range("2020", periods=30, freq=last_mondays, name="t"))
    y.index.freq = None
    with pytest.raises(ValueError, match=r"resample.*, or, if their step is another one.*freq='WO"):
        read(y)
    assert read(y, freq=last_mondays).lengths.tolist() == [30]


@pytest.mark.parametrize("freq", ["fortnight", 0, -3, "-1D", None.__class__, 1.5])
def test_what_is_no_frequency(freq):
    with pytest.raises(ValueError, match="freq is a pandas frequency that steps forwards"):
        read(series(pd.date_range("2020-01-01", periods=3)), freq=freq)


@pytest.mark.parametrize(
    ("index", "freq"), [(pd.date_range("2020-01-01", periods=3), 1), (pd.Index([1, 2, 4]), "D")]
)
def test_a_frequency_of_another_kind_than_the_labels(index, freq):
    with pytest.raises(ValueError, match="does not go with labels"):
        read(series(index), freq=freq)


def test_a_frequency_finer_than_the_unit():
    with pytest.raises(ValueError, match="count in 's' cannot follow the finer frequency '500ms'"):
        read(series(pd.DatetimeIndex(["2020-01-01"]).as_unit("s")), freq="500ms")

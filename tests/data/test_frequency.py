"""Which frequency is found where rows are missing and few are left to tell it."""

import re

import numpy as np
import pandas as pd
import pytest

from forecaster.data import read


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

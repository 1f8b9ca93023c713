"""Frequencies as arithmetic on 64-bit integers, and how to find one.

A row label becomes an integer (a timestamp its count of time units, a period its ordinal), and a
frequency becomes one of three ways to step from the first label of a series to its n-th one. All
of them work on whole arrays, so that a panel of thousands of series costs one pass.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from pandas.tseries import offsets
from pandas.tseries.frequencies import to_offset

from forecaster.data.panel import IntArray

Frequency = offsets.BaseOffset | int
Unit = Literal["s", "ms", "us", "ns"]

# What a calendar offset means in months, and whether it sits at their ends.
_CALENDAR = {
    "MS": (1, False),
    "QS": (3, False),
    "YS": (12, False),
    "ME": (1, True),
    "QE": (3, True),
    "YE": (12, True),
}
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True)
class Constant:
    """Steps of one length: integers, periods, seconds to hours, days and weeks."""

    step: int

    def at(self, first: IntArray, count: IntArray) -> IntArray:
        """Give the labels that lie `count` steps after `first`."""
        return first + self.step * count

    def count(self, first: IntArray, labels: IntArray) -> IntArray:
        """Count the whole steps from `first` to `labels`."""
        return (labels - first) // self.step


@dataclass(frozen=True)
class Months:
    """Steps of whole months, on the same day of the month or always on its last.

    Counting from the first label keeps the 31st: after January 31 and February 28 comes March 31.
    """

    months: int
    end: bool
    unit: Unit

    def at(self, first: IntArray, count: IntArray) -> IntArray:
        """Give the labels that lie `count` steps after `first`."""
        start, within = self._split(first)
        month = (start + self.months * count).view("M8[M]")
        last_day = ((month + 1).astype("M8[D]") - month.astype("M8[D]")).astype(np.int64) - 1
        day, clock = np.divmod(within, _DAY[self.unit])
        day = last_day if self.end else np.minimum(day, last_day)
        return self._stamps(month) + day * _DAY[self.unit] + clock

    def count(self, first: IntArray, labels: IntArray) -> IntArray:
        """Count the whole steps from the month of `first` to the month of `labels`."""
        return (self._split(labels)[0] - self._split(first)[0]) // self.months

    def _split(self, labels: IntArray) -> tuple[IntArray, IntArray]:
        """Split labels into the number of their month and the time since it began."""
        month = labels.view(f"M8[{self.unit}]").astype("M8[M]")
        return month.astype(np.int64), labels - self._stamps(month)

    def _stamps(self, month: np.ndarray) -> IntArray:
        return month.astype(f"M8[{self.unit}]").astype(np.int64)


@dataclass(frozen=True)
class Grid:
    """Steps along the timestamps that pandas generates: business days and all the rest."""

    offset: offsets.BaseOffset
    unit: Unit

    def at(self, first: IntArray, count: IntArray) -> IntArray:
        """Give the labels that lie `count` steps after `first`, or after the grid's next point."""
        grid = self._between(first.min(), first.max())
        after = pd.date_range(self._stamp(grid[-1]), periods=count.max() + 2, freq=self.offset)
        grid = np.concatenate([grid, self._codes(after)[1:]])
        return grid[np.searchsorted(grid, first) + count]

    def count(self, first: IntArray, labels: IntArray) -> IntArray:
        """Count the whole steps from `first` to `labels`."""
        grid = self._between(first.min(), labels.max())
        return np.searchsorted(grid, labels, side="right") - 1 - np.searchsorted(grid, first)

    def _between(self, low: int, high: int) -> IntArray:
        start = self.offset.rollforward(self._stamp(low))
        return self._codes(pd.date_range(start, max(start, self._stamp(high)), freq=self.offset))

    def _stamp(self, label: int) -> pd.Timestamp:
        return pd.Timestamp(int(label), unit=self.unit).as_unit(self.unit)

    def _codes(self, stamps: pd.DatetimeIndex) -> IntArray:
        return stamps.as_unit(self.unit).asi8


Arithmetic = Constant | Months | Grid


def parse(freq: object) -> Frequency:
    """Read what a user gives as a frequency.

    Parameters
    ----------
    freq : str, pandas offset, timedelta or int
        Such as ``"MS"``, ``pd.offsets.Hour(6)`` or, for integer labels, the step between rows.

    Returns
    -------
    pandas offset or int

    Raises
    ------
    ValueError
        If it is none of these, or does not step forwards.
    """
    try:
        parsed = int(freq) if isinstance(freq, (int, np.integer)) else to_offset(freq)  # type: ignore[call-overload]
    except (ValueError, TypeError):
        parsed = _of_periods(freq)
    if parsed is None or (parsed if isinstance(parsed, int) else parsed.n) < 1:
        raise ValueError(
            "freq is a pandas frequency that steps forwards, such as 'MS' or 'h', or a positive "
            f"integer for integer labels; got {freq!r}."
        )
    return parsed


def _of_periods(name: object) -> Frequency | None:
    """Read a frequency by the name that periods have for it, such as 'M' for 'ME'."""
    try:
        return pd.PeriodDtype(name).freq if isinstance(name, str) else None
    except (ValueError, TypeError):
        return None


def describe(freq: Frequency) -> str:
    """Write a frequency as the Python expression that a user would pass to pandas."""
    if type(freq) is pd.DateOffset:
        kwds = ", ".join(f"{key}={value * freq.n}" for key, value in freq.kwds.items())
        return f"pd.DateOffset({kwds})"
    return repr(freq if isinstance(freq, int) else freq.freqstr)


def is_elapsed(freq: Frequency) -> bool:
    """Tell hours, which count elapsed time, from days and longer, which follow the calendar.

    The two differ in a time zone with daylight saving time: a day may have 23 hours.
    """
    return isinstance(freq, offsets.Tick) and not isinstance(freq, offsets.Day)


def arithmetic(freq: Frequency, unit: Unit) -> Arithmetic:
    """Choose the arithmetic of a frequency.

    Parameters
    ----------
    freq : pandas offset or int
        As returned by `parse` or `infer`.
    unit : {"s", "ms", "us", "ns"}
        What the integers count if the labels are timestamps.

    Returns
    -------
    Constant, Months or Grid

    Raises
    ------
    ValueError
        If the steps are finer than `unit`.
    """
    if isinstance(freq, int):
        return Constant(freq)
    if isinstance(freq, (offsets.Day, offsets.Week)):
        return Constant(freq.n * _DAY[unit] * (7 if isinstance(freq, offsets.Week) else 1))
    if isinstance(freq, offsets.Tick):
        steps, rest = divmod(pd.Timedelta(freq).as_unit("ns").value * _DAY[unit], _DAY["ns"])
        if rest:
            raise ValueError(
                f"Timestamps that count in '{unit}' cannot follow the finer frequency "
                f"{describe(freq)}: convert them first, e.g. `data.index.as_unit('ns')`."
            )
        return Constant(steps)
    if type(freq) is pd.DateOffset and freq.kwds.keys() <= {"months", "years"}:
        months = 12 * freq.kwds.get("years", 0) + freq.kwds.get("months", 0)
        return Months(months * freq.n, False, unit)
    code = freq.rule_code.split("-")[0]
    if code in _CALENDAR:
        months, end = _CALENDAR[code]
        return Months(months * freq.n, end, unit)
    return Grid(freq, unit)


def infer(labels: pd.Index) -> Frequency | None:
    """Find the frequency of one series.

    Candidates are read from differences of neighbours, so that two rows suffice. If no candidate
    fits all rows, the one that fits most of them comes back: it tells best where rows are missing.
    Of several, one that needs nothing but gaps to explain the others goes first, then the shortest:
    January 1, 3 and 4 are days with one missing. `pandas.infer_freq`, which knows more frequencies,
    such as the third Friday, but needs three rows, no 15th of the month and no gap, is asked
    between.

    Parameters
    ----------
    labels : DatetimeIndex, PeriodIndex or Index of int64, shape (n,)
        Strictly increasing.

    Returns
    -------
    pandas offset, int or None
        None if there is only one label and its type does not tell.
    """
    if isinstance(labels, pd.PeriodIndex):
        return int(labels.freq.n)  # type: ignore[union-attr]  # a PeriodIndex always has one
    if isinstance(labels, pd.RangeIndex):
        return int(labels.step)
    if isinstance(labels, pd.DatetimeIndex) and labels.freq is not None:
        return labels.freq
    if len(labels) < 2:
        return None
    if not isinstance(labels, pd.DatetimeIndex):
        steps, votes = np.unique(np.diff(labels.to_numpy()), return_counts=True)
        return int(steps[votes.argmax()])
    for candidate in _candidates(labels[:2]):
        if _follows(labels, candidate, from_first=True).all():
            return candidate
    known = _known_to_pandas(labels)
    if known is not None and _follows(labels, known, from_first=True).all():
        return known
    return max(_candidates(labels[:50]), key=lambda freq: _rank(labels, freq))


def _known_to_pandas(labels: pd.DatetimeIndex) -> Frequency | None:
    if len(labels) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this will be an offset one day, not a string
        found = pd.infer_freq(labels)
    return None if found is None else parse(found)


def encode(labels: pd.Index, freq: Frequency | None) -> IntArray:
    """Turn labels into the integers that the arithmetic of `freq` steps through."""
    if isinstance(labels, pd.DatetimeIndex):
        calendar = freq is not None and not is_elapsed(freq)
        return (labels.tz_localize(None) if calendar else labels).asi8
    if isinstance(labels, pd.PeriodIndex):
        return labels.asi8
    return labels.to_numpy(np.int64)


def localize(clock: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    """Place clock readings in a time zone.

    One that occurs twice is taken the first time, as in PEP 495; one that the clock skips becomes
    the next that exists.
    """
    first_time = np.ones(len(clock), dtype=bool)
    return clock.tz_localize(zone, ambiguous=first_time, nonexistent="shift_forward")


def _follows(labels: pd.DatetimeIndex, freq: Frequency, from_first: bool = False) -> np.ndarray:
    """Tell for each label but the first whether it is where the frequency expects it."""
    codes, steps = encode(labels, freq), arithmetic(freq, labels.unit)
    if from_first:
        expected = steps.at(codes[:1], np.arange(1, len(codes)))
    else:
        expected = steps.at(codes[:-1], np.ones(len(codes) - 1, dtype=np.int64))
    fits = expected == codes[1:]
    if labels.tz is not None and not is_elapsed(freq) and not fits.all():
        clock = pd.DatetimeIndex(expected.view(f"M8[{labels.unit}]"))
        fits |= localize(clock, labels.tz) == labels[1:]
    return fits


def _rank(labels: pd.DatetimeIndex, freq: Frequency) -> tuple[int, bool, int]:
    """Rank a frequency: steps that fit, whether the others skip rows only, shortness of a step."""
    codes, steps = encode(labels, freq), arithmetic(freq, labels.unit)
    first = codes[:1]
    skips_only = bool((steps.at(first, steps.count(first, codes)) == codes).all())
    length = int(steps.at(first, np.array([1]))[0] - first[0])
    return int(_follows(labels, freq).sum()), skips_only, -length


def _candidates(labels: pd.DatetimeIndex) -> list[Frequency]:
    """List the frequencies that neighbours suggest, then business days, each once."""
    suggested = [freq for pair in pairwise(labels) for freq in _between(*pair)]
    business = [offsets.BusinessDay(), offsets.BMonthBegin(), offsets.BMonthEnd()]
    return list({describe(freq): freq for freq in [*suggested, *business]}.values())


def _between(start: pd.Timestamp, stop: pd.Timestamp) -> list[Frequency]:
    """List the steps that lead from one timestamp to the next, months before days before hours."""
    found: list[Frequency] = []
    elapsed = stop - start
    wall = stop.tz_localize(None) - start.tz_localize(None)
    months = 12 * (stop.year - start.year) + stop.month - start.month
    if months:
        if start.is_month_end:
            found.append(_calendar(months, stop.month, end=True))
        if start.day == 1:
            found.append(_calendar(months, stop.month, end=False))
        found.append(pd.DateOffset(months=months))
    if wall.days > 0 and wall == pd.Timedelta(days=wall.days):
        weeks, days = divmod(wall.days, 7)
        found.append(
            offsets.Day(wall.days) if days else offsets.Week(weeks, weekday=stop.weekday())
        )
    hours, rest = divmod(elapsed, pd.Timedelta(hours=1))
    found.append(to_offset(elapsed) if rest else offsets.Hour(hours))
    return found


def _calendar(months: int, month: int, end: bool) -> offsets.BaseOffset:
    """Name a step of months as pandas does, anchored in the given month."""
    if months % 12 == 0:
        year = offsets.YearEnd if end else offsets.YearBegin
        return year(months // 12, month=month)
    if months % 3 == 0:
        quarter = offsets.QuarterEnd if end else offsets.QuarterBegin
        return quarter(months // 3, startingMonth=(month - 1) % 3 + (10 if end else 1))
    return (offsets.MonthEnd if end else offsets.MonthBegin)(months)

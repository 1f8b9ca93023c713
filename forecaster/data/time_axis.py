"""When the rows of a panel happened, and when the next ones will."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecaster.data.frequency import (
    Arithmetic,
    Constant,
    Frequency,
    arithmetic,
    encode,
    is_elapsed,
    localize,
)
from forecaster.data.panel import IntArray, ranges


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The labels of rows that follow each other at one frequency.

    Only the first label of each series is stored: the others are a number of steps away.

    Parameters
    ----------
    first : ndarray of shape (A,), int64
        The first label of each series, encoded as in `frequency.encode`.
    freq : pandas offset, int or None
        The step from row to row; None if single rows do not tell.
    template : Index
        An index without rows, of the type, unit, time zone and name of the labels.
    dtype : dtype
        The dtype the labels came in, and in which `continued` gives them back.
    """

    first: IntArray
    freq: Frequency | None
    template: pd.Index
    dtype: Any

    @cached_property
    def _steps(self) -> Arithmetic:
        unit = self.template.unit if isinstance(self.template, pd.DatetimeIndex) else "ns"
        return Constant(0) if self.freq is None else arithmetic(self.freq, unit)

    def take(self, series: IntArray) -> TimeAxis:
        """Take the axes of some of the series, whose positions are in `series`."""
        return TimeAxis(self.first[series], self.freq, self.template, self.dtype)

    def labels(self, series: IntArray, rows: IntArray) -> pd.Index:
        """Give the labels of rows.

        Parameters
        ----------
        series : ndarray of shape (n,), int64
            Whose rows.
        rows : ndarray of shape (n,), int64
            Which rows, counted from the first of the series; they may lie beyond the data.

        Returns
        -------
        Index of shape (n,)

        Raises
        ------
        ValueError
            If the frequency is unknown and needed, or a label leaves the range of its type.
        """
        if rows.any():
            self.known_freq()
        first = self.first[series]
        codes = self._steps.at(first, rows)
        if (codes < first).any():
            raise ValueError(
                f"The rows asked for lie beyond the last time that {self.template.dtype} can "
                "hold: ask for fewer, or convert the timestamps to seconds, e.g. "
                "`data.index.as_unit('s')`."
            )
        return self._decode(codes)

    def known_freq(self) -> Frequency:
        """Give the frequency, or raise a ValueError if single rows do not tell it."""
        if self.freq is None:
            raise ValueError(
                "The step from row to row cannot be read from single rows: give at least two rows "
                "of a series, or an index that has a frequency, e.g. `data.asfreq('MS')`."
            )
        return self.freq

    def continued(self, lengths: IntArray, horizon: int) -> pd.Index:
        """Give the next labels of every series.

        Parameters
        ----------
        lengths : ndarray of shape (A,), int64
            How many rows each series has.
        horizon : int
            How many labels to give, 1 or more.

        Returns
        -------
        Index of shape (A * horizon,)
            Series by series, as in the data; for a single series a RangeIndex remains one, and a
            DatetimeIndex knows its frequency.
        """
        series = np.repeat(np.arange(len(lengths)), horizon)
        labels = self.labels(series, ranges(lengths, np.full(len(lengths), horizon)))
        if len(lengths) > 1 or labels.dtype != self.dtype:
            return _as_dtype(labels, self.dtype)
        if isinstance(self.template, pd.RangeIndex) and isinstance(self.freq, int):
            return pd.RangeIndex(labels[0], labels[-1] + self.freq, self.freq, name=labels.name)
        return _with_freq(labels, self.known_freq())

    def last(self, lengths: IntArray) -> pd.Index:
        """Give the last label of every series; `lengths` and the result have the shape (A,)."""
        return self.labels(np.arange(len(lengths)), lengths - 1)

    def rows_at(self, labels: pd.Index) -> IntArray:
        """Find the rows of labels.

        Parameters
        ----------
        labels : Index of shape (A,)
            One label for each series, of the type of this axis.

        Returns
        -------
        ndarray of shape (A,), int64
            The rows, counted from the first of each series, that have these labels; if none has,
            one beside them (compare its label to know).
        """
        if isinstance(labels, pd.DatetimeIndex) and isinstance(self.template, pd.DatetimeIndex):
            if labels.tz is not None:
                labels = labels.tz_convert(self.template.tz)
            labels = labels.as_unit(self.template.unit)
        return self._steps.count(self.first, encode(labels, self.freq))

    def misplaced(self, labels: pd.Index, indptr: IntArray) -> IntArray:
        """Find rows that are not where the frequency expects them.

        Parameters
        ----------
        labels : Index of shape (N,)
            The labels of all rows, series after series, of the type of this axis.
        indptr : ndarray of shape (A + 1,), int64
            Where each series starts in `labels`.

        Returns
        -------
        ndarray of int64
            Positions in `labels`, rising.
        """
        lengths = np.diff(indptr)
        series, rows = np.repeat(np.arange(len(lengths)), lengths), ranges(0 * lengths, lengths)
        expected = self._steps.at(self.first[series], rows)
        bad = np.flatnonzero(expected != encode(labels, self.freq))
        # What the clock skipped is not misplaced, hence the second look, at labels.
        return bad[self.labels(series[bad], rows[bad]) != labels[bad]] if bad.size else bad

    def matches(self, other: TimeAxis) -> bool:
        """Tell whether another axis has labels of the same type, which can be compared."""
        ours, theirs = self.template, other.template
        if isinstance(ours, pd.DatetimeIndex) and isinstance(theirs, pd.DatetimeIndex):
            return (ours.tz is None) == (theirs.tz is None)
        if isinstance(ours, pd.PeriodIndex) or isinstance(theirs, pd.PeriodIndex):
            return ours.dtype == theirs.dtype
        return isinstance(ours, pd.DatetimeIndex) == isinstance(theirs, pd.DatetimeIndex)

    def _decode(self, codes: IntArray) -> pd.Index:
        """Turn integers back into labels: the inverse of `encode`."""
        template = self.template
        labels: pd.Index = pd.Index(codes)
        if isinstance(template, pd.PeriodIndex):
            labels = pd.PeriodIndex.from_ordinals(codes, freq=template.freq)  # type: ignore[attr-defined]
        elif isinstance(template, pd.DatetimeIndex):
            stamps = pd.DatetimeIndex(codes.view(f"M8[{template.unit}]"))
            if template.tz is None:
                labels = stamps
            elif self.freq is None or is_elapsed(self.freq):
                labels = stamps.tz_localize("UTC").tz_convert(template.tz)
            else:
                labels = localize(stamps, template.tz)
        return labels.rename(template.name)


def _with_freq(labels: pd.Index, freq: Frequency) -> pd.Index:
    """Let a DatetimeIndex know its frequency, unless the 31st or the time zone bends it."""
    if not isinstance(labels, pd.DatetimeIndex) or isinstance(freq, int):
        return labels
    try:
        return pd.DatetimeIndex(labels, freq=freq)
    except Exception:  # a ValueError, or with pandas 2 what pytz raises
        return labels


def _as_dtype(labels: pd.Index, dtype: Any) -> pd.Index:
    """Convert labels, unless the numbers have become too large for the dtype."""
    if labels.dtype == dtype:
        return labels
    try:
        converted = labels.astype(dtype)
    except (TypeError, ValueError):  # as nullable and pyarrow integers say it
        return labels
    return converted if converted.astype(labels.dtype).equals(labels) else labels

"""Read row labels, and refuse those that do not follow one frequency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_integer_dtype

from forecaster.data.frequency import Frequency, describe, encode, infer
from forecaster.data.panel import IntArray
from forecaster.data.time_axis import TimeAxis

_ENOUGH_ROWS = 5  # for their step not to be chance


class LongColumns(NamedTuple):
    """The names of the columns of a long frame."""

    id: str
    time: str
    target: str


def show(label: object) -> str:
    """Write a label, an id or a value for a message: dates without a midnight, text quoted."""
    if isinstance(label, pd.Timestamp):
        return str(label).removesuffix(" 00:00:00")
    return repr(str(label)) if isinstance(label, str) else str(label)


def plain_labels(labels: pd.Index, columns: LongColumns | None) -> tuple[pd.Index, Any]:
    """Turn the labels of rows into one of the types that tell time.

    Parameters
    ----------
    labels : Index of shape (N,)
        The index of the data, or the time column of a long frame.
    columns : LongColumns or None
        The names of a long frame's columns; None if `labels` are an index.

    Returns
    -------
    plain : DatetimeIndex, PeriodIndex or Index of int64, shape (N,)
        The labels.
    dtype : dtype
        What they were, to give later labels back in: a pyarrow timestamp or ``int32``, say.

    Raises
    ------
    ValueError
        If the labels are of another type, or one is missing.
    """
    what = "The index" if columns is None else f"The column {columns.time!r}"
    if isinstance(labels, pd.MultiIndex):
        raise ValueError(
            f"{what} has {labels.nlevels} levels, but rows need one label each: give a long frame, "
            "as from `data.reset_index()`, and name its columns by id_col, time_col, target_col."
        )
    labels = labels.infer_objects()
    if is_datetime64_any_dtype(labels.dtype):
        plain: pd.Index = pd.DatetimeIndex(labels)
    elif isinstance(labels, (pd.PeriodIndex, pd.RangeIndex)) or is_integer_dtype(labels.dtype):
        plain = labels
    else:
        place = "data.index" if columns is None else f"data[{columns.time!r}]"
        conversions = {
            "f": f"{place}.astype(int)",
            "m": f"pd.Timestamp('2024-01-01') + {place}",  # durations need a start
        }
        convert = conversions.get(labels.dtype.kind, f"pd.to_datetime({place})")
        raise ValueError(
            f"{what} holds timestamps, periods or integers; got {labels.dtype}, such as "
            f"{show(labels[0])}: convert it, e.g. `{place} = {convert}`."
        )
    missing = np.flatnonzero(plain.isna())
    if missing.size:
        raise ValueError(
            f"{what} needs a label in every row; row {missing[0]} has {plain[missing[0]]}: drop "
            "such rows or fill in their time."
        )
    if is_integer_dtype(plain.dtype) and plain.dtype != np.int64:
        plain = pd.Index(plain.to_numpy(np.int64), name=plain.name)
    return plain, labels.dtype


def read_axis(
    labels: pd.Index,
    dtype: Any,
    indptr: IntArray,
    freq: Frequency | None,
    of_series: Callable[[int], str],
    columns: LongColumns | None,
) -> TimeAxis:
    """Read the time axis of a panel, and check every row of it.

    Parameters
    ----------
    labels : DatetimeIndex, PeriodIndex or Index of int64, shape (N,)
        The labels of all rows, series after series.
    dtype : dtype
        The dtype in which to give labels back.
    indptr : ndarray of shape (A + 1,), int64
        Where each series starts in `labels`.
    freq : pandas offset, int or None
        The frequency if known; None to find it in the longest series.
    of_series : callable
        Gives the words " of series ..." for the position of a series, for messages.
    columns : LongColumns or None
        The names of a long frame's columns; None if `labels` are an index.

    Returns
    -------
    TimeAxis

    Raises
    ------
    ValueError
        If labels are repeated, out of order, or do not follow one frequency.
    """
    _check_order(labels, indptr, of_series, columns)
    given = freq is not None
    if freq is None or isinstance(labels, pd.PeriodIndex):
        longest = int(np.diff(indptr).argmax())
        freq = infer(labels[indptr[longest] : indptr[longest + 1]])
    elif isinstance(freq, int) == isinstance(labels, pd.DatetimeIndex):
        raise ValueError(
            f"The frequency {describe(freq)} does not go with labels such as {show(labels[0])}: "
            "an integer steps through integers, a pandas frequency through timestamps."
        )
    axis = TimeAxis(encode(labels[indptr[:-1]], freq), freq, labels[:0], dtype)
    if freq is not None:
        _check_steps(axis, labels, indptr, of_series, columns, given)
    return axis


def _check_order(
    labels: pd.Index,
    indptr: IntArray,
    of_series: Callable[[int], str],
    columns: LongColumns | None,
) -> None:
    codes = encode(labels, None)
    later = codes[1:] > codes[:-1]
    later[indptr[1:-1] - 1] = True  # the next row begins another series
    if later.all():
        return
    row = int(later.argmin()) + 1
    series = of_series(int(np.searchsorted(indptr, row, side="right")) - 1)
    if codes[row] < codes[row - 1]:
        by = None if columns is None else [columns.id, columns.time]
        sort = "data.sort_index()" if by is None else f"data.sort_values({by})"
        raise ValueError(
            f"Rows must be in the order of time; {show(labels[row])} comes after "
            f"{show(labels[row - 1])} in the rows{series}: sort them first, e.g. `{sort}`."
        )
    unique = "data[~data.index.duplicated(keep='last')]"
    if columns is not None:
        unique = f"data.drop_duplicates([{columns.id!r}, {columns.time!r}], keep='last')"
    raise ValueError(
        f"Every time may come once only; {show(labels[row])} is there twice in the rows{series}: "
        f"combine such rows or keep one of them, e.g. `{unique}`."
    )


def _check_steps(
    axis: TimeAxis,
    labels: pd.Index,
    indptr: IntArray,
    of_series: Callable[[int], str],
    columns: LongColumns | None,
    given: bool,
) -> None:
    misplaced = axis.misplaced(labels, indptr)
    if not misplaced.size:
        return
    row = int(misplaced[0])
    which = np.searchsorted(indptr, [row], side="right") - 1
    if not given and len(indptr) > 2:
        start, stop = indptr[which[0]], indptr[which[0] + 1]
        _check_common(axis.known_freq(), labels[start:stop], of_series(int(which[0])))
    position = row - indptr[which]
    own = axis.take(which)
    only = np.array([0])
    expected = own.labels(only, position)[0]
    found = own.rows_at(labels[[row]])
    freq = describe(axis.known_freq())
    if own.labels(only, found)[0] == labels[row]:
        raise ValueError(
            f"Rows must follow each other at one frequency, here {freq}; there is none for "
            f"{show(expected)} in the rows{of_series(int(which[0]))}: insert the missing rows, "
            f"e.g. `{_repair(labels, freq, columns, 'asfreq')}`"
            f"{_other_step(labels, freq, columns, given)}."
        )
    hint = "give them a constant step"
    if isinstance(labels, pd.DatetimeIndex):
        hint = f"average them, e.g. `{_repair(labels, freq, columns, 'resample')}`"
        hint += _other_step(labels, freq, columns, given)
    raise ValueError(
        f"Rows must follow each other at one frequency, here {freq}; {show(labels[row])} stands "
        f"where {show(expected)} would in the rows{of_series(int(which[0]))}: {hint}."
    )


def _check_common(freq: Frequency, labels: pd.Index, of_series: str) -> None:
    """Refuse a series that follows a frequency, but another one than the longest series."""
    own = infer(labels)
    if own is None or len(labels) < _ENOUGH_ROWS:
        return
    alone = TimeAxis(encode(labels[:1], own), own, labels[:0], labels.dtype)
    if not alone.misplaced(labels, np.array([0, len(labels)])).size:
        raise ValueError(
            f"All series must have one frequency; the longest has {describe(freq)}, the rows"
            f"{of_series} have {describe(own)}: insert what is missing, bring them to one, or fit "
            "them apart."
        )


def _other_step(labels: pd.Index, freq: str, columns: LongColumns | None, given: bool) -> str:
    """Say how to name a step that is not the one given or found, for a message."""
    if not isinstance(labels, pd.DatetimeIndex):
        return ""
    if given:
        return ", or, if their step is another one, give that as freq, or leave freq out"
    example = "'WOM-3FRI'"
    if freq in ("'B'", "'D'"):
        if (labels.day_of_week > 4).any():  # days, some of which are missing
            return ""
        index = "data.index" if columns is None else f"data[{columns.time!r}]"
        days = f"pd.bdate_range({index}.min(), {index}.max()).difference({index})"
        example = f"pd.offsets.CustomBusinessDay(holidays={days})"
    return f", or, if their step is another one, name it by freq, e.g. `freq={example}`"


def _repair(labels: pd.Index, freq: str, columns: LongColumns | None, how: str) -> str:
    """Write the code that makes rows regular, for a message."""
    y = "data" if columns is None else "y"
    if isinstance(labels, pd.DatetimeIndex):
        code = f"{y}.asfreq({freq})" if how == "asfreq" else f"{y}.resample({freq}).mean()"
    else:
        ends = f"{y}.index[0], {y}.index[-1]"
        if isinstance(labels, pd.PeriodIndex):
            code = f"{y}.reindex(pd.period_range({ends}, name={y}.index.name))"
        else:
            code = f"{y}.reindex(pd.RangeIndex({ends} + 1, {freq}, name={y}.index.name))"
    code = f"{code}.interpolate()"
    if columns is None:
        return code
    return (
        f"data.set_index({columns.time!r}).groupby({columns.id!r})[{columns.target!r}]"
        f".apply(lambda y: {code}).reset_index()"
    )

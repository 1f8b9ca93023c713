"""Times in the columns of a file: where they are, and what they are."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pandas as pd

from forecaster.cli.periods import are_periods, read_periods

_DISTANCE = r"\s*([-+]\d\d(:?\d\d)?|Z)"  # from UTC
_CLOCK = re.compile(  # without a date; a number by itself is none
    rf"(?=.*[:hmt])\s*T?\d\d?(:\d\d){{0,2}}(\.\d+)?\s*(h|[ap]m)?({_DISTANCE}|\s*UTC)?", re.I
)
_YEAR_FIRST = re.compile(r"(1[5-9]|2[01])\d\d-\d")
_DATED = re.compile(  # 2024/01/31, 31.1.2024, 31 January 2024, Jan 31, 2024
    r"((1[5-9]|2[01])\d\d[-/.]\d|\d\d?[-/.]\d\d?[-/.]\d\d|"
    r"(\d\d?[-.\s]*)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d{4})",
    re.I,
)
# integers in which dates are written without a sign between: their range, and how to read them
_DATES_IN_DIGITS = [(19000101, 21001231, "%Y%m%d"), (190001, 210012, "%Y%m")]


def are_times(column: pd.Series) -> bool:
    """Whether these are timestamps, periods, or dates that are written with the year first."""
    if column.isna().any():
        return False
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_string_dtype(column.dtype):
        text = column.astype(str).str.strip()
        dated = text.str.match(_YEAR_FIRST).all()
        return bool(dated and _parsed(text, format="ISO8601").notna().all())
    is_period = isinstance(column.dtype, pd.PeriodDtype)
    return is_period or pd.api.types.is_datetime64_any_dtype(column.dtype)


def are_periods_in_text(column: pd.Series) -> bool:
    """Whether all these are quarters, or all are weeks."""
    return column.dtype.kind == "O" and read_periods(column) is not None


def which_are_times(column: pd.Series) -> pd.Series:
    """Which rows have a time, in whatever way it is written; whole days as numbers of 8 digits."""
    known = column.dropna()
    if pd.api.types.is_string_dtype(known.dtype):
        text = known.astype(str).str.strip()
        dated = text[text.str.match(_DATED)]
        readings: list[dict[str, Any]] = [{"format": "ISO8601"}, {}, {"dayfirst": True}]
        read = [_parsed(dated, **reading).dropna().index for reading in readings]
        found = set().union(*read, text.index[are_periods(text)])
        return column.index.to_series().isin(found)
    if pd.api.types.is_numeric_dtype(known.dtype) and not pd.api.types.is_bool_dtype(known.dtype):
        first, last, pattern = _DATES_IN_DIGITS[0]
        days = known[known.between(first, last) & (known % 1 == 0)].astype("int64").astype(str)
        return column.index.to_series().isin(_parsed(days, format=pattern).dropna().index)
    return column.notna() & are_times(known)


def read_times(column: pd.Series, *, with_periods: bool = True) -> Any:
    """Times as timestamps, periods or integers; ``with_periods``: whether text may become some."""
    missing = column.isna()
    if missing.any():
        raise ValueError(
            f"the column {column.name!r} has no time in row {int(missing.argmax()) + 1}"
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_integer_dtype(column.dtype):
        return _dates_in_digits(column)
    if not pd.api.types.is_string_dtype(column.dtype):
        return column
    text = column.astype(str).str.strip()
    periods = read_periods(text)
    if periods is not None:
        stays = with_periods or not isinstance(periods.dtype, pd.PeriodDtype)
        return periods if stays else periods.dt.to_timestamp()
    clocks = text[text.map(_CLOCK.fullmatch).notna()]
    if len(clocks):
        raise ValueError(
            f"the column {column.name!r} holds times of a day, such as {clocks.iloc[0]}, without "
            "their date: write times like 2024-01-31 18:00"
        )
    readings = [_parsed(text, format="ISO8601")]
    year_first = text.str.match(r"\d{4}-").all()  # then there is but one reading
    if readings[0].isna().any() and not year_first:
        readings = [_parsed(text, dayfirst=False), _parsed(text, dayfirst=True)]
    complete = [reading for reading in readings if reading.notna().all()]
    if not complete:
        best = min(readings, key=lambda reading: int(reading.isna().sum()))
        unread = best.isna() & ~are_periods(text)
        row = int((unread if unread.any() else best.isna()).argmax())
        raise ValueError(
            f"cannot read {text.iloc[row]!r} in row {row + 1} of the column {column.name!r} as a "
            "time: write times like 2024-01-31, 2024-01-31 18:00, 2024Q1 or 2024-W05"
        )
    if len(complete) == 2 and not complete[0].equals(complete[1]):
        row = int((complete[0] != complete[1]).argmax())
        raise ValueError(
            f"{text.iloc[row]!r} in row {row + 1} of the column {column.name!r} may be "
            f"{complete[0].iloc[row]:%Y-%m-%d} or {complete[1].iloc[row]:%Y-%m-%d}: write times "
            "like 2024-01-31"
        )
    return complete[0]


def _dates_in_digits(numbers: pd.Series) -> pd.Series:
    """Dates for numbers such as 20240131 or 202401, or else the numbers."""
    for first, last, pattern in _DATES_IN_DIGITS:
        if numbers.between(first, last).all():
            dates = _parsed(numbers.astype(str), format=pattern)
            return dates if dates.notna().all() else numbers
    return numbers


def _parsed(text: pd.Series, **settings: Any) -> pd.Series:
    """Times, NaT for what is none. Clocks that are put forward are read in UTC."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the format is guessed
        warnings.simplefilter("error", FutureWarning)  # what pandas 2 says of the case below
        try:
            return pd.to_datetime(text, errors="coerce", **settings)
        except (ValueError, FutureWarning):  # several distances from UTC: daylight saving time
            wall = text.str.replace(rf"(?<=:\d\d){_DISTANCE}$", "", regex=True)
            days = pd.to_datetime(wall, errors="coerce", utc=True, **settings).dt.tz_localize(None)
            if days.notna().all() and (days == days.dt.normalize()).all():
                return days
            return pd.to_datetime(text, errors="coerce", utc=True, **settings)

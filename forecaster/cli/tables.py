"""From a file to data that a forecaster takes."""

from __future__ import annotations

import re
import warnings
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forecaster._extras import require
from forecaster.cli.times import are_periods_in_text, are_times, read_times, which_are_times
from forecaster.data import SeriesSet, load_airline, load_beer, load_sunspots, read

EXAMPLES = {"airline": load_airline, "beer": load_beer, "sunspots": load_sunspots}
_TIME_COLUMNS = ["ds", "date", "time", "timestamp", "datetime"]
_ID_COLUMN = "unique_id"
_NUMBER = "\0"  # a column that no file has
_OF_FORECASTS = re.compile(r"mean|(lo|hi)-[\d.]+")  # what their columns are called
_VALUE = re.compile(r"-?\d[-+.,:/\d\s]*(T[-+.:\d]+Z?)?")  # a number or a time, no name
_NEARLY = 0.9  # so many of its rows make a column one of times in which others are wrong
_MISSING = [
    *("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan"),
    *("NULL", "null", "None"),
]


@dataclass(frozen=True)
class Table:
    """Data and the names of their parts.

    Parameters
    ----------
    data : Series or DataFrame
        One series, or a long frame of several.
    series : SeriesSet
        The same, read.
    source : str
        Where they are from.
    id_col, time_col, target_col : str
        The names of the columns; for one series what they would be called.
    has_times : bool
        Whether a column tells the time; otherwise rows are numbered.
    freq : str, int, pandas offset or None
        The step from row to row, if it was given.
    """

    data: pd.Series | pd.DataFrame
    series: SeriesSet
    source: str
    id_col: str
    time_col: str
    target_col: str
    has_times: bool = True
    freq: object = None

    @property
    def columns(self) -> dict[str, Any]:
        """The names, as a forecaster takes them."""
        return {"id_col": self.id_col, "time_col": self.time_col, "target_col": self.target_col}


def load(arguments: Namespace) -> Table:
    """Read the file or the example that the arguments name.

    Raises
    ------
    ValueError
        If the file cannot be read, lacks columns, or does not hold regular series of numbers.
    ImportError
        If pyarrow is needed and missing.
    """
    if arguments.example is not None:
        for name in ("target", "time", "id", "freq"):
            if getattr(arguments, name) is not None:
                raise ValueError(f"--{name} is about the columns of a file; --example needs none")
        data = EXAMPLES[arguments.example]()
        return Table(data, read(data), arguments.example, _ID_COLUMN, "ds", str(data.name))
    frame = _read_file(arguments.file, arguments)
    try:
        return _table(frame, arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{arguments.file}: {_without_code(str(error))}") from error


def _table(frame: pd.DataFrame, arguments: Namespace) -> Table:
    """Give the columns of a file their parts."""
    if frame.empty:
        raise ValueError("there are no rows")
    named = _named(frame, arguments)
    id_col = named["id"] or _usual(frame, [_ID_COLUMN], named)
    time_col = named["time"] or _usual(frame, _TIME_COLUMNS, named)
    time_col = time_col or _only_time(frame, id_col, named["target"])
    for name in (id_col, time_col):
        if name is not None and _OF_FORECASTS.fullmatch(name):
            raise ValueError(f"the column {name!r} is called like one of the forecasts: rename it")
    others = frame.drop(columns=[name for name in (id_col, time_col) if name is not None])
    target_col = named["target"] or _only_number(others)
    frame[target_col] = _numbers(frame[target_col])
    has_times = time_col is not None
    if time_col is None:
        # a column "ds" plays another part, or else it would be the one
        time_col = next(name for name in ("ds", "row", "step") if name not in (id_col, target_col))
        series = 0 * frame.index if id_col is None else pd.factorize(frame[id_col])[0]
        frame[time_col] = frame.groupby(series, sort=False).cumcount()
    else:
        frame[time_col] = read_times(frame[time_col], with_periods=arguments.freq is None)
    freq = _frequency(arguments.freq, frame[time_col])
    if id_col is None:
        _check_one_series(frame, time_col, target_col)
        one = frame.set_index(time_col)[target_col]
        names = (_ID_COLUMN, time_col, target_col)
        return Table(one, read(one, freq=freq), str(arguments.file), *names, has_times, freq)
    names = (id_col, time_col, target_col)
    several = frame[list(names)]
    data = read(several, id_col=id_col, time_col=time_col, target_col=target_col, freq=freq)
    return Table(several, data, str(arguments.file), *names, has_times, freq)


def _read_file(path: Path, arguments: Namespace) -> pd.DataFrame:
    if path.suffix.lower() not in {".csv", ".parquet"}:
        raise ValueError(f"{path}: expected a file whose name ends with .csv or .parquet")
    if not path.exists():
        raise ValueError(f"cannot read {path}: No such file or directory")
    try:
        if path.suffix.lower() == ".parquet":
            frame = _read_parquet(path, arguments.time)
        else:
            frame = _read_csv(path, arguments.id)
    except ImportError:
        raise
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text: save it with that encoding") from None
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    except pd.errors.ParserWarning:
        raise ValueError(
            f"cannot read {path} as csv: rows have more values than the first line names columns"
        ) from None
    except ValueError as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ")
        raise ValueError(f"cannot read {path} as {path.suffix[1:]}: {reason}") from error
    return frame


def _read_csv(path: Path, id_col: str | None) -> pd.DataFrame:
    first = pd.read_csv(path, header=None, nrows=1, index_col=False, dtype=str)
    given = first.iloc[0].dropna().str.strip()  # pandas would rename the second of two columns
    if given.duplicated().any():
        raise ValueError(f"there are two columns {given[given.duplicated()].iloc[0]!r}: rename one")
    names = [str(name) for name in pd.read_csv(path, nrows=0, index_col=False).columns]
    if len(names) == 1 and re.search("[;\t]", names[0]):
        raise ValueError(
            f"there is the single column {names[0]!r}: separate the columns by commas, and write "
            "decimals with a point"
        )
    if all(_VALUE.fullmatch(name) for name in names):
        raise ValueError(f"the first line should name the columns, but holds {', '.join(names)}")
    # An id is text as it stands: leading zeros stay, and so does the country NA.
    ids = [
        name
        for name in names
        if name.strip() == id_col or (not id_col and name.strip().lower() == _ID_COLUMN)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows that are too long
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(ids, str),
            keep_default_na=False,
            na_values={name: [""] if name in ids else _MISSING for name in names},
            index_col=False,  # a first column is never taken for one
            low_memory=False,
        )
    return frame.rename(columns=str.strip)


def _read_parquet(path: Path, time_col: str | None) -> pd.DataFrame:
    require("pyarrow", "parquet")
    frame = pd.read_parquet(path)
    if isinstance(frame.index, pd.RangeIndex):
        return frame
    if frame.index.nlevels > 1 or frame.index.name is not None:
        return frame.reset_index()
    # An index without a name tells the time, unless a column does: then it is what filtering
    # or joining frames has left.
    others = time_col in frame or any(str(name).lower() in _TIME_COLUMNS for name in frame)
    if others or (frame.index.dtype.kind in "iu" and any(are_times(frame[n]) for n in frame)):
        return frame.reset_index(drop=True)
    return frame.rename_axis("ds").reset_index()


def _named(frame: pd.DataFrame, arguments: Namespace) -> dict[str, str | None]:
    """The columns that the user names for each part."""
    named = {part: getattr(arguments, part) for part in ("id", "time", "target")}
    for part, name in named.items():
        if name is not None and name not in frame.columns:
            columns = ", ".join(str(column) for column in frame.columns)
            raise ValueError(f"--{part}: there is no column {name!r}; the columns are: {columns}")
        if name is not None and list(named.values()).count(name) > 1:
            raise ValueError(f"--{part}: the column {name!r} cannot play two parts")
    return named


def _usual(frame: pd.DataFrame, names: list[str], named: dict[str, str | None]) -> str | None:
    """The first column that has a usual name, in any case of letters, and no other part."""
    free = {name.lower(): name for name in map(str, frame) if name not in named.values()}
    return next((free[name] for name in names if name in free), None)


def _only_time(frame: pd.DataFrame, id_col: str | None, target_col: str | None) -> str | None:
    """The only column of times, whatever it is called; None if there is none.

    Dates that come again in a series are those of something else, and quarters or weeks beside a
    column of dates say the same once more.
    """
    series = [] if id_col is None else [id_col]
    names = [n for n in frame if isinstance(n, str) and n not in (id_col, target_col)]
    for are_it in (are_times, are_periods_in_text):
        times = [name for name in names if are_it(frame[name])]
        found = [name for name in times if not frame.duplicated([*series, name]).any()]
        if found:
            return _only_one(found)
        for name in times if id_col is None else []:
            _check_one_series(frame.assign(**{name: read_times(frame[name])}), name, target_col)
    # One that is nearly it is taken, too, and what is wrong with it is told.
    found = [
        name
        for name in names
        if (which_are_times(frame[name]) & ~frame.duplicated([*series, name])).mean() >= _NEARLY
    ]
    return _only_one(found) if found else None


def _only_one(times: list[str]) -> str:
    if len(times) > 1:
        raise ValueError(f"name the column of the times by --time, one of: {', '.join(times)}")
    return times[0]


def _only_number(frame: pd.DataFrame) -> str:
    """The only column of numbers (an empty one is none), or the only column."""
    columns = frame.select_dtypes("number").dropna(axis="columns", how="all").columns
    if columns.empty:
        columns = frame.columns
    if len(columns) != 1:
        listed = ", ".join(str(column) for column in columns) or "none"
        raise ValueError(f"name the column to forecast by --target; those left are: {listed}")
    return columns[0]


def _check_one_series(frame: pd.DataFrame, time_col: str, target_col: str | None) -> None:
    """Refuse series below each other that a column tells apart, each of them regular."""
    if not frame[time_col].duplicated().any():
        return
    for name in frame.columns.drop([time_col, target_col], errors="ignore"):
        several = frame[[name, time_col]].assign(**{_NUMBER: 0.0})
        try:
            read(several, id_col=name, time_col=time_col, target_col=_NUMBER)
        except (TypeError, ValueError):
            continue
        if 2 * frame[name].nunique() <= len(frame):  # else it is no id
            raise ValueError(
                f"times come more than once in {time_col}, as in the rows of several series: name "
                f"the column that tells these apart by --id, such as {name}"
            )


def _numbers(target: pd.Series) -> pd.Series:
    """Numbers that are stored as text or objects become numbers; words and truths are refused."""
    if target.dtype.kind not in "bO":
        return target  # what is neither number nor word, the reader of the data refuses
    numbers = pd.to_numeric(target.astype(str), errors="coerce")
    words = (numbers.isna() & target.notna()).to_numpy()
    if words.any():
        row = int(words.argmax())
        raise ValueError(
            f"the column {target.name!r} should hold numbers, but row {row + 1} has "
            f"{str(target.iloc[row])!r}: correct it, or name another column by --target"
        )
    return numbers


def _frequency(name: str | None, times: pd.Series) -> object:
    """What --freq names: with C, the business days that the rows have, all others are holidays."""
    if name is None or name.isdecimal():
        return None if name is None else int(name)
    if name != "C" or not pd.api.types.is_datetime64_any_dtype(times.dtype):
        return name
    days = pd.DatetimeIndex(times).tz_localize(None).normalize()
    holidays = pd.bdate_range(days.min(), days.max()).difference(days)
    return pd.offsets.CustomBusinessDay(holidays=list(holidays))


def _without_code(message: str) -> str:
    """Drop the Python that a message advises; here nobody can run it."""
    sentence = re.sub(r", e\.g\.( with)? `[^`]*`| with `[^`]*`", "", message)
    with_holidays = " (C: business days with holidays)" if "here 'B'" in message else ""
    sentence = sentence.replace("id_col, time_col and target_col", "--id, --time and --target")
    sentence = sentence.replace("as freq, or leave freq", "by --freq, or leave it")
    return sentence.replace("by freq", f"by --freq{with_holidays}")

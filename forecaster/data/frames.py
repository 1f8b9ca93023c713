"""Read whatever a user may have: a list, an array, a Series, a wide or a long frame."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from forecaster.data.frequency import Frequency, parse
from forecaster.data.panel import FloatArray, Panel, pointers
from forecaster.data.series_set import Kind, SeriesSet
from forecaster.data.time_checks import LongColumns, plain_labels, read_axis, show


def read(
    data: object,
    *,
    id_col: str = "unique_id",
    time_col: str = "ds",
    target_col: str = "y",
    freq: object = None,
) -> SeriesSet:
    """Read time series in any of the forms a user may have.

    Parameters
    ----------
    data : list, array, Series or DataFrame
        - A list, tuple, range or array of shape (n,): one series.
        - An array of shape (n, S): S series, one per column.
        - A Series: one series. Its index tells the time: timestamps (with a time zone or without),
          periods, or integers with a constant step.
        - A DataFrame with the three columns named below: a long frame of many series, rows of
          one series in the order of time, series of any lengths and starts; other columns are
          ignored.
        - Any other DataFrame: a wide frame, one series per column, its index as for a Series.

        All numbers must be finite, and rows must follow each other at one frequency.
    id_col, time_col, target_col : str, default="unique_id", "ds", "y"
        The columns of a long frame: which series, when, and what. Ids may be anything hashable.
    freq : str, pandas offset, int or None, default=None
        The step from row to row, for timestamps that do not tell it by themselves: a single row,
        business days with holidays (a ``CustomBusinessDay``), and the like. Periods and plain
        arrays need none.

    Returns
    -------
    SeriesSet

    Raises
    ------
    TypeError
        If `data` is of another type.
    ValueError
        If `data` is empty, not numeric, not finite, not in the order of time or not regular, or
        columns are missing or named twice.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"unique_id": ["a", "a", "b", "b"], "ds": [2020, 2021, 2019, 2020], "y": [1, 2, 3, 4]}
    ... )
    >>> data = read(frame)
    >>> data.kind, data.n_series, data.freq
    ('long', 2, 1)
    >>> data.forecast({"mean": [[3.0], [5.0]]})
      unique_id    ds    y
    0         a  2022  3.0
    1         b  2021  5.0
    """
    step = None if freq is None else parse(freq)
    if isinstance(data, pd.DataFrame):
        _check_columns(data)
        columns = LongColumns(id_col, time_col, target_col)
        names = data.columns if data.columns.nlevels == 1 else ()  # with more, columns are series
        absent = [name for name in columns if name not in names]
        if not absent:
            return _read_long(data, columns, step)
        if id_col in names or time_col in names:
            raise ValueError(
                f"A long frame has the columns {id_col!r}, {time_col!r} and {target_col!r}; got a "
                f"frame without {absent[0]!r}: name yours by id_col, time_col and target_col, "
                "bring an index back with `data.reset_index()`, or, for a single series, give "
                f"`data.set_index({time_col!r})[{target_col!r}]`."
            )
        return _read_shared(data, "wide", step)
    if isinstance(data, pd.Series):
        column = data.to_frame()
        column.columns = pd.Index([data.name], tupleize_cols=False)
        return _read_shared(column, "series", step)
    array = _as_array(data)
    if array.ndim == 2:
        return _read_shared(pd.DataFrame(array), "wide", None, labelled=False)
    column = pd.DataFrame({None: pd.Series(array)})
    return _read_shared(column, "array", None, labelled=False)


def _read_shared(
    frame: pd.DataFrame, kind: Kind, freq: Frequency | None, *, labelled: bool = True
) -> SeriesSet:
    """Read series that share one index, a column each."""
    n_rows, n_series = frame.shape
    _check_not_empty(n_rows, n_series)
    values = _numbers_of_columns(frame, named=kind == "wide").ravel()
    labels, dtype = plain_labels(frame.index, None)
    axis = read_axis(labels, dtype, np.array([0, n_rows]), freq, lambda _: "", None)

    def place(position: int) -> str:
        series, row = divmod(position, n_rows)
        column = f" in column {show(frame.columns[series])}" if kind == "wide" else ""
        return f"at {'' if labelled else 'position '}{show(labels[row])}{column}"

    lengths = " (series of different lengths go in a long frame)" if kind == "wide" else ""
    panel = Panel(values, np.arange(n_series + 1) * n_rows)
    _check_finite(panel, place, f"`data.interpolate()`{lengths}")
    return SeriesSet(panel, kind, frame.columns, axis, None, labelled)


def _read_long(frame: pd.DataFrame, columns: LongColumns, freq: Frequency | None) -> SeriesSet:
    """Read rows that say to which series they belong."""
    _check_not_empty(len(frame), 1)
    values = _numbers(frame[columns.target], f" in column {columns.target!r}")
    labels, dtype = plain_labels(pd.Index(frame[columns.time]), columns)
    try:
        codes = pd.factorize(frame[columns.id])[0]  # numbered in order of first appearance
    except TypeError as error:
        raise TypeError(
            f"The ids in column {columns.id!r} must be hashable, such as text or numbers: {error}."
        ) from error
    if (codes < 0).any():
        raise ValueError(
            f"Every row needs an id; row {codes.argmin()} has none in column {columns.id!r}: fill "
            "it in or drop the row."
        )
    order = np.argsort(codes, kind="stable")
    indptr = pointers(np.bincount(codes))
    ids = pd.Index(frame[columns.id].array.take(order[indptr[:-1]]), tupleize_cols=False)
    labels, values = labels.take(order), values[order]

    def of_series(position: int) -> str:
        return f" of series {show(ids[position])}"

    def place(position: int) -> str:
        series = int(np.searchsorted(indptr, position, side="right")) - 1
        return f"at {show(labels[position])}{of_series(series)}"

    axis = read_axis(labels, dtype, indptr, freq, of_series, columns)
    by_id = f"data.groupby({columns.id!r})[{columns.target!r}]"
    panel = Panel(values, indptr)
    _check_finite(panel, place, f"`{by_id}.transform(lambda y: y.interpolate())`")
    return SeriesSet(panel, "long", ids, axis, columns, labelled=True)


def _as_array(data: object) -> np.ndarray:
    """Read what is not pandas as an array of one or two dimensions."""
    if isinstance(data, (list, tuple, range)):
        if any(isinstance(value, (list, tuple)) or np.ndim(value) for value in data):
            raise ValueError(
                "A list holds the numbers of one series; got a list of lists: give an array of "
                "shape (n, n_series), one series per column, or a long frame."
            )
        return pd.Series(list(data), dtype=object).infer_objects().to_numpy()
    if not hasattr(data, "__array__"):
        raise TypeError(
            "Expected a list, an array, a pandas Series or a pandas DataFrame; got "
            f"{type(data).__name__}: convert it first."
        )
    array = np.asanyarray(data)
    if array.ndim not in (1, 2):
        raise ValueError(
            "An array has the shape (n,), or (n, n_series) for several series; got "
            f"{array.shape}: reshape it."
        )
    return array


def _numbers_of_columns(frame: pd.DataFrame, named: bool) -> FloatArray:
    """Convert columns of one length to rows of an array, shape (n_series, n_rows)."""
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in set(frame.dtypes)):
        return frame.to_numpy(np.float64).T.copy(order="C")
    columns = zip(frame.columns, (frame.iloc[:, i] for i in range(frame.shape[1])), strict=True)
    return np.stack(
        [_numbers(column, f" in column {show(name)}" * named) for name, column in columns]
    )


def _numbers(column: pd.Series, where: str) -> FloatArray:
    """Convert one column to floats; what is missing becomes NaN."""
    kind = column.dtype.kind
    if kind == "b":
        raise ValueError(
            f"Expected numbers{where}; got True and False: if 1 and 0 are meant, convert them with "
            "`.astype(float)`."
        )
    if kind == "c":
        raise ValueError(
            f"Complex data not supported{where}: give the real and the imaginary part as two "
            "series."
        )
    if kind in "mM":
        raise ValueError(
            f"Expected numbers{where}; got {column.dtype}: make times the index, e.g. with "
            "`data.set_index(...)`, or name the columns of a long frame by id_col, time_col and "
            "target_col; convert durations with `.dt.total_seconds()`."
        )
    if kind in "iuf":
        return column.to_numpy(np.float64, na_value=np.nan)
    missing = column.isna().to_numpy()
    for label, value in column[~missing].items():
        if not isinstance(value, (Real, Decimal)) or isinstance(value, (bool, np.bool_)):
            columns = "id_col, time_col and target_col"
            of_frame = f", or, if they tell series apart, name the columns by {columns}"
            raise ValueError(
                f"Expected numbers{where}; got {show(value)} at {show(label)}: convert the values "
                "first, e.g. with `pd.to_numeric`, or, if they are times, make them the index"
                f"{of_frame if where else ''}."
            )
    values = np.full(len(column), np.nan)
    values[~missing] = column[~missing].to_numpy(object).astype(np.float64)
    return values


def _check_columns(frame: pd.DataFrame) -> None:
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise ValueError(
            f"Every column needs its own name; {show(repeated[0])} is there twice: rename or drop "
            "one, e.g. `data.loc[:, ~data.columns.duplicated()]`."
        )


def _check_not_empty(n_rows: int, n_series: int) -> None:
    if n_rows == 0 or n_series == 0:
        raise ValueError(
            f"Expected at least one row of at least one series; got {n_rows} rows and {n_series} "
            "columns: check how the data were loaded or filtered."
        )


def _check_finite(panel: Panel, place: Callable[[int], str], repair: str) -> None:
    values = panel.values
    bad = np.flatnonzero(~np.isfinite(values))
    if not bad.size:
        return
    what, advice = "inf", "replace what has overflowed or was divided by zero"
    if np.isnan(values[bad[0]]):
        what, advice = "NaN", f"fill the gaps first, e.g. {repair}"
        if bad[0] in panel.indptr:  # nothing comes before it from which to fill
            advice = f"drop the rows before a series begins, and fill the gaps, e.g. {repair}"
    raise ValueError(
        f"All numbers must be finite; got {what} {place(int(bad[0]))} ({bad.size} of "
        f"{values.size} values): {advice}."
    )

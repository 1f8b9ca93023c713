"""A panel together with its ids and times, and the way back to pandas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecaster.data.frequency import Frequency, describe
from forecaster.data.panel import IntArray, Panel, pointers, ranges
from forecaster.data.time_axis import TimeAxis
from forecaster.data.time_checks import LongColumns, show

Kind = Literal["array", "series", "wide", "long"]


@dataclass(frozen=True, eq=False)
class SeriesSet:
    """One or many series as a user gave them; made by `read`.

    Parameters
    ----------
    panel : Panel
        The values.
    kind : {"array", "series", "wide", "long"}
        What they came in: a one-dimensional array or list, a pandas Series, a wide frame or
        two-dimensional array (one column per series), or a long frame.
    ids : Index of shape (S,)
        What the series are called: the name of the Series, the columns of the wide frame, or the
        ids of the long frame in order of first appearance.
    axis : TimeAxis
        Their times: one axis for all, or in a long frame one for each.
    columns : LongColumns or None
        The names of a long frame's columns.
    labelled : bool
        Whether rows have labels of their own. Those of an array are counted: new ones follow
        directly upon the old.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecaster.data import read
    >>> y = pd.Series([3.0, 4.0], index=pd.period_range("2024-11", periods=2, freq="M"), name="y")
    >>> data = read(y)
    >>> data.forecast({"mean": [[5.0, 6.0]]})
    2025-01    5.0
    2025-02    6.0
    Freq: M, Name: y, dtype: float64
    """

    panel: Panel
    kind: Kind
    ids: pd.Index
    axis: TimeAxis
    columns: LongColumns | None
    labelled: bool

    @property
    def n_series(self) -> int:
        """The number of series, S."""
        return self.panel.n_series

    @property
    def lengths(self) -> IntArray:
        """The number of rows of each series, shape (S,)."""
        return self.panel.lengths

    @property
    def freq(self) -> Frequency | None:
        """The step from row to row: a pandas offset, an integer, or None if it is unknown."""
        return self.axis.freq

    def last_labels(self) -> pd.Index:
        """Give the time of the last row of every series.

        Returns
        -------
        Index of shape (S,)
        """
        ends = self.axis.last(self._axis_lengths)
        return ends if self.kind == "long" else ends.repeat(self.n_series)

    def forecast(self, columns: Mapping[str, npt.ArrayLike]) -> pd.Series | pd.DataFrame:
        """Give forecasts the form that the data had.

        Parameters
        ----------
        columns : dict of str to array-like of shape (S, h)
            The forecasts of the next `h` steps. The key ``"mean"`` alone gives a forecast that
            looks like the data; several keys, such as ``"mean"``, ``"lo-95"``, ``"hi-95"``, give
            one column each, in their order.

        Returns
        -------
        Series or DataFrame
            Rows continue those of the data: the same type of index, frequency, time zone and
            names. For an array or a Series: a Series, or a frame of the keys. For a wide frame:
            a frame with the same columns, or with columns (series, key). For a long frame: the
            columns id, time and target, or id, time and the keys; series by series in the order
            of first appearance, each from its own end on.

        Raises
        ------
        ValueError
            If the arrays differ in shape, the frequency is unknown, or the ids or times of a long
            frame are in a column that is called like one of the keys.
        """
        arrays = {key: np.asarray(array, dtype=np.float64) for key, array in columns.items()}
        shape = next(iter(arrays.values())).shape
        if len(shape) != 2 or any(array.shape != shape for array in arrays.values()):
            shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
            raise ValueError(f"Forecasts need one shape (n_series, horizon) for all; got {shapes}.")
        if shape[0] != self.n_series or shape[1] < 1:
            raise ValueError(
                f"Forecasts of {self.n_series} series need the shape ({self.n_series}, horizon); "
                f"got {shape}."
            )
        index = self.axis.continued(self._axis_lengths, shape[1])
        only_mean = list(arrays) == ["mean"]
        if self.columns is not None:
            names = [self.columns.target] if only_mean else list(arrays)
            taken = {self.columns.id, self.columns.time}.intersection(names)
            if taken:
                raise ValueError(
                    f"Forecasts have the columns {', '.join(names)}; the data have ids or times in "
                    f"a column {taken.pop()!r}, too: rename it."
                )
            flat = {name: array.ravel() for name, array in zip(names, arrays.values(), strict=True)}
            ids = self.ids.repeat(shape[1])
            return pd.DataFrame({self.columns.id: ids, self.columns.time: index, **flat})
        if self.kind == "wide":
            rows = np.stack(list(arrays.values()), axis=1).reshape(-1, shape[1]).T
            headers = self.ids if only_mean else _product(self.ids, list(arrays))
            return pd.DataFrame(rows, index=index, columns=headers)
        if only_mean:
            return pd.Series(arrays["mean"][0], index=index, name=self.ids[0])
        return pd.DataFrame({key: array[0] for key, array in arrays.items()}, index=index)

    def positions_of(self, other: SeriesSet) -> IntArray:
        """Find the series of other data among these, by the value of their ids.

        Parameters
        ----------
        other : SeriesSet
            Data of the same kind, about all of these series or some of them, in any order. Plain
            arrays have no ids: they go with any data of the same number of series, in its order.

        Returns
        -------
        ndarray of shape (other.n_series,), int64
            Positions in `ids`.

        Raises
        ------
        ValueError
            If the kind differs, or a series is not among these.
        """
        if not other.labelled or (self.kind == other.kind == "series"):
            one = {"array", "series"}
            if other.n_series != self.n_series or (other.kind in one) != (self.kind in one):
                raise ValueError(
                    f"The known data are {self._words}; got {other._words}: give new rows in the "
                    "same form, with the same series."
                )
            return np.arange(self.n_series)
        if not self.labelled or self.kind != other.kind:
            raise ValueError(
                f"The known data are {self._words}; got {other._words}: give new rows in the same "
                "form."
            )
        positions = self.ids.get_indexer(other.ids).astype(np.int64)
        if (positions < 0).any():
            raise ValueError(
                f"Series {show(other.ids[int(positions.argmin())])} is not among the "
                f"{self.n_series} known ones, such as {show(self.ids[0])}: leave it out, or fit "
                "again with it."
            )
        return positions

    def steps_to(self, other: SeriesSet) -> IntArray:
        """Count how many steps after the end of these data other data begin.

        Parameters
        ----------
        other : SeriesSet
            Later rows of all series or some of them; see `positions_of`.

        Returns
        -------
        ndarray of shape (other.n_series,), int64
            In the order of ``other.ids``: 1 if the first row follows directly, 2 if there is one
            step between, and so on; always 1 for plain arrays.

        Raises
        ------
        ValueError
            If a series is unknown, its rows do not lie after the end of the data, or they do not
            follow the same frequency.
        """
        positions = self.positions_of(other)
        if not other.labelled:
            return np.ones(other.n_series, dtype=np.int64)
        if not self.axis.matches(other.axis):
            raise ValueError(
                f"New rows need labels like those of the known data, {self._label_words}; got "
                f"{other._label_words}."
            )
        each = self.kind == "long"
        axis = self.axis.take(positions) if each else self.axis
        known = self.lengths[positions] if each else self._axis_lengths
        alone = np.arange(len(known))
        ends, starts = axis.last(known), other.axis.labels(alone, 0 * alone)
        if not (starts > ends).all():
            late = int((starts > ends).argmin())
            raise ValueError(
                f"New rows must lie after the known ones{other._of_series(late)}, which end at "
                f"{show(ends[late])}; got {show(starts[late])}: leave out the rows already known."
            )
        freq = axis.known_freq()
        rows = axis.rows_at(starts)
        new = other._axis_lengths
        series, within = np.repeat(alone, new), ranges(0 * new, new)
        expected = axis.labels(series, rows[series] + within)
        got = other.axis.labels(series, within)
        if not (expected == got).all():
            bad = int((expected == got).argmin())
            raise ValueError(
                f"New rows must follow the frequency of the known ones, {describe(freq)} "
                f"from {show(ends[series[bad]])} on{other._of_series(int(series[bad]))}; got "
                f"{show(got[bad])}."
            )
        steps = rows - known + 1
        return steps if each else np.repeat(steps, other.n_series)

    def extended(self, other: SeriesSet) -> SeriesSet:
        """Append rows that follow directly.

        Parameters
        ----------
        other : SeriesSet
            The next rows. Of a long frame, some of the series may go without; a wide frame needs
            all columns, in any order.

        Returns
        -------
        SeriesSet

        Raises
        ------
        ValueError
            As in `steps_to`; or if there are steps between, or columns of a wide frame missing.
        """
        steps, positions = self.steps_to(other), self.positions_of(other)
        if (steps > 1).any():
            gap = int(steps.argmax())
            raise ValueError(
                f"New rows must begin one step after the known ones{other._of_series(gap)}, which "
                f"end at {show(self.last_labels()[positions[gap]])}; got rows that begin "
                f"{steps[gap]} steps later: give the rows between, too."
            )
        if self.kind == "wide" and other.n_series < self.n_series:
            absent = self.ids[np.setdiff1d(np.arange(self.n_series), positions)[0]]
            raise ValueError(
                f"New rows of a wide frame need all of its columns; {show(absent)} is missing: "
                "add it, or use a long frame."
            )
        lengths = np.zeros(self.n_series, dtype=np.int64)
        lengths[positions] = other.lengths
        tail = Panel(other.panel.select(np.argsort(positions)).values, pointers(lengths))
        return replace(self, panel=self.panel.extended(tail))

    def without_last(self, n: int) -> SeriesSet:
        """Give the data as if the last `n` rows of every series had never been there.

        Parameters
        ----------
        n : int
            How many rows, 0 or more.

        Returns
        -------
        SeriesSet
            Of the same frequency, whatever the rows that remain would tell.

        Raises
        ------
        ValueError
            If `n` is negative or leaves a series without rows.
        """
        return replace(self, panel=self.panel.without_last(n))

    def select(self, positions: npt.ArrayLike) -> SeriesSet:
        """Take some of the series.

        Parameters
        ----------
        positions : array-like of int, shape (K,)
            Which, in the order wanted; ``data.positions_of(other)`` finds those of other data.

        Returns
        -------
        SeriesSet
        """
        chosen = np.asarray(positions, dtype=np.int64)
        axis = self.axis.take(chosen) if self.kind == "long" else self.axis
        return replace(self, panel=self.panel.select(chosen), ids=self.ids.take(chosen), axis=axis)

    @property
    def _axis_lengths(self) -> IntArray:
        return self.lengths if self.kind == "long" else self.lengths[:1]

    @property
    def _words(self) -> str:
        name = {"array": "an array", "series": "a Series"}.get(self.kind)
        if name is None:
            form = f"{self.kind} frame" if self.labelled else "two-dimensional array"
            name = f"a {form} of {self.n_series} series"
        return name

    @property
    def _label_words(self) -> str:
        return f"{self.axis.template.dtype} such as {show(self.last_labels()[0])}"

    def _of_series(self, position: int) -> str:
        return f" of series {show(self.ids[position])}" if self.kind == "long" else ""


def _product(ids: pd.Index, keys: list[str]) -> pd.MultiIndex:
    """Pair every series with every key, in a new innermost level."""
    levels = [ids.get_level_values(level).repeat(len(keys)) for level in range(ids.nlevels)]
    return pd.MultiIndex.from_arrays([*levels, keys * len(ids)], names=[*ids.names, None])

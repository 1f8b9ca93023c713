"""Many series in two flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Panel:
    """Series of any lengths, one after the other in one array.

    The layout is that of a compressed sparse row matrix: series ``i`` is
    ``values[indptr[i]:indptr[i + 1]]``. All methods are vectorised over the series, and all that
    return a panel copy the values.

    Parameters
    ----------
    values : ndarray of shape (N,), float64
        The values of all series.
    indptr : ndarray of shape (S + 1,), int64
        Where each series starts in `values`; begins with 0, ends with N and never falls.

    Examples
    --------
    >>> panel = Panel.from_series([[1, 2, 3], [10, 20]])
    >>> panel.n_series, panel.lengths
    (2, array([3, 2]))
    >>> panel.series(1)
    array([10., 20.])
    >>> panel.without_last(1).values
    array([ 1.,  2., 10.])
    """

    values: FloatArray
    indptr: IntArray

    @classmethod
    def from_series(cls, series: Iterable[npt.ArrayLike]) -> Panel:
        """Lay one-dimensional arrays side by side.

        Parameters
        ----------
        series : iterable of array-like of shape (n_i,)
            One array of numbers for each series, of any lengths.

        Returns
        -------
        Panel

        Raises
        ------
        ValueError
            If there is no series, or one of them is not one-dimensional.
        """
        arrays = [np.asarray(one, dtype=np.float64) for one in series]
        if not arrays:
            raise ValueError("A panel needs at least one series; got none.")
        for position, array in enumerate(arrays):
            if array.ndim != 1:
                raise ValueError(
                    f"Every series of a panel is a one-dimensional array; series {position} has "
                    f"the shape {array.shape}: flatten it or split it into several series."
                )
        return cls(np.concatenate(arrays), pointers(np.array([len(array) for array in arrays])))

    @classmethod
    def joined(cls, panels: Sequence[Panel]) -> Panel:
        """Put the series of several panels into one.

        Parameters
        ----------
        panels : sequence of Panel
            At least one.

        Returns
        -------
        Panel
            All series of the first, then those of the second, and so on.

        Examples
        --------
        >>> panel = Panel.from_series([[1, 2, 3], [10, 20]])
        >>> Panel.joined([panel.without_last(1), panel]).lengths
        array([2, 1, 3, 2])
        """
        values = np.concatenate([panel.values for panel in panels])
        return cls(values, pointers(np.concatenate([panel.lengths for panel in panels])))

    @property
    def n_series(self) -> int:
        """The number of series, S."""
        return len(self.indptr) - 1

    @property
    def lengths(self) -> IntArray:
        """The number of values of each series, shape (S,)."""
        return np.diff(self.indptr)

    def series(self, i: int) -> FloatArray:
        """Look at one series.

        Parameters
        ----------
        i : int
            Position of the series, 0 to S - 1.

        Returns
        -------
        ndarray of shape (lengths[i],)
            A view, not a copy.

        Raises
        ------
        IndexError
            If there is no such series.
        """
        if not 0 <= i < self.n_series:
            raise IndexError(f"The panel has the series 0 to {self.n_series - 1}; got {i}.")
        return self.values[self.indptr[i] : self.indptr[i + 1]]

    def select(self, positions: npt.ArrayLike) -> Panel:
        """Take some of the series.

        Parameters
        ----------
        positions : array-like of int, shape (K,)
            Positions of the series wanted, in the order wanted.

        Returns
        -------
        Panel
            With K series.
        """
        chosen = np.asarray(positions, dtype=np.int64)
        return self._slices(self.indptr[:-1][chosen], self.lengths[chosen])

    def without_last(self, n: int) -> Panel:
        """Drop the last `n` values of every series.

        Parameters
        ----------
        n : int
            How many values to drop, 0 or more.

        Returns
        -------
        Panel

        Raises
        ------
        ValueError
            If `n` is negative or leaves a series without values.
        """
        lengths = self.lengths
        if not 0 <= n < lengths.min():
            shortest = int(lengths.argmin())
            raise ValueError(
                "The number of last values to drop must be at least 0 and leave every series at "
                f"least one value; got {n}, but series {shortest} has {lengths[shortest]}: drop "
                "fewer values or leave out the short series."
            )
        return self._slices(self.indptr[:-1], lengths - n)

    def last(self, n: int) -> FloatArray:
        """Line up the ends of all series.

        Parameters
        ----------
        n : int
            How many values to take from the end of each series, 1 or more.

        Returns
        -------
        ndarray of shape (S, n)
            The last `n` values; a series that has fewer is padded with NaN on the left.
        """
        where = self.indptr[1:, None] + np.arange(-n, 0)
        taken = self.values[np.maximum(where, 0)]
        taken[where < self.indptr[:-1, None]] = np.nan
        return taken

    def extended(self, tail: Panel) -> Panel:
        """Append new values to every series.

        Parameters
        ----------
        tail : Panel
            As many series as this panel has, in the same order; they may be empty.

        Returns
        -------
        Panel

        Raises
        ------
        ValueError
            If the number of series differs.
        """
        if tail.n_series != self.n_series:
            raise ValueError(
                f"The tail needs one series for each of the {self.n_series} series of the panel; "
                f"got {tail.n_series}."
            )
        indptr = self.indptr + tail.indptr
        values = np.empty(indptr[-1])
        values[ranges(indptr[:-1], self.lengths)] = self.values
        values[ranges(indptr[:-1] + self.lengths, tail.lengths)] = tail.values
        return Panel(values, indptr)

    def _slices(self, starts: IntArray, lengths: IntArray) -> Panel:
        return Panel(self.values[ranges(starts, lengths)], pointers(lengths))


def pointers(lengths: npt.NDArray[np.integer]) -> IntArray:
    """Turn the lengths of series, shape (S,), into their `indptr`, shape (S + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def ranges(starts: IntArray, lengths: IntArray) -> IntArray:
    """Join ``starts[i], starts[i] + 1, ..., starts[i] + lengths[i] - 1`` over all ``i``."""
    indptr = pointers(lengths)
    return np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)

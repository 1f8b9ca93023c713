"""Where rows come from: the protocol, and rows that lie in an array."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from forecaster.kernels import rows as row_kernels
from forecaster.nn.chunk import Chunk


class Inputs(Protocol):
    """Rows that a network can be applied to."""

    n_rows: int

    def fill_inputs(self, rows: np.ndarray, chunk: Chunk) -> None:
        """Copy the inputs of ``rows`` into a chunk; what is left of it becomes zero."""


class Source(Inputs, Protocol):
    """Rows that a network can be trained on, in order of time."""

    def fill(self, rows: np.ndarray, chunk: Chunk) -> None:
        """Copy inputs, targets and weights; what is left of the chunk has weight zero."""


class ArrayInputs:
    """Inputs that lie in an array.

    Parameters
    ----------
    X : array (N, T, D)
        Inputs.
    ends : array (N,), optional
        Steps of each row; all T by default.
    """

    def __init__(self, X: np.ndarray, ends: np.ndarray | None = None) -> None:
        self.n_rows = len(X)
        self._X, self._ends = X, ends

    def fill_inputs(self, rows: np.ndarray, chunk: Chunk) -> None:
        row_kernels.gather(self._X, rows, chunk.X)
        self._fill_ends(rows, chunk)

    def _fill_ends(self, rows: np.ndarray, chunk: Chunk) -> None:
        if self._ends is not None:
            chunk.ends[: len(rows)] = self._ends[rows]


class ArraySource(ArrayInputs):
    """Training rows that lie in arrays, all of one type.

    Parameters
    ----------
    X : array (N, T, D)
        Inputs.
    Z : array (N, S, O)
        Targets, for S = 1 output step or S = T.
    weights : array (N, S, O)
        Weight of each target; where it is zero, the target may be anything.
    ends : array (N,), optional
        Steps of each row, for rows that are filled up at their end.
    """

    def __init__(
        self, X: np.ndarray, Z: np.ndarray, weights: np.ndarray, ends: np.ndarray | None = None
    ) -> None:
        super().__init__(X, ends)
        self._Z, self._weights = Z, weights

    def fill(self, rows: np.ndarray, chunk: Chunk) -> None:
        row_kernels.gather_all(self._X, self._Z, self._weights, rows, chunk.X, chunk.Z, chunk.W)
        self._fill_ends(rows, chunk)

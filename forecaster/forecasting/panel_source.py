"""Training rows of a global model: every window of a panel, cut out when it is needed."""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, IntArray
from forecaster.forecasting.preparation import Prepared
from forecaster.kernels import windows
from forecaster.nn.chunk import Chunk


class PanelSource:
    """Windows of a prepared panel, numbered series by series; memory does not grow with them.

    Parameters
    ----------
    prepared : Prepared
        Values and anchors.
    scale : array (S,)
        Unit in which each series' windows are measured, > 0.
    min_observed, min_targets : int
        A window counts if so many values lie in it and so many follow it.
    from_trend : bool
        Whether targets are measured from the trend anchor, or else from the last value.
    by_step : bool
        Whether every step of a window that could end a window itself has targets, which follow it
        and are measured from where it ends (forking sequences; R. Wen, K. Torkkola, B.
        Narayanaswamy, D. Madeka, arXiv:1711.11053). Inputs are then measured from the value before
        each patch: the window's last value, from which they are measured otherwise, would give
        away what follows the steps before it.
    weights : array (N,), optional
        Weight of each value as a target; 1 by default.

    Attributes
    ----------
    bounds : int array (S + 1,)
        Where the rows of each series start and end.
    """

    def __init__(
        self,
        prepared: Prepared,
        scale: FloatArray,
        min_observed: int,
        min_targets: int,
        from_trend: bool,
        by_step: bool = False,
        weights: FloatArray | None = None,
    ) -> None:
        panel = prepared.panel
        counts = np.maximum(panel.lengths - min_observed - min_targets + 1, 0)
        self.bounds = np.concatenate([[0], np.cumsum(counts)])
        self._first_origins = panel.indptr[:-1] + min_observed - 1
        self._values, self._indptr, self._scale = prepared.values, panel.indptr, scale
        self._level = prepared.level if from_trend else prepared.values
        self._slope = prepared.slope if from_trend else np.zeros_like(prepared.values)
        self._weights = np.ones_like(prepared.values) if weights is None else weights
        self._by_step = by_step
        self.n_rows = int(self.bounds[-1])

    def fill_inputs(self, rows: IntArray, chunk: Chunk) -> None:
        self._fill_inputs(*self._find(rows), chunk)

    def fill(self, rows: IntArray, chunk: Chunk) -> None:
        series, origins = self._find(rows)
        self._fill_inputs(series, origins, chunk)
        windows.gather_targets(
            self._values,
            self._indptr,
            self._first_origins,
            self._scale,
            self._level,
            self._slope,
            self._weights,
            chunk.X.shape[2],
            series,
            origins,
            chunk.Z,
            chunk.W,
        )

    def _fill_inputs(self, series: IntArray, origins: IntArray, chunk: Chunk) -> None:
        windows.gather_inputs(
            self._values, self._indptr, self._scale, self._by_step, series, origins, chunk.X
        )

    def _find(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        series, origins = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        windows.find(rows, self.bounds, self._first_origins, series, origins)
        return series, origins


class LastWindows:
    """One row per series: the window that ends with its last value."""

    def __init__(self, prepared: Prepared, scale: FloatArray, by_step: bool = False) -> None:
        self._prepared, self._scale, self._by_step = prepared, scale, by_step
        self.n_rows = prepared.panel.n_series

    def fill_inputs(self, rows: IntArray, chunk: Chunk) -> None:
        prepared = self._prepared
        indptr = prepared.panel.indptr
        origins = indptr[1:][rows] - 1
        windows.gather_inputs(
            prepared.values, indptr, self._scale, self._by_step, rows, origins, chunk.X
        )

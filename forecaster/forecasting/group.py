"""Networks of one architecture that look at the same windows, and what they forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecaster._threads import ordered_map, single_threaded_blas
from forecaster.data.panel import FloatArray
from forecaster.forecasting.panel_source import LastWindows
from forecaster.forecasting.preparation import Preparation, Prepared
from forecaster.nn.engine import Engine
from forecaster.nn.network import Network
from forecaster.nn.training import Trained

_FORECAST_BATCH = 256


@dataclass(frozen=True)
class Group:
    """Members of an ensemble that differ in their random numbers alone.

    Parameters
    ----------
    preparation : Preparation
        What turns values into what these networks see.
    network : Network
        Architecture.
    trained : tuple of Trained
        The networks; forecasts are their mean.
    unit : array (S,)
        What a window's values are divided by, > 0.
    """

    preparation: Preparation
    network: Network
    trained: tuple[Trained, ...]
    unit: FloatArray

    @property
    def n_steps(self) -> int:
        """Optimiser steps that the networks made on average, at least 1."""
        return max(1, round(np.mean([member.n_steps for member in self.trained])))

    def repeated(self, n: int) -> Group:
        """The same for a panel in which all series come ``n`` times, one round after another."""
        return replace(self, preparation=self.preparation.repeated(n), unit=np.tile(self.unit, n))

    def forecasts(self, prepared: Prepared, from_trend: bool, n_threads: int) -> FloatArray:
        """What follows the series, (S, outputs), on this group's prepared scale.

        ``from_trend``: whether the outputs are measured from the trend anchor, or else from the
        last value.
        """
        if from_trend:
            start = prepared.trend(self.network.n_outputs)
        else:
            start = prepared.values[prepared.panel.indptr[1:] - 1, None]
        source = LastWindows(prepared, self.unit, by_step(self.network))
        return start + self.unit[:, None] * self._outputs(source, n_threads)

    def _outputs(self, source: LastWindows, n_threads: int) -> FloatArray:
        """Mean of the networks' outputs at the end of the window, (S, outputs)."""
        batches = [
            np.arange(start, min(start + _FORECAST_BATCH, source.n_rows))
            for start in range(0, source.n_rows, _FORECAST_BATCH)
        ]

        def outputs(member: Trained) -> FloatArray:
            parameters = self.network.bind(member.theta)
            with Engine(self.network, _FORECAST_BATCH, member.theta.dtype) as engine:
                parts = [engine.outputs(parameters, source, rows)[:, -1] for rows in batches]
            return np.concatenate(parts).astype(np.float64)

        with single_threaded_blas():
            return np.mean(ordered_map(outputs, self.trained, n_threads), axis=0)


def by_step(network: Network) -> bool:
    """Whether the network forecasts at every step of a window."""
    return network.readout == "each"

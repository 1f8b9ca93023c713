"""The global model behind the forecasters: prepare, train an ensemble, forecast in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecaster._threads import ordered_map, single_threaded_blas
from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.panel_source import LastWindows, PanelSource
from forecaster.forecasting.preparation import Preparation, Prepared
from forecaster.forecasting.recipe import Recipe
from forecaster.nn.engine import Engine
from forecaster.nn.ensemble import train_ensemble
from forecaster.nn.monitor import Callback
from forecaster.nn.network import Network
from forecaster.nn.training import Plan, Trained

_FORECAST_BATCH = 256


@dataclass(frozen=True)
class Model:
    """A trained model of a panel; it forecasts the same series, as far as they are known by then.

    Parameters
    ----------
    recipe : Recipe
        Sizes.
    preparation : Preparation
        What turns values into what the network sees.
    network : Network
        Architecture, the same for all members.
    trained : tuple of Trained
        Members of the ensemble; forecasts are their mean.
    unit : array (S,)
        What a window's values are divided by, > 0.
    statuses : frozenset of str
        How the trainings ended; see `Trained`. Members that never started are left out of
        ``trained``, but not here.
    n_threads : int
        Threads for forecasting.
    """

    recipe: Recipe
    preparation: Preparation
    network: Network
    trained: tuple[Trained, ...]
    unit: FloatArray
    statuses: frozenset[str]
    n_threads: int

    @property
    def n_steps(self) -> int:
        """Optimiser steps that the members made on average, at least 1."""
        return max(1, round(np.mean([member.n_steps for member in self.trained])))

    def forecast_prepared(self, panel: Panel, steps: int) -> FloatArray:
        """Forecast what follows the panel, (S, steps), on the prepared scale.

        Beyond the network's outputs, forecasts are fed back.
        """
        blocks: list[FloatArray] = []
        n_known = 0
        while n_known < steps:
            block = self._block(self.preparation.apply(panel))
            blocks.append(block)
            n_known += block.shape[1]
            if n_known < steps:
                follow = self.preparation.restore(block, panel)
                pointers = np.arange(panel.n_series + 1) * block.shape[1]
                panel = panel.extended(Panel(follow.ravel(), pointers))
        return np.hstack(blocks)[:, :steps]

    def _block(self, prepared: Prepared) -> FloatArray:
        recipe = self.recipe
        source = LastWindows(prepared, self.unit, _by_step(self.network))
        trend = prepared.trend(recipe.n_outputs)
        start = trend if recipe.from_trend else prepared.values[prepared.panel.indptr[1:] - 1, None]
        learned = start + self.unit[:, None] * self._outputs(source)
        blend = np.where(self.preparation.exact, 1.0, recipe.blend)[:, None]
        return blend * trend + (1.0 - blend) * learned

    def _outputs(self, source: LastWindows) -> FloatArray:
        """Mean of the members' outputs at the end of the window, (S, outputs)."""
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
            return np.mean(ordered_map(outputs, self.trained, self.n_threads), axis=0)


def fit_model(
    panel: Panel,
    preparation: Preparation,
    recipe: Recipe,
    network: Network,
    plan: Plan,
    rng: np.random.Generator,
    *,
    n_members: int,
    n_threads: int,
    dtype: np.dtype,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
) -> Model:
    """Train ``n_members`` networks that differ in their random numbers only."""
    unit = _unit(preparation, recipe)
    source = PanelSource(
        preparation.apply(panel),
        unit,
        recipe.min_observed,
        recipe.min_targets,
        recipe.from_trend,
        _by_step(network),
    )
    members = train_ensemble(
        network,
        source,
        plan,
        rng.spawn(n_members),
        dtype=dtype,
        n_threads=n_threads,
        progress=progress,
        callbacks=callbacks,
    )
    # after Ctrl-C some have not started: their random weights would only spoil the mean
    trained = [member for member in members if member.n_steps] or members[:1]
    statuses = frozenset(member.status for member in members)
    return Model(recipe, preparation, network, tuple(trained), unit, statuses, n_threads)


def _by_step(network: Network) -> bool:
    """Whether the network forecasts at every step of a window."""
    return network.readout == "each"


def _unit(preparation: Preparation, recipe: Recipe) -> FloatArray:
    """What windows are divided by.

    Changes of logarithms are relative and compare across a large panel: one unit, half the
    median change, for all. Otherwise each series has its own.
    """
    scale = preparation.scale
    known = scale[scale > 0]
    if len(known) == 0:
        return np.ones_like(scale)
    if preparation.log and not recipe.from_trend:
        return np.full_like(scale, 0.5 * np.median(known))
    return np.where(scale > 0, scale, np.median(known))

"""The global model behind the forecasters: prepare, train an ensemble, forecast in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecaster._threads import ordered_map, single_threaded_blas
from forecaster.data.panel import FloatArray, Panel
from forecaster.forecasting.measures import target_weights
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
    seasonal : Model or None
        Further members, which see the values with their season; each counts as much as one of
        these.
    """

    recipe: Recipe
    preparation: Preparation
    network: Network
    trained: tuple[Trained, ...]
    unit: FloatArray
    statuses: frozenset[str]
    n_threads: int
    seasonal: Model | None = None

    @property
    def members(self) -> tuple[Trained, ...]:
        """All members, those that see the season last."""
        return self.trained + (self.seasonal.trained if self.seasonal else ())

    def with_blend(self, blend: float) -> Model:
        """The same with another share of the trend."""
        return replace(self, recipe=replace(self.recipe, blend=blend))

    def repeated(self, n: int) -> Model:
        """The same for a panel in which all series come ``n`` times, one round after another."""
        return replace(
            self,
            preparation=self.preparation.repeated(n),
            unit=np.tile(self.unit, n),
            seasonal=self.seasonal.repeated(n) if self.seasonal else None,
        )

    def going_on(self, panel: Panel) -> Model:
        """The same for a panel that has gone on; series that have left their line are not exact."""
        if not self.preparation.exact.any():
            return self
        preparation = self.preparation.going_on(panel)
        left = self.preparation.exact & ~preparation.exact
        if not left.any():
            return self
        unit = np.where(left, _unit(preparation, self.recipe), self.unit)
        return replace(self, preparation=preparation, unit=unit)

    @property
    def n_steps(self) -> int:
        """Optimiser steps that the members made on average, at least 1."""
        return max(1, round(np.mean([member.n_steps for member in self.members])))

    def forecast_prepared(self, panel: Panel, steps: int) -> FloatArray:
        """Forecast what follows the panel, (S, steps), on the prepared scale.

        Beyond the network's outputs, forecasts are fed back.
        """
        blocks: list[FloatArray] = []
        n_known = 0
        while n_known < steps:
            block = self._block(panel)
            blocks.append(block)
            n_known += block.shape[1]
            if n_known < steps:
                follow = self.preparation.restore(block, panel)
                pointers = np.arange(panel.n_series + 1) * block.shape[1]
                panel = panel.extended(Panel(follow.ravel(), pointers))
        return np.hstack(blocks)[:, :steps]

    def _block(self, panel: Panel) -> FloatArray:
        recipe, prepared = self.recipe, self.preparation.apply(panel)
        trend = prepared.trend(recipe.n_outputs)
        if recipe.blend == 1.0:
            mixed = trend
        else:
            mixed = recipe.blend * trend + (1.0 - recipe.blend) * self._all_learned(prepared)
        if recipe.hedge:
            season = prepared.last_season(self.preparation.season_length, recipe.n_outputs)
            mixed = recipe.hedge * season + (1.0 - recipe.hedge) * mixed
        return np.where(self.preparation.exact[:, None], trend, mixed)

    def _all_learned(self, prepared: Prepared) -> FloatArray:
        """Mean of all members' forecasts, those that see the season included."""
        learned = self._learned(prepared)
        if self.seasonal:
            panel = prepared.panel
            other = self.seasonal._learned(self.seasonal.preparation.apply(panel))
            other -= self.preparation.seasons(panel, self.recipe.n_outputs)
            learned += (other - learned) * len(self.seasonal.trained) / len(self.members)
        return learned

    def _learned(self, prepared: Prepared) -> FloatArray:
        """Mean of the members' forecasts, (S, outputs)."""
        source = LastWindows(prepared, self.unit, _by_step(self.network))
        if self.recipe.from_trend:
            start = prepared.trend(self.recipe.n_outputs)
        else:
            start = prepared.values[prepared.panel.indptr[1:] - 1, None]
        return start + self.unit[:, None] * self._outputs(source)

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
    measure: str | None = None,
) -> Model:
    """Train ``n_members`` networks that differ in their random numbers and in what they see.

    ``measure``: how targets are weighted, see `target_weights`.
    """
    rngs = rng.spawn(n_members)

    def view(preparation: Preparation, first: int, stop: int) -> Model:
        unit = _unit(preparation, recipe)
        source = PanelSource(
            preparation.apply(panel),
            unit,
            recipe.min_observed,
            recipe.min_targets,
            recipe.from_trend,
            _by_step(network),
            target_weights(measure, panel, preparation.season_length, preparation.log, unit),
        )
        share = None if plan.max_seconds is None else plan.max_seconds * (stop - first) / n_members
        members = train_ensemble(
            network,
            source,
            replace(plan, max_seconds=share),
            rngs[first:stop],
            dtype=dtype,
            n_threads=n_threads,
            progress=progress,
            callbacks=callbacks,
            first_member=first,
        )
        # after Ctrl-C some have not started: their random weights would only spoil the mean
        trained = [member for member in members if member.n_steps] or members[:1]
        statuses = frozenset(member.status for member in members)
        return Model(recipe, preparation, network, tuple(trained), unit, statuses, n_threads)

    n_plain = n_members - recipe.n_seasonal
    model = view(preparation, 0, n_plain)
    if not recipe.n_seasonal or "interrupted" in model.statuses:
        return model
    seasonal = view(preparation.with_season(panel, recipe.n_outputs), n_plain, n_members)
    return replace(model, seasonal=seasonal, statuses=model.statuses | seasonal.statuses)


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

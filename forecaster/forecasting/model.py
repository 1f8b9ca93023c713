"""The global model behind the forecasters: prepare, train an ensemble, forecast in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecaster.data.panel import FloatArray, IntArray, Panel
from forecaster.forecasting.group import Group, by_step
from forecaster.forecasting.measures import target_weights
from forecaster.forecasting.panel_source import PanelSource
from forecaster.forecasting.preparation import Preparation, Prepared
from forecaster.forecasting.recipe import Recipe
from forecaster.nn.ensemble import train_each
from forecaster.nn.monitor import Callback
from forecaster.nn.network import Network
from forecaster.nn.training import Plan, Trained


@dataclass(frozen=True)
class Model:
    """A trained model of a panel; it forecasts the same series, as far as they are known by then.

    Parameters
    ----------
    recipe : Recipe
        Sizes.
    preparation : Preparation
        What turns values into what trend and last season are found in.
    groups : tuple of Group
        The networks, a group for each of the recipe's views. Those that never started are left out.
    statuses : frozenset of str
        How the trainings ended; see `Trained`.
    n_threads : int
        Threads for forecasting. Those of a fitted forecaster's ``n_jobs`` are set at each forecast.
    of_views : array (S, V) or None
        Shares of the views, of each series its own; None: the views' ``share`` for all of them.
    repeating : array (S,) or None
        The part of each series' forecast that repeating its last season replaces, besides what the
        recipe's ``hedge`` gives to that; None for nothing.
    """

    recipe: Recipe
    preparation: Preparation
    groups: tuple[Group, ...]
    statuses: frozenset[str]
    n_threads: int = 1
    of_views: FloatArray | None = None
    repeating: FloatArray | None = None

    @property
    def members(self) -> tuple[Trained, ...]:
        """All networks."""
        return tuple(member for group in self.groups for member in group.trained)

    @property
    def unit(self) -> FloatArray:
        """What windows without season are divided by, (S,)."""
        return _unit(self.preparation, self.recipe)

    @property
    def hedges(self) -> FloatArray:
        """What repeating the last season counts for in the forecast of each series, (S,)."""
        hedges = np.full(len(self.preparation.scale), self.recipe.hedge)
        if self.recipe.hedge and self.preparation.borrowed is not None:
            hedges = np.maximum(hedges, self.preparation.borrowed)
        if self.repeating is not None:
            hedges = hedges + self.repeating * (1.0 - hedges)
        return np.where(self.preparation.exact, 0.0, hedges)  # those go on as they are

    @property
    def view_shares(self) -> FloatArray:
        """What each view counts for in what the networks forecast of each series, (S, V)."""
        if self.of_views is not None:
            return self.of_views
        shares = [view.share for view in self.recipe.views]
        return np.tile(shares, (len(self.preparation.scale), 1))

    def with_shares(self, blend: float, of_views: Sequence[float]) -> Model:
        """The same with other shares of the trend, and of the views in what networks forecast.

        They are those of all series.
        """
        recipe = self.recipe.with_shares(blend, of_views)
        return replace(self, recipe=recipe, of_views=None, repeating=None)

    def with_own_shares(
        self, series: IntArray, of_views: FloatArray, repeating: FloatArray
    ) -> Model:
        """The same with shares of their own for some ``series``; see the attributes."""
        shares, parts = self.view_shares.copy(), np.zeros(len(self.preparation.scale))
        shares[series], parts[series] = of_views, repeating
        return replace(self, of_views=shares, repeating=parts)

    def repeated(self, n: int) -> Model:
        """The same for a panel in which all series come ``n`` times, one round after another."""
        return replace(
            self,
            preparation=self.preparation.repeated(n),
            groups=tuple(group.repeated(n) for group in self.groups),
            of_views=None if self.of_views is None else np.tile(self.of_views, (n, 1)),
            repeating=None if self.repeating is None else np.tile(self.repeating, n),
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
        groups = tuple(
            group if view.seasonal else replace(group, preparation=preparation, unit=unit)
            for view, group in zip(self.recipe.views, self.groups, strict=True)
        )
        return replace(self, preparation=preparation, groups=groups)

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
            learned = self._learned(prepared)
            if recipe.trust:
                learned = trend + np.array(recipe.trust) * (learned - trend)
            mixed = recipe.blend * trend + (1.0 - recipe.blend) * learned
        if recipe.hedge:
            told, cycle = self.preparation.season_length, self.preparation.cycle
            season = prepared.last_season(told, cycle, recipe.n_outputs)
            hedge = self.hedges[:, None]
            mixed = hedge * season + (1.0 - hedge) * mixed
        return np.where(self.preparation.exact[:, None], trend, mixed)

    def _learned(self, prepared: Prepared) -> FloatArray:
        """What the networks forecast, (S, outputs): each view has its share."""
        recipe, panel, learned = self.recipe, prepared.panel, np.zeros(())
        for k, (view, group) in enumerate(zip(recipe.views, self.groups, strict=True)):
            share = view.share if self.of_views is None else self.of_views[:, [k]]
            if not np.any(share):
                continue
            seen = group.preparation.apply(panel) if view.seasonal else prepared
            forecasts = group.forecasts(seen, recipe.from_trend, self.n_threads)
            if view.seasonal:
                forecasts -= self.preparation.seasons(panel, recipe.n_outputs)
            learned = learned + share * forecasts
        return learned


def fit_model(
    panel: Panel,
    preparation: Preparation,
    recipe: Recipe,
    networks: Sequence[Network],
    plans: Sequence[Plan],
    rng: np.random.Generator,
    *,
    n_threads: int,
    dtype: np.dtype,
    progress: Callable[[int], None] | None = None,
    callbacks: Sequence[Callback] = (),
    measure: str | None = None,
    by_series: bool = False,
) -> Model:
    """Train an ensemble, with a network and a plan for each of the recipe's views.

    ``measure``: how targets are weighted, see `target_weights`; ``by_series``: whether all series
    are trained on equally often, however many windows they have.
    """
    raw = preparation
    if any(view.seasonal for view in recipe.views):
        raw = preparation.with_season(panel, recipe.n_outputs)
    seen = [raw if view.seasonal else preparation for view in recipe.views]
    sources = {id(p): _source(panel, p, recipe, networks[0], measure) for p in seen}
    if by_series and panel.n_series > 1:
        bounds = sources[id(seen[0])].bounds
        plans = [replace(plan, groups=bounds) for plan in plans]
    of_view = [k for k, view in enumerate(recipe.views) for _ in range(view.n_members)]
    members = train_each(
        [networks[k] for k in of_view],
        [sources[id(seen[k])] for k in of_view],
        [plans[k] for k in of_view],
        rng.spawn(len(of_view)),
        dtype=dtype,
        n_threads=n_threads,
        progress=progress,
        callbacks=callbacks,
    )
    # after Ctrl-C some have not started: their random weights would only spoil the mean
    used = [i for i, member in enumerate(members) if member.n_steps] or [0]
    groups, views = [], []
    for k, view in enumerate(recipe.views):
        trained = tuple(members[i] for i in used if of_view[i] == k)
        if trained:
            groups.append(Group(seen[k], networks[k], trained, _unit(seen[k], recipe)))
            share = len(trained) / len(used)
            views.append(replace(view, n_members=len(trained), share=share))
    recipe = replace(recipe, views=tuple(views))
    statuses = frozenset(member.status for member in members)
    return Model(recipe, preparation, tuple(groups), statuses, n_threads)


def _source(
    panel: Panel, preparation: Preparation, recipe: Recipe, network: Network, measure: str | None
) -> PanelSource:
    unit = _unit(preparation, recipe)
    return PanelSource(
        preparation.apply(panel),
        unit,
        recipe.min_observed,
        recipe.min_targets,
        recipe.from_trend,
        by_step(network),
        target_weights(measure, panel, preparation.season_length, preparation.log, unit),
    )


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

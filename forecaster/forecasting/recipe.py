"""Sizes and budgets that follow the data: what "auto" means.

The figures come from several hundred trainings on M4 and textbook series: short windows, several
values per recurrent step, budgets that grow with the number of windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecaster.data.panel import IntArray, Panel

GLOBAL_FROM = 10_000  # windows from which on a panel teaches what an anchor would otherwise supply
_MANY_ORIGINS = 100  # teach a step, whatever part of all they are
_EFFORTS = 1.0, 1 / 3  # how long networks train: what is noise to them differs


@dataclass(frozen=True)
class View:
    """What some networks of an ensemble look at.

    Attributes
    ----------
    window, patch_size : int
        Values in all, and values per recurrent step; the first is a multiple of the second.
    seasonal : bool
        Whether the values have their season.
    n_members : int
        Networks that look at this.
    share : float
        Their part in what the networks forecast, where a series has none of its own.
    effort : float
        Steps of their training, relative to the recipe's ``max_steps``.
    """

    window: int
    patch_size: int
    seasonal: bool
    n_members: int
    share: float
    effort: float = 1.0

    @property
    def n_steps(self) -> int:
        """Recurrent steps, T."""
        return self.window // self.patch_size


@dataclass(frozen=True)
class Recipe:
    """The resolved sizes of a model.

    Attributes
    ----------
    n_outputs : int
        Steps that the network forecasts at once.
    views : tuple of View
        What the networks look at; shares add up to 1.
    min_observed, min_targets : int
        Values before and after an origin that make it a training row.
    n_windows : int
        Number of training rows.
    from_trend : bool
        Whether the network learns what the trend anchor leaves over, instead of the change from
        the last value.
    hidden_layer_sizes : tuple of int
    batch_size, max_steps : int
        Windows a step, and steps of the networks that are trained longest.
    weight_decay : float
        Decoupled decay of readout and skip path.
    blend : float
        Share of the trend anchor in the final forecast, next to the networks.
    hedge : float
        Share of repeating the last season, or more where that is clearly better; the rest is the
        blend's.
    trust : tuple of float
        For each output, the part of the networks' forecast that is not given up for the trend
        anchor; empty where nothing is.
    """

    n_outputs: int
    views: tuple[View, ...]
    min_observed: int
    min_targets: int
    n_windows: int
    from_trend: bool
    hidden_layer_sizes: tuple[int, ...]
    batch_size: int
    max_steps: int
    weight_decay: float
    blend: float
    hedge: float = 0.0
    trust: tuple[float, ...] = ()

    def with_sizes_of(self, other: Recipe) -> Recipe:
        """The same for the data at hand, with the networks of another."""
        return replace(self, views=other.views, hidden_layer_sizes=other.hidden_layer_sizes)

    def with_shares(self, blend: float, of_views: Sequence[float]) -> Recipe:
        """The same with another share of the trend, and other shares of the views."""
        pairs = zip(self.views, of_views, strict=True)
        return replace(self, blend=blend, views=tuple(replace(v, share=s) for v, s in pairs))

    def steps_of(self, view: View) -> int:
        """Optimiser steps that each network of a view makes."""
        return max(1, round(view.effort * self.max_steps))

    @property
    def n_steps(self) -> int:
        """Optimiser steps of all networks."""
        return sum(view.n_members * self.steps_of(view) for view in self.views)


def points_needed(horizon: int, strategy: str) -> int:
    """Points that the longest series must have: two to look at, and a target for each output."""
    return 2 + (horizon if strategy == "direct" else 1)


def known_season(panel: Panel, season_length: int) -> int:
    """The season length, or 1 if no series shows two seasons: then there is nothing to learn."""
    return season_length if panel.lengths.max() >= 2 * season_length else 1


def resolve(
    panel: Panel,
    *,
    horizon: int,
    season_length: int,
    strategy: str,
    window: int | Sequence[int] | str,
    patch_size: int | str,
    hidden_layer_sizes: tuple[int, ...] | str,
    batch_size: int | str,
    max_steps: int | str,
    weight_decay: float | str,
    blend: float | str,
    deseasonalize: bool | str,
    n_estimators: int,
    one_window: bool = False,
) -> Recipe:
    """Replace every "auto" by a figure that suits the panel.

    ``one_window``: whether "auto" stands for one window for all networks.
    """
    lengths = panel.lengths
    longest, median = int(lengths.max()), float(np.median(lengths))
    n_outputs = horizon if strategy == "direct" else 1
    season_length = known_season(panel, season_length)
    min_observed = max(2, min(season_length, longest - n_outputs))
    n_windows = _n_rows(lengths - min_observed, n_outputs)
    global_model = n_windows >= GLOBAL_FROM
    from_trend = not global_model
    # A small panel cannot spare the last origins, whose targets are not all known.
    min_targets = n_outputs if global_model else 1
    n_windows = _n_rows(lengths - min_observed, min_targets)
    windows = _windows(median, horizon, season_length, global_model)
    windows = np.atleast_1d(_or(window, windows[:1] if one_window else windows)).tolist()
    both_views = deseasonalize == "auto" and global_model and season_length > 1
    n_seasonal = 2 * n_estimators // 5 if both_views else 0
    units = 64 if global_model else 32 if n_windows >= 300 else 16
    return Recipe(
        n_outputs=n_outputs,
        views=_views(
            windows,
            _EFFORTS if max_steps == "auto" else _EFFORTS[:1],
            patch_size,
            season_length,
            n_estimators,
            n_seasonal,
        ),
        min_observed=min_observed,
        min_targets=min_targets,
        n_windows=n_windows,
        from_trend=from_trend,
        hidden_layer_sizes=_or(hidden_layer_sizes, (units,)),
        batch_size=min(_or(batch_size, 256 if global_model else 64), n_windows),
        max_steps=_or(max_steps, int(np.clip(30 * n_windows / 256, 450, 3750))),
        weight_decay=_or(weight_decay, min(25.0, 800.0 / n_windows)),
        blend=_or(blend, _trend_share(n_windows, median)),
        hedge=_season_share(n_windows) if blend == "auto" else 0.0,
        trust=_trust(lengths - min_observed, n_outputs) if from_trend and blend == "auto" else (),
    )


def _n_rows(follow: IntArray, n_targets: int) -> int:
    """Origins with so many known targets, given how many values follow each series' first one."""
    return int(np.maximum(follow - n_targets + 1, 0).sum())


def _trust(follow: IntArray, n_outputs: int) -> tuple[float, ...]:
    """Less for steps that less than half of the origins know, and few: these taught little."""
    known = np.array([_n_rows(follow, step) for step in range(1, n_outputs + 1)])
    trust = np.minimum(1.0, np.maximum(2.0 * known / known[0], known / _MANY_ORIGINS))
    return tuple(trust.tolist()) if (trust < 1.0).any() else ()


def _or(value: Any, auto: Any) -> Any:
    """A parameter's value, or what "auto" stands for."""
    return auto if isinstance(value, str) else value


def _trend_share(n_windows: int, length: float) -> float:
    """Share of the trend anchor before held-out errors speak.

    Nearly all where there is next to nothing for networks to learn from, a half at 70 windows;
    among many short series a fifth, which costs little and damps what the networks overdo.
    """
    among_many = min(1.0, n_windows / GLOBAL_FROM) * min(1.0, (300.0 / length) ** 4)
    return 0.9 / (1.0 + (n_windows / 80.0) ** 2) + 0.2 * among_many


def _season_share(n_windows: int) -> float:
    """Share of repeating the last season: one series cannot rule out that nothing beats it."""
    return 0.15 / (1.0 + (n_windows / GLOBAL_FROM) ** 2)


def _windows(length: float, horizon: int, season_length: int, global_model: bool) -> list[int]:
    """Twice the horizon, four times on large panels of long series, never less than a season.

    And twice or half as much, or both: networks that look back differently err differently.
    """
    long = global_model and length >= 10 * horizon
    enough = max(2, min(12, int(length) // 5))  # short horizons still need a past
    window = max((4 if long else 2) * horizon, season_length, enough)
    has_room = length >= 2 * window + horizon
    longer = [2 * window] if has_room and (long or not global_model) else []
    shorter = [window // 2] if window >= 4 and not long and (has_room or global_model) else []
    return [window, *longer, *shorter]


def _views(
    windows: Sequence[int],
    efforts: Sequence[float],
    patch_size: int | str,
    season_length: int,
    n_members: int,
    n_seasonal: int,
) -> tuple[View, ...]:
    """Windows in whole patches, dealt out in turns; the last members see the season.

    From one turn to the next the effort changes. The greatest comes first: so threads end together.
    """
    counts: dict[tuple[int, int, bool, float], int] = {}
    for k in range(n_members):
        turn, which = divmod(k, len(windows))
        window, effort = windows[which], efforts[turn % len(efforts)]
        whole_seasons = season_length > 1 and window >= 3 * season_length
        patch = int(_or(patch_size, season_length if whole_seasons else -(-window // 4)))
        view = -(-window // patch) * patch, patch, k >= n_members - n_seasonal, effort
        counts[view] = counts.get(view, 0) + 1
    views = [
        View(window, patch, seasonal, n, n / n_members, effort)
        for (window, patch, seasonal, effort), n in counts.items()
    ]
    return tuple(sorted(views, key=lambda view: -view.effort))

"""What trend, views and last season count for: several origins at the tail have a say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecaster.data.panel import FloatArray, IntArray
from forecaster.forecasting.model import Model
from forecaster.forecasting.recipe import Recipe
from forecaster.forecasting.tail import Tail

_SHARES = np.linspace(0.0, 1.0, 101)
_CAUTION = 100.0  # origins whose evidence weighs as much as what was known before
_ENOUGH_VALUES = 20.0  # held out, from which on a series' own errors can be trusted
# What one of these must save of the error to take the place of all of a forecast.
_OF_A_VIEW, _OF_THE_SEASON = 0.1, 0.3


@dataclass(frozen=True)
class Choice:
    """What counts for how much in a forecast.

    Attributes
    ----------
    blend : float
        Share of the trend.
    of_views : list of V floats
        Shares of the views in what the networks forecast.
    of_views_by_series : array (S, V)
        The same for each series.
    repeating : array (S,)
        The part of each series' forecast that repeating its last season replaces.
    """

    blend: float
    of_views: list[float]
    of_views_by_series: FloatArray
    repeating: FloatArray


def choose(tail: Tail, scale: FloatArray, model: Model, blend: float | str) -> Choice:
    """What forecasts the tail best, with caution: first for all series, then for each of them.

    Parameters
    ----------
    tail : Tail
        What the model has not seen.
    scale : array (S,)
        Unit of each series' errors; a series whose scale is 0 has no say.
    model : Model
        Its shares are those to start from.
    blend : float or "auto"
        The share of the trend, if it is not to be chosen.
    """
    recipe = model.recipe
    shares = [view.share for view in recipe.views]
    nothing = np.zeros(tail.panel.n_series)
    if blend == 1.0 or (len(shares) == 1 and blend != "auto"):
        return Choice(recipe.blend, shares, np.tile(shares, (len(nothing), 1)), nothing)
    actual = tail.targets(model.preparation.apply(tail.panel).values)

    def errors(blend: float, of_views: Sequence[float]) -> FloatArray:
        return tail.forecasts(model.with_shares(blend, of_views))[0] - actual

    alone = np.eye(len(shares)).tolist()
    views = [errors(0.0, one) for one in alone]
    trend = errors(1.0, alone[0])
    share, learned = recipe.blend, ~model.preparation.exact  # else networks had no part
    if ((scale > 0) & learned).any():
        scale = np.where(learned, scale, 0.0)
        share, shares = _for_all(views, trend, scale, recipe, blend)
    # how well a view suits, and how closely a series repeats itself, differ from one to the next
    views = [share * trend + (1 - share) * view for view in views]
    by_series, missed = _for_each(views, shares, tail.length)
    repeating = nothing
    if recipe.hedge:
        season = tail.repeated_seasons(model.preparation) - actual
        # the networks that it competes with know less than those that will forecast
        known = 1.0 - tail.length / tail.panel.lengths
        repeating = best_parts(missed, season, tail.length, _OF_THE_SEASON / known**2)
    by_series = np.where(learned[:, None], by_series, shares)
    return Choice(share, shares, by_series, np.where(learned, repeating, 0.0))


def _for_all(
    views: Sequence[FloatArray],
    trend: FloatArray,
    scale: FloatArray,
    recipe: Recipe,
    blend: float | str,
) -> tuple[float, list[float]]:
    """Shares of the trend and of the views, given what each of them alone has missed."""
    used = scale > 0
    views = [view[:, used] / scale[used, None] for view in views]
    shares = [view.share for view in recipe.views]
    mixed, n_origins = views[0], len(trend)
    for k in range(1, len(shares)):
        total = sum(shares[: k + 1])
        # which windows suit is a matter of the series, of which no two are quite the same
        share = best_share(mixed, views[k], shares[k] / total, n_origins * int(used.sum() ** 0.5))
        mixed = mixed + share * (views[k] - mixed)
        left = (1 - share) * total / sum(shares[:k])
        shares = [left * s for s in shares[:k]] + [share * total] + shares[k + 1 :]
    if blend != "auto":
        return recipe.blend, shares
    # how far trends carry is a matter of the times, the same for all series
    trend = trend[:, used] / scale[used, None]
    return best_share(mixed, trend, recipe.blend, n_origins), shares


def _for_each(
    views: Sequence[FloatArray], shares: Sequence[float], n_values: int
) -> tuple[FloatArray, FloatArray]:
    """Shares of the views in each series, (S, V), and what they miss together, (K, S, horizon).

    A single series has had its say.
    """
    n_series = views[0].shape[1]
    by_series = np.tile(shares, (n_series, 1))
    missed = np.tensordot(shares, views, axes=1)
    for k, view in enumerate(views if n_series > 1 else []):
        part = best_parts(missed, view, n_values, _OF_A_VIEW)[:, None]
        missed = missed + part * (view - missed)
        by_series *= 1.0 - part
        by_series[:, [k]] += part
    return by_series, missed


def best_parts(
    first: FloatArray, second: FloatArray, n_values: int, reluctance: float | FloatArray
) -> FloatArray:
    """The part of a forecast that a second one should replace, in each series, (S,).

    It minimises ``mae(part) / mae(0) + reluctance * part + (20 / n_values)**3 * part**2``: few
    values prove little, and a small lead is none.

    Parameters
    ----------
    first, second : array (n_origins, S, horizon)
        Errors of the two forecasts.
    n_values : int
        How many values they were tested on.
    reluctance : float or array (S,)
        Part of the error that replacing all of a forecast must save.
    """
    change, unit = second - first, np.abs(first).mean(axis=(0, 2))

    def cost(which: IntArray) -> FloatArray:
        part = _SHARES[which]
        doubt = reluctance * part + (_ENOUGH_VALUES / n_values) ** 3 * part**2
        return np.abs(first + part[:, None] * change).mean(axis=(0, 2)) + doubt * unit

    # It is convex: where it falls from a share to the next, the lowest lies beyond.
    low = np.zeros(len(unit), np.int64)
    high = np.full(len(unit), len(_SHARES) - 1)
    while (low < high).any():
        middle = (low + high) // 2
        falls = cost(np.minimum(middle + 1, high)) < cost(middle)
        low, high = np.where(falls, middle + 1, low), np.where(falls, high, middle)
    return _SHARES[low]


def best_share(first: FloatArray, second: FloatArray, prior: float, evidence: int) -> float:
    """Share of the second forecast in a mix of two that past errors of all series ask for.

    It minimises ``mae(share) / mae(prior) + 100 / evidence * (share - prior)**2``: origins next to
    each other err alike, so that few of them prove little. And the networks that were held out know
    less than those that will forecast: evidence that is followed more closely made forecasts worse.

    Parameters
    ----------
    first, second : array (n_origins, S, horizon)
        Errors of the two forecasts.
    prior : float
        Share for want of evidence.
    evidence : int
        How many errors count as independent.
    """
    shares = np.append(_SHARES, prior)
    mae = np.array([np.abs(first + share * (second - first)).mean() for share in shares])
    if mae[-1] == 0:
        return prior
    cost = mae / mae[-1] + _CAUTION / evidence * np.square(shares - prior)
    return float(shares[np.argmin(cost)])

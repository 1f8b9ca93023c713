"""What trend, views and last season count for: several origins at the tail have a say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecaster.data.panel import FloatArray
from forecaster.forecasting.model import Model
from forecaster.forecasting.tail import Tail

_SHARES = np.linspace(0.0, 1.0, 101)
_RELUCTANCE = 0.3  # part of its error that replacing a whole forecast must save
_ENOUGH_VALUES = 20.0  # held out, from which on a series' own errors can be trusted
_CAUTION = 100.0  # origins whose evidence weighs as much as what was known before


def choose_shares(
    tail: Tail, scale: FloatArray, model: Model, blend: float | str
) -> tuple[float, list[float]]:
    """Shares of the trend and of each view with which ``model`` forecasts the tail best.

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
    recipe, used = model.recipe, scale > 0
    shares = [view.share for view in recipe.views]
    if not used.any() or (len(shares) == 1 and blend != "auto"):
        return recipe.blend, shares
    actual = tail.targets(model.preparation.apply(tail.panel).values)[:, used]

    def errors(blend: float, of_views: Sequence[float]) -> FloatArray:
        forecasts, _ = tail.forecasts(model.with_shares(blend, of_views))
        return (forecasts[:, used] - actual) / scale[used, None]

    alone = np.eye(len(shares)).tolist()
    mixed, n_origins = errors(0.0, alone[0]), tail.n_origins
    for k in range(1, len(shares)):
        other, total = errors(0.0, alone[k]), sum(shares[: k + 1])
        # which windows suit is a matter of the series, of which no two are quite the same
        share = best_share(mixed, other, shares[k] / total, n_origins * int(used.sum() ** 0.5))
        mixed = mixed + share * (other - mixed)
        left = (1 - share) * total / sum(shares[:k])
        shares = [left * s for s in shares[:k]] + [share * total] + shares[k + 1 :]
    if blend != "auto":
        return recipe.blend, shares
    # how far trends carry is a matter of the times, the same for all series
    return best_share(mixed, errors(1.0, alone[0]), recipe.blend, n_origins), shares


def parts_to_repeat(tail: Tail, model: Model) -> FloatArray:
    """The part of each series' forecast that repeating its last season should replace, (S,).

    Where that would have missed less of the tail. How closely a series repeats itself is its own
    matter, and differs: the hours of some hardly change from day to day, some counts have come to
    rest. For each series it minimises

        mae(part) / mae(0) + 0.3 * part + (20 / n)**2 * part**2

    over a tail of n values. The networks that were held out know less than those that will
    forecast, so that a small lead is none; and few values prove little.
    """
    actual = tail.targets(model.preparation.apply(tail.panel).values)
    missed = tail.forecasts(model)[0] - actual
    change = tail.repeated_seasons(model.preparation) - actual - missed
    unit = np.abs(missed).mean(axis=(0, 2))
    best, lowest = np.zeros_like(unit), unit
    for part in _SHARES[1:]:
        doubt = _RELUCTANCE * part + np.square(_ENOUGH_VALUES / tail.length * part)
        cost = np.abs(missed + part * change).mean(axis=(0, 2)) + doubt * unit
        best, lowest = np.where(cost < lowest, part, best), np.minimum(cost, lowest)
    return best


def best_share(first: FloatArray, second: FloatArray, prior: float, evidence: int) -> float:
    """Share of the second forecast in a mix of two that past errors ask for.

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

"""How much of the trend forecast goes into the final one: several origins at the tail decide."""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray
from forecaster.forecasting.model import Model
from forecaster.forecasting.tail import Tail

_SHARES = np.linspace(0.0, 1.0, 101)
_CAUTION = 100.0  # origins whose evidence weighs as much as what was known before


def choose_blend(tail: Tail, scale: FloatArray, model: Model) -> float:
    """Share of the trend with which ``model``, trained without the tail, forecasts it best.

    Parameters
    ----------
    tail : Tail
        What the model has not seen.
    scale : array (S,)
        Unit of each series' errors; a series whose scale is 0 has no say.
    model : Model
        Its blend is the share to start from.
    """
    used = scale > 0
    if not used.any():
        return model.recipe.blend
    actual = tail.targets(model.preparation.apply(tail.panel).values)[:, used]
    ends = [tail.forecasts(model.with_blend(share))[0][:, used] for share in (0.0, 1.0)]
    return best_share((np.array(ends) - actual) / scale[used, None], model.recipe.blend)


def best_share(errors: FloatArray, prior: float) -> float:
    """Share of the second forecast in a mix of two that past errors ask for.

    It minimises ``mae(share) / mae(prior) + 100 / n_origins * (share - prior)**2``: origins next to
    each other err alike, and so do series at the same time, so that few origins prove little. And
    the networks that were held out know less than those that will forecast: evidence that is
    followed more closely made forecasts worse.

    Parameters
    ----------
    errors : array (2, n_origins, ...)
        Errors of the two forecasts.
    prior : float
        Share for want of evidence.
    """
    first, second = errors.reshape(2, -1)
    shares = np.append(_SHARES, prior)
    mae = np.array([np.abs(first + share * (second - first)).mean() for share in shares])
    if mae[-1] == 0:
        return prior
    cost = mae / mae[-1] + _CAUTION / errors.shape[1] * np.square(shares - prior)
    return float(shares[np.argmin(cost)])

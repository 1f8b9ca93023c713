"""Losses: the weighted sum over all elements, and its gradient, in one pass.

Every kernel takes outputs Y (R, P * O), targets Z and weights W (R, O), the gradient dY to write
and settings (a vector of Y's type), and returns ``(sum of W * loss, sum of W)``. The caller
divides: so a batch may come in chunks. A loss with P outputs for each target finds its p-th one in
column ``p * O + o``. Elements of weight zero (padding, masked targets) count for nothing, whatever
they hold.
"""

import math

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import logistic

_ZERO = np.float32(0)


@kernel
def squared_error(Y, Z, W, dY, settings):
    """``(y - z)^2``."""
    total, weight = 0.0, 0.0
    for i in range(Y.shape[0]):
        for o in range(Y.shape[1]):
            w = W[i, o]
            e = Y[i, o] - Z[i, o] if w > 0 else _ZERO
            dY[i, o] = w * (e + e)
            total += w * e * e
            weight += w
    return total, weight


@kernel
def absolute_error(Y, Z, W, dY, settings):
    """``|y - z|``; the gradient at zero is zero."""
    total, weight = 0.0, 0.0
    for i in range(Y.shape[0]):
        for o in range(Y.shape[1]):
            w = W[i, o]
            e = Y[i, o] - Z[i, o] if w > 0 else _ZERO
            dY[i, o] = w * np.sign(e)
            total += w * abs(e)
            weight += w
    return total, weight


@kernel
def huber(Y, Z, W, dY, settings):
    """``e^2 / 2`` up to ``|e| = settings[0]``, and its tangents beyond (Huber 1964)."""
    delta = settings[0]
    total, weight = 0.0, 0.0
    for i in range(Y.shape[0]):
        for o in range(Y.shape[1]):
            w = W[i, o]
            e = Y[i, o] - Z[i, o] if w > 0 else _ZERO
            inside = min(max(e, -delta), delta)
            dY[i, o] = w * inside
            total += w * inside * (e - 0.5 * inside)
            weight += w
    return total, weight


@kernel
def pinball(Y, Z, W, dY, settings):
    """Mean over the levels ``settings`` (rising) of the quantile loss (Koenker & Bassett 1978).

    The first output of a target is its lowest quantile; each further one, through ``log(1 + e^y)``,
    the distance to the one before, so that quantiles never cross.
    """
    n_levels, O = settings.size, Z.shape[1]
    share = 1.0 / n_levels
    total, weight = 0.0, 0.0
    for i in range(Z.shape[0]):
        for o in range(O):
            w = W[i, o]
            if not w > 0:
                for q in range(n_levels):
                    dY[i, q * O + o] = 0
                continue
            quantile = 0.0
            for q in range(n_levels):
                y = Y[i, q * O + o]
                quantile += y if q == 0 else softplus(y)
                e = Z[i, o] - quantile
                slope = -settings[q] if e > 0 else 1 - settings[q] if e < 0 else _ZERO
                dY[i, q * O + o] = w * share * slope
                total -= w * share * slope * e
            carried = 0.0
            for q in range(n_levels - 1, -1, -1):
                carried += dY[i, q * O + o]
                dY[i, q * O + o] = carried * (logistic(Y[i, q * O + o]) if q > 0 else 1)
            weight += w
    return total, weight


@kernel
def cross_entropy(Y, Z, W, dY, settings):
    """Minus the log of the softmax at the true class; Y, dY: (R, classes); Z, W: (R, 1)."""
    total, weight = 0.0, 0.0
    for i in range(Y.shape[0]):
        w = W[i, 0]
        if not w > 0:
            for k in range(Y.shape[1]):
                dY[i, k] = 0
            continue
        highest, normaliser = Y[i, 0], 0.0
        for k in range(1, Y.shape[1]):
            highest = max(highest, Y[i, k])
        for k in range(Y.shape[1]):
            normaliser += math.exp(Y[i, k] - highest)
        for k in range(Y.shape[1]):
            dY[i, k] = w * math.exp(Y[i, k] - highest) / normaliser
        true = int(Z[i, 0])
        dY[i, true] -= w
        total += w * (math.log(normaliser) + highest - Y[i, true])
        weight += w
    return total, weight


@kernel
def softplus(x):
    """``log(1 + e^x)`` without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))

"""Losses: the weighted sum over all elements, and its gradient, in one pass.

Every kernel takes predictions Y, targets Z, weights W and the gradient dY to write, all (R, O),
and returns ``(sum of W * loss, sum of W)``. The caller divides: so a batch may come in chunks.
Elements of weight zero (padding, masked targets) count for nothing, whatever they hold.
"""

import numpy as np

from forecaster._jit import kernel

_ZERO = np.float32(0)


@kernel
def squared_error(Y, Z, W, dY):
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
def absolute_error(Y, Z, W, dY):
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


LOSSES = {"squared_error": squared_error, "absolute_error": absolute_error}

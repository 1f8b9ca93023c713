"""What stands between layers: residual connections, layer normalisation, dropout."""

import numpy as np

from forecaster._jit import kernel

VARIANCE_FLOOR = 1e-5
_MASK = 0xFFFFFFFF


@kernel
def add(A, B, out):
    """``out = A + B``; all (M,)."""
    for i in range(out.size):
        out[i] = A[i] + B[i]


@kernel
def normalise(A, gain, shift, standard, spread, out):
    """Layer normalisation (Ba et al. 2016): rows to mean 0 and variance 1, times gain, plus shift.

    A, standard, out: (R, H); gain, shift: (H,); spread: (R,). Keeps the standardised rows and
    their standard deviations for the way back. A may be out.
    """
    H = gain.size
    for i in range(A.shape[0]):
        mean, square = 0.0, 0.0
        for j in range(H):
            mean += A[i, j]
        mean /= H
        for j in range(H):
            square += (A[i, j] - mean) * (A[i, j] - mean)
        spread[i] = np.sqrt(square / H + VARIANCE_FLOOR)
        for j in range(H):
            standard[i, j] = (A[i, j] - mean) / spread[i]
            out[i, j] = standard[i, j] * gain[j] + shift[j]


@kernel
def normalise_backward(gain, dgain, dshift, standard, spread, dA):
    """Write the gradients of gain and shift, and turn ``dA`` from that of the result in place.

    Shapes as in normalise; dA: (R, H).
    """
    H = gain.size
    dgain[:] = 0
    dshift[:] = 0
    for i in range(dA.shape[0]):
        mean, covariance = 0.0, 0.0
        for j in range(H):
            dgain[j] += dA[i, j] * standard[i, j]
            dshift[j] += dA[i, j]
            dA[i, j] *= gain[j]
            mean += dA[i, j]
            covariance += dA[i, j] * standard[i, j]
        mean /= H
        covariance /= H
        for j in range(H):
            dA[i, j] = (dA[i, j] - mean - standard[i, j] * covariance) / spread[i]


@kernel
def drop(A, limit, factor, seed):
    """Dropout in place: an element whose hash is below ``limit`` becomes zero, others ``factor``.

    A: (M,); limit: of 2^32; factor: a scalar of A's type; seed: integer. The hash is one of
    position and seed ("lowbias32" by C. Wellons): the way back needs no record of what was dropped.
    """
    for i in range(A.size):
        x = (i * 0x9E3779B1 + seed) & _MASK
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
        x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
        A[i] = A[i] * factor if x ^ (x >> 16) >= limit else 0 * A[i]

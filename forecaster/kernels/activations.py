"""Activation functions that the compiler can vectorise, fused with the loops around them.

Derivatives are taken from outputs (``tanh' = 1 - h*h``), so the tape keeps outputs only.
"""

import numpy as np
from numba import types
from numba.extending import overload

from forecaster._jit import OPTIONS, kernel

TANH, RELU, LOGISTIC, IDENTITY = range(4)
ACTIVATIONS = {"tanh": TANH, "relu": RELU, "logistic": LOGISTIC, "identity": IDENTITY}

# tanh(x) = x / (1 + x^2 / (3 + x^2 / (5 + ...))) (Lambert 1768), cut after 7 (float32) or 9
# (float64) levels, is exact to rounding for small arguments; tanh(2a) = 2nd / (d*d + n*n) with
# tanh(a) = n / d brings larger ones back, a half (a sixteenth) of which is taken by the
# coefficients. No branch and a single division: it runs on full SIMD registers, where libm's tanh
# is a scalar call. Error: at most 2.3 (5) units of rounding. Numba picks the form by type, so that
# a loop is compiled once and not once for each.
_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_LIMIT32 = np.float32(9)  # beyond it tanh is 1 in float32
_N1, _N2 = np.float32(17325 / 135135 / 2**3), np.float32(378 / 135135 / 2**5)
_N3 = np.float32(1 / 135135 / 2**7)
_D1, _D2 = np.float32(62370 / 135135 / 2**2), np.float32(3150 / 135135 / 2**4)
_D3 = np.float32(28 / 135135 / 2**6)
_LIMIT64 = 20.0
_M0, _M1, _M2 = 1 / 16, 4729725 / 34459425 / 16**3, 135135 / 34459425 / 16**5
_M3, _M4 = 990 / 34459425 / 16**7, 1 / 34459425 / 16**9
_E1, _E2 = 16216200 / 34459425 / 16**2, 945945 / 34459425 / 16**4
_E3, _E4 = 13860 / 34459425 / 16**6, 45 / 34459425 / 16**8


def _tanh32(x):
    x = min(max(x, -_LIMIT32), _LIMIT32)
    s = x * x
    n = x * (_HALF + s * (_N1 + s * (_N2 + s * _N3)))
    d = _ONE + s * (_D1 + s * (_D2 + s * _D3))
    n, d = _TWO * n * d, d * d + n * n
    return n / d


def _tanh64(x):
    x = min(max(x, -_LIMIT64), _LIMIT64)
    s = x * x
    n = x * (_M0 + s * (_M1 + s * (_M2 + s * (_M3 + s * _M4))))
    d = 1.0 + s * (_E1 + s * (_E2 + s * (_E3 + s * _E4)))
    for _ in range(4):
        n, d = 2.0 * n * d, d * d + n * n
    return n / d


def tanh(x):
    """Hyperbolic tangent of a float32 or float64 scalar, in its own type."""
    return _tanh32(x) if np.asarray(x).itemsize == 4 else _tanh64(x)


@overload(tanh, jit_options=OPTIONS)
def _tanh_by_type(x):
    return _tanh32 if x == types.float32 else _tanh64


@kernel
def logistic(x):
    """``1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2`` of a scalar."""
    return _HALF + _HALF * tanh(_HALF * x)


@kernel
def activate(kind, Z):
    """In place ``Z = f(Z)``; kind: activation code; Z: (M,)."""
    if kind == TANH:
        for i in range(Z.size):
            Z[i] = tanh(Z[i])
    elif kind == RELU:
        for i in range(Z.size):
            Z[i] = _ZERO if Z[i] <= 0 else Z[i]  # this way round a NaN stays one
    elif kind == LOGISTIC:
        for i in range(Z.size):
            Z[i] = logistic(Z[i])


@kernel
def multiply_derivative(kind, A, dA, total):
    """In place ``dA = dA * f'``, the derivative taken from the outputs ``A = f(Z)``; add it up.

    kind: activation code; A, dA: (M,); total: (M,), to which dA is added.
    """
    if kind == TANH:
        for i in range(A.size):
            dA[i] -= dA[i] * A[i] * A[i]
            total[i] += dA[i]
    elif kind == RELU:
        for i in range(A.size):
            dA[i] = _ZERO if A[i] <= 0 else dA[i]
            total[i] += dA[i]
    elif kind == LOGISTIC:
        for i in range(A.size):
            dA[i] *= A[i] - A[i] * A[i]
            total[i] += dA[i]
    else:
        for i in range(A.size):
            total[i] += dA[i]

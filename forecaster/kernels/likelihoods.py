"""Minus log likelihoods of distributions whose parameters the network puts out.

Kernels as in ``losses``. Scales are ``softplus(y) + SCALE_FLOOR``: positive, and never so small
that a single target decides over all. All is computed in float64.
"""

import math

from forecaster._jit import kernel
from forecaster.kernels.losses import softplus

SCALE_FLOOR = 1e-3
MEAN_FLOOR = 1e-6
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


@kernel
def gaussian(Y, Z, W, dY, settings):
    """Normal distribution; outputs of a target: mean, scale."""
    O = Z.shape[1]
    total, weight = 0.0, 0.0
    for i in range(Z.shape[0]):
        for o in range(O):
            w = W[i, o]
            if not w > 0:
                dY[i, o] = 0
                dY[i, O + o] = 0
                continue
            scale = softplus(Y[i, O + o]) + SCALE_FLOOR
            e = (Z[i, o] - Y[i, o]) / scale
            dY[i, o] = -w * e / scale
            dY[i, O + o] = w * (1 - e * e) / scale * _slope(Y[i, O + o])
            total += w * (math.log(scale) + 0.5 * e * e + _HALF_LOG_TAU)
            weight += w
    return total, weight


@kernel
def student_t(Y, Z, W, dY, settings):
    """Student's t; outputs of a target: location, scale, degrees of freedom ``2 + softplus(y)``."""
    O = Z.shape[1]
    total, weight = 0.0, 0.0
    for i in range(Z.shape[0]):
        for o in range(O):
            w = W[i, o]
            if not w > 0:
                for p in range(3):
                    dY[i, p * O + o] = 0
                continue
            scale = softplus(Y[i, O + o]) + SCALE_FLOOR
            n = 2 + softplus(Y[i, 2 * O + o])
            e = (Z[i, o] - Y[i, o]) / scale
            tail = 1 + e * e / n
            share = (n + 1) * e / (n * tail)
            dY[i, o] = -w * share / scale
            dY[i, O + o] = w * (1 - share * e) / scale * _slope(Y[i, O + o])
            dn = digamma(0.5 * n) - digamma(0.5 * (n + 1)) + 1 / n + math.log(tail) - share * e / n
            dY[i, 2 * O + o] = w * 0.5 * dn * _slope(Y[i, 2 * O + o])
            density = math.lgamma(0.5 * (n + 1)) - math.lgamma(0.5 * n) - math.log(scale)
            density -= 0.5 * math.log(n * math.pi) + 0.5 * (n + 1) * math.log(tail)
            total -= w * density
            weight += w
    return total, weight


@kernel
def negative_binomial(Y, Z, W, dY, settings):
    """Negative binomial for counts z; outputs of a target: mean, dispersion.

    The mean is ``settings[o] * softplus(y)``, so that outputs near 1 fit counts of any size; with
    dispersion a the variance is ``mean + a mean^2``.
    """
    O = Z.shape[1]
    total, weight = 0.0, 0.0
    for i in range(Z.shape[0]):
        for o in range(O):
            w, z = W[i, o], float(Z[i, o])
            if not w > 0:
                dY[i, o] = 0
                dY[i, O + o] = 0
                continue
            mean = settings[o] * softplus(Y[i, o]) + MEAN_FLOOR
            dispersion = softplus(Y[i, O + o]) + SCALE_FLOOR
            r = 1 / dispersion
            dmean = (z + r) / (r + mean) - z / mean
            log_share = math.log(r / (r + mean))
            dr = digamma(r) - digamma(z + r) - log_share - 1 + (r + z) / (r + mean)
            dY[i, o] = w * dmean * settings[o] * _slope(Y[i, o])
            dY[i, O + o] = -w * dr * r * r * _slope(Y[i, O + o])
            density = math.lgamma(z + r) - math.lgamma(r) - math.lgamma(z + 1) + r * log_share
            if z > 0:
                density += z * math.log(mean / (r + mean))
            total -= w * density
            weight += w
    return total, weight


@kernel
def _slope(x):
    """Derivative of softplus."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)


@kernel
def digamma(x):
    """Derivative of log gamma for x > 0: recurrence up to 10, then the asymptotic series."""
    result = 0.0
    while x < 10:
        result -= 1 / x
        x += 1
    s = 1 / (x * x)
    series = s * (1 / 240 - s * (1 / 132 - s * 691 / 32760))
    series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - series)))
    return result + math.log(x) - 0.5 / x - series

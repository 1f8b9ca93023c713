"""Seasonal indices: phase means of what is left of the trend, shrunk by what noise explains."""

import math

import numpy as np

from forecaster._jit import kernel


@kernel
def detrend(y, m, rest):
    """Write ``y`` minus its trend, NaN where there is none; y, rest: (n,).

    From three seasons on the trend is the centred moving average over a season, with fewer it is
    the least-squares line.
    """
    n = y.size
    if n < 3 * m:
        mean_t, mean_y, covariance, variance = 0.5 * (n - 1), y.mean(), 0.0, 0.0
        for t in range(n):
            covariance += (t - mean_t) * (y[t] - mean_y)
            variance += (t - mean_t) ** 2
        for t in range(n):
            rest[t] = y[t] - mean_y - covariance / variance * (t - mean_t)
        return
    half = m // 2
    rest[:] = np.nan
    for t in range(half, n - half):
        total = 0.0
        if m % 2:
            for k in range(t - half, t + half + 1):
                total += y[k]
        else:
            total = 0.5 * (y[t - half] + y[t + half])
            for k in range(t - half + 1, t + half):
                total += y[k]
        rest[t] = y[t] - total / m


@kernel
def phase_means(rest, m, index):
    """Mean of each phase, the mean of all made zero; returns the noise variance of a mean.

    rest: (n,), NaN is left out; index: (m,).
    """
    count = np.zeros(m)
    index[:] = 0.0
    for t in range(rest.size):
        if not math.isnan(rest[t]):
            index[t % m] += rest[t]
            count[t % m] += 1
    n_known, least = 0.0, count[0]
    for j in range(m):
        index[j] /= max(count[j], 1.0)
        n_known += count[j]
        least = min(least, count[j])
    square = 0.0
    for t in range(rest.size):
        if not math.isnan(rest[t]):
            square += (rest[t] - index[t % m]) ** 2
    centre = index.mean()
    for j in range(m):
        index[j] -= centre
    if least < 1 or n_known <= m:
        return np.inf
    return square / (n_known - m) * m / n_known


@kernel
def shrink(index, noise):
    """Wiener filter: each Fourier coefficient times ``max(0, 1 - noise power / its power)``.

    index: (m,), mean zero, in place; noise: variance of one index.
    """
    m = index.size
    if not noise < np.inf:
        index[:] = 0.0
        return
    out = np.zeros(m)
    for f in range(1, m // 2 + 1):
        a, b = 0.0, 0.0
        for j in range(m):
            angle = 2.0 * math.pi * ((f * j) % m) / m
            a += index[j] * math.cos(angle)
            b += index[j] * math.sin(angle)
        power = a * a + b * b
        expected = noise * m  # of |DFT|^2 under independent noise
        if power <= expected:
            continue
        gain = (1.0 - expected / power) * (1.0 if 2 * f == m else 2.0) / m
        for j in range(m):
            angle = 2.0 * math.pi * ((f * j) % m) / m
            out[j] += gain * (a * math.cos(angle) + b * math.sin(angle))
    for j in range(m):
        index[j] = out[j]


@kernel
def fit_seasons(values, indptr, m, indices):
    """Shrunken seasonal indices of every series, phase 0 at its first value; all zero if short.

    values: (N,); indptr: (S + 1,); indices: (S, m), written.
    """
    for s in range(indptr.size - 1):
        y = values[indptr[s] : indptr[s + 1]]
        indices[s] = 0.0
        if m > 1 and y.size >= 2 * m:
            rest = np.empty(y.size)
            detrend(y, m, rest)
            noise = phase_means(rest, m, indices[s])
            shrink(indices[s], noise)


@kernel
def subtract_seasons(values, indptr, indices, out):
    """``out = values - index of the phase``; arrays as in fit_seasons, out: (N,)."""
    m = indices.shape[1]
    for s in range(indptr.size - 1):
        for t in range(indptr[s + 1] - indptr[s]):
            out[indptr[s] + t] = values[indptr[s] + t] - indices[s, t % m]

"""Exponential smoothing with a share of the trend line: the classical anchor of each origin.

With smoothing ``alpha``, trend share ``phi`` and the least-squares slope ``b[t]`` of all values
up to t, the forecast of step k at origin t is ``level[t] + k * phi * b[t]``, where ``level`` is
simple exponential smoothing with drift. ``phi = 1/2`` is the Theta method (Assimakopoulos &
Nikolopoulos 2000; Hyndman & Billah 2003); 0 is simple smoothing, 1 follows the line.
"""

import numpy as np

from forecaster._jit import kernel


@kernel
def trend_slopes(y, slopes):
    """Least-squares slope of ``y[:t + 1]`` for every t; y, slopes: (n,)."""
    mean_y, covariance, variance = y[0], 0.0, 0.0
    slopes[0] = 0.0
    for t in range(1, y.size):
        # running moments (Welford), stable for any level; the times' mean before t is (t-1)/2
        distance = t - 0.5 * (t - 1)
        error = y[t] - mean_y
        mean_y += error / (t + 1)
        covariance += distance * error * t / (t + 1)
        variance += distance * distance * t / (t + 1)
        slopes[t] = covariance / variance


@kernel
def smooth(y, alpha, share, slopes, level):
    """Level at every origin: smoothing plus what it lags behind a trend of ``share * slope``.

    y, slopes, level: (n,).
    """
    value, keep = y[0], 1.0
    level[0] = value
    for t in range(1, y.size):
        value += alpha * (y[t] - value)
        keep *= 1.0 - alpha
        level[t] = value + share * slopes[t] * (1.0 - alpha) / alpha * (1.0 - keep)


@kernel
def fit_share(y, alpha, slopes, first, horizon, prior, level):
    """Trend share that fits all forecasts of 1 to ``horizon`` steps, and their mean square error.

    The share is least squares drawn towards 1/2 with the strength ``prior * noise``, and kept
    within 0 and 1. first: first origin that counts; y, slopes, level: (n,), level is scratch.
    """
    smooth(y, alpha, 0.0, slopes, level)
    n = y.size
    rr, rq, qq, count = 0.0, 0.0, 0.0, 0
    keep = (1.0 - alpha) ** first
    for t in range(first, n - 1):
        lag = (1.0 - alpha) / alpha * (1.0 - keep)
        keep *= 1.0 - alpha
        for k in range(1, min(horizon, n - 1 - t) + 1):
            r = y[t + k] - level[t]
            q = slopes[t] * (lag + k)
            rr += r * r
            rq += r * q
            qq += q * q
            count += 1
    if count == 0:
        return 0.5, 0.0
    share = 0.5
    if qq > 0.0:
        # a single error can always be explained away, and says nothing, but that of a line
        on_line = rr - 2.0 * rq + qq <= 1e-14 * rr
        noise = max(rr - rq * rq / qq, 0.0) / count if count > 1 or on_line else rr
        share = (rq + 0.5 * prior * noise) / (qq + prior * noise)
        share = min(max(share, 0.0), 1.0)
    return share, max(rr - 2.0 * share * rq + share * share * qq, 0.0) / count


@kernel
def fit_anchors(
    values, indptr, alphas, caution, first, horizon, prior, alpha, share, error, level, slope
):
    """Choose smoothing and trend share of every series.

    The smoothing has the lowest ``mse / alpha ** (caution / n)``: a few values are best fitted by
    their mean or line, which then forecasts worse than it fitted.

    values: (N,); indptr: (S + 1,); alphas: candidates, rising; alpha, share, error (mean square
    error of the choice): (S,), written; level, slope: (N,), scratch; caution: strength of the
    prior, 0 for none; the rest as in fit_share.
    """
    for s in range(indptr.size - 1):
        start, stop = indptr[s], indptr[s + 1]
        y, levels, slopes = values[start:stop], level[start:stop], slope[start:stop]
        alpha[s], share[s], error[s] = 1.0, 0.0, 0.0
        if y.size <= first + 1:  # nothing tells a trend from noise: keep the last value
            continue
        trend_slopes(y, slopes)
        lowest, error[s] = np.inf, np.inf
        for i in range(alphas.size):
            phi, mse = fit_share(y, alphas[i], slopes, first, horizon, prior, levels)
            cost = mse * alphas[i] ** (-caution / y.size)
            if cost < lowest:
                lowest = cost
                alpha[s], share[s], error[s] = alphas[i], phi, mse


@kernel
def apply_anchors(values, indptr, alpha, share, level, slope):
    """Anchors of every origin with given smoothing and trend share; arrays as in fit_anchors."""
    for s in range(indptr.size - 1):
        start, stop = indptr[s], indptr[s + 1]
        y, levels, slopes = values[start:stop], level[start:stop], slope[start:stop]
        trend_slopes(y, slopes)
        smooth(y, alpha[s], share[s], slopes, levels)
        for t in range(slopes.size):
            slopes[t] *= share[s]


@kernel
def change_scale(values, indptr, horizon, scale):
    """Mean absolute change over 1 to ``horizon`` steps.

    values: (N,); indptr: (S + 1,); scale: (S,), written.
    """
    for s in range(indptr.size - 1):
        y = values[indptr[s] : indptr[s + 1]]
        total, n_lags = 0.0, 0
        for k in range(1, min(horizon, y.size - 1) + 1):
            change = 0.0
            for t in range(k, y.size):
                change += abs(y[t] - y[t - k])
            total += change / (y.size - k)
            n_lags += 1
        scale[s] = total / max(n_lags, 1)


@kernel
def anchor_errors(values, indptr, indices, level, slope, log, first, horizon, error):
    """Mean absolute error of the anchors' forecasts on the scale of the values themselves.

    values: (N,), not transformed; indices: (S, m), seasonal; level, slope: (N,), of transformed
    and deseasonalised values; log: whether the transformation was the logarithm; error: (S,).
    """
    m = indices.shape[1]
    for s in range(indptr.size - 1):
        start, n = indptr[s], indptr[s + 1] - indptr[s]
        total, count = 0.0, 0
        for t in range(max(first, n - 1 - 200), n - 1):  # the last 200 origins tell enough
            for k in range(1, min(horizon, n - 1 - t) + 1):
                forecast = level[start + t] + k * slope[start + t] + indices[s, (t + k) % m]
                if log:
                    forecast = np.exp(forecast)
                total += abs(values[start + t + k] - forecast)
                count += 1
        error[s] = total / max(count, 1)

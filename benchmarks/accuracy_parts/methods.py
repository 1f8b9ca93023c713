"""The competition's reference methods, and a ridge regression on the forecasters' own windows.

S. Makridakis, E. Spiliotis, V. Assimakopoulos, "The M4 Competition: 100,000 time series and 61
forecasting methods", International Journal of Forecasting 36 (2020) 54-74. Every method takes one
series, the horizon and the season length.
"""

import time
from types import SimpleNamespace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from forecaster.data.panel import Panel
from forecaster.forecasting.panel_source import LastWindows, PanelSource
from forecaster.forecasting.preparation import fit_preparation
from forecaster.forecasting.recipe import known_season, resolve


def timed(method, *arguments):
    """What the method returns, and its seconds: on the clock, and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    result = method(*arguments)
    return result, (time.perf_counter() - wall, time.process_time() - processor)


def _is_seasonal(y, m):
    """M4's test: the autocorrelation at lag m against its 90 % bound, given the shorter lags."""
    n = len(y)
    if m == 1 or n < 3 * m or np.ptp(y) == 0:
        return False
    z = y - y.mean()
    r = np.array([z[k:] @ z[:-k] for k in range(1, m + 1)]) / (z @ z)
    return abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * np.square(r[:-1]).sum()) / n)


def _indices(y, m):
    """Multiplicative seasonal indices (m,) of the classical decomposition; all 1 without season."""
    if not _is_seasonal(y, m):
        return np.ones(m)
    weights = np.ones(m) if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5]
    half = m // 2
    ratio = np.full(-(-len(y) // m) * m, np.nan)
    ratio[half : len(y) - half] = y[half : len(y) - half] / np.convolve(y, weights / m, "valid")
    means = np.nanmean(ratio.reshape(-1, m), axis=0)
    return means / means.mean()


def _without_season(y, m, horizon):
    """The series without its season, and the indices of the next steps."""
    phases = np.arange(len(y) + horizon) % m
    season = _indices(y, m)[phases]
    return y / season[: len(y)], season[len(y) :]


def seasonal_naive(y, horizon, m):
    """The last season again."""
    return np.resize(y[-m:], horizon)


def naive2(y, horizon, m):
    """The last value without its season, times the indices to come."""
    flat, season = _without_season(y, m, horizon)
    return flat[-1] * season


def _level(y):
    """Last level of simple exponential smoothing; the smoothing minimises the squared errors."""

    def levels(alpha):
        return lfilter([alpha], [1, alpha - 1], y, zi=[(1 - alpha) * y[0]])[0]

    def errors(alpha):
        return np.square(y[1:] - levels(alpha)[:-1]).sum()

    return levels(minimize_scalar(errors, bounds=(1e-4, 1.0), method="bounded").x)[-1]


def theta(y, horizon, m):
    """Mean of the trend line and of smoothing the series with its curvature doubled."""
    flat, season = _without_season(y, m, horizon)
    times = np.arange(len(y) + horizon)
    line = np.polyval(np.polyfit(times[: len(y)], flat, 1), times)
    level = _level(2 * flat - line[: len(y)])
    forecast = 0.5 * (level + line[len(y) :]) * season
    return np.maximum(forecast, 0) if (y >= 0).all() else forecast


def ridge(series, horizon, m, penalty=1.0):
    """Linear regression on the windows that a forecaster's networks see, for a whole panel.

    Same logarithms, seasons, scales, anchors, window and share of the trend as the default; the
    penalty is in units of the inputs' mean square times the square root of the number of windows.
    """
    panel = Panel.from_series(series)
    recipe = _default_recipe(panel, horizon, m)
    preparation = fit_preparation(panel, horizon, known_season(panel, m), "auto", True)
    prepared = preparation.apply(panel)
    unit = np.where(preparation.scale > 0, preparation.scale, 1.0)
    sizes = recipe.min_observed, recipe.min_targets, recipe.from_trend
    source = PanelSource(prepared, unit, *sizes)
    window = recipe.views[0].window
    n_grams = 1 if recipe.min_targets == horizon else horizon  # a step may be known less often
    gram, cross = np.zeros((n_grams, window, window)), 0.0
    for rows in np.array_split(np.arange(source.n_rows), -(-source.n_rows // 4096)):
        chunk = _chunk(recipe, len(rows))
        source.fill(rows, chunk)
        X = chunk.X.swapaxes(0, 1).reshape(len(rows), -1)
        (Z,), (W,) = chunk.Z, chunk.W  # one block of targets, those of the last step
        complete = W.all(axis=1)
        gram += X[complete].T @ X[complete]
        for k in range(n_grams if not complete.all() else 0):
            some = X[~complete & (W[:, k] > 0)]
            gram[k] += some.T @ some
        cross += X.T @ (Z * W)
    strength = penalty * np.sqrt(source.n_rows) * np.trace(gram[0]) / source.n_rows / window
    gram += (strength + 1e-9) * np.eye(window)
    weights = np.linalg.solve(gram, cross.T[:, :, None])[:, :, 0]

    chunk = _chunk(recipe, panel.n_series)
    LastWindows(prepared, unit).fill_inputs(np.arange(panel.n_series), chunk)
    change = chunk.X.swapaxes(0, 1).reshape(panel.n_series, -1) @ weights.T * unit[:, None]
    trend = prepared.trend(horizon)
    start = trend if recipe.from_trend else prepared.values[panel.indptr[1:] - 1, None]
    blend = np.where(preparation.exact, 1.0, recipe.blend)[:, None]
    return preparation.restore(blend * trend + (1 - blend) * (start + change), panel)


def _chunk(recipe, n_rows):
    view = recipe.views[0]
    shapes = {"X": (view.n_steps, n_rows, view.patch_size)}
    shapes["Z"] = shapes["W"] = (1, n_rows, recipe.n_outputs)
    return SimpleNamespace(**{name: np.zeros(shape) for name, shape in shapes.items()})


def _default_recipe(panel, horizon, m):
    automatic = ["window", "patch_size", "hidden_layer_sizes", "batch_size", "max_steps"]
    automatic += ["weight_decay", "blend", "deseasonalize"]
    settings = dict.fromkeys(automatic, "auto")
    sizes = {"horizon": horizon, "season_length": m, "n_estimators": 1}
    return resolve(panel, strategy="direct", **sizes, **settings)

"""Single series, fitted one at a time: rolling backtests of textbook series."""

import time

import numpy as np
import pandas as pd

from accuracy_parts import find
from accuracy_parts.methods import ridge, seasonal_naive, theta
from forecaster.evaluation import mase

N_WINDOWS = 6
# name of a textbook series: season and horizon
CLASSICS = {
    "AirPassengers": (12, 12),
    "monthly_sunspots": (132, 24),
    "ausbeer": (4, 8),
    "wineind": (12, 12),
    "woolyrnq": (4, 8),
    "monthly_milk": (12, 12),
    "gasrate_co2": (1, 12),
    "heart_rate": (1, 20),
    "taylor": (48, 48),
    "us_gasoline": (52, 26),
    "ice_cream_heater": (12, 12),
    "temps": (365, 30),
}
FUEL = "consumos-combustibles-mensual.parquet"


def load(folder):
    """Name to (values, season, horizon); every column of a file counts as a series."""
    series = {}
    file = np.load(find(folder, "classics.npz"))
    for name, sizes in CLASSICS.items():
        columns = np.atleast_2d(file[name].astype(float).T)
        for i, values in enumerate(columns):
            series[name if len(columns) == 1 else f"{name} {i + 1}"] = (values, *sizes)
    for path in folder.rglob(FUEL):
        frame = pd.read_parquet(path).iloc[:, 1:]
        series |= {f"fuel {name}": (frame[name].to_numpy(), 12, 12) for name in frame}
    return series


def backtest_series(y, season, horizon, methods, offset=0):
    """MASE of each method over windows that end ``offset`` rows before the end, and its seconds."""
    errors, seconds = {name: [] for name in methods}, dict.fromkeys(methods, 0.0)
    for window in range(N_WINDOWS):
        cut = len(y) - offset - horizon * (window + 1)
        train, actual = y[:cut], y[cut : cut + horizon]
        for name, method in methods.items():
            start = time.process_time()
            forecast = method(train, horizon, season)
            seconds[name] += (time.process_time() - start) / N_WINDOWS
            error = mase(actual, forecast, y_train=train, season_length=season)
            errors[name].append(error)
    return {name: np.mean(values) for name, values in errors.items()}, seconds


def report(folder, forecasters, validation):
    """Print errors relative to the seasonal naive forecast's; with ``validation``, of the windows
    before those that are reported otherwise."""
    methods = {"seasonal naive": seasonal_naive, "Theta": theta}
    methods["ridge"] = lambda y, horizon, season: ridge([y], horizon, season)[0]
    for name, make in forecasters.items():
        methods[name] = lambda y, horizon, season, make=make: (
            make(horizon, season).fit(y).predict().to_numpy()
        )
    shown = list(methods)[1:]
    print(f"\n## Single series, {N_WINDOWS} windows each: MASE / that of seasonal naive\n")
    print(f"| series | points | season | horizon | {' | '.join(shown)} |")
    print("|---" * (4 + len(shown)) + "|")
    ratios, times = [], []
    for name, (y, season, horizon) in load(folder).items():
        offset = N_WINDOWS * horizon if validation else 0
        if len(y) - offset - N_WINDOWS * horizon < 3 * season:
            continue
        errors, seconds = backtest_series(y, season, horizon, methods, offset)
        ratios.append([errors[method] / errors["seasonal naive"] for method in shown])
        times.append([seconds[method] for method in shown])
        print(f"| {name} | {len(y)} | {season} | {horizon} | {_figures(ratios[-1])} |", flush=True)
    print(f"| **geometric mean** | | | | {_figures(np.exp(np.mean(np.log(ratios), axis=0)))} |")
    print(f"| worst | | | | {_figures(np.max(ratios, axis=0))} |")
    print(f"| processor seconds a fit, at most | | | | {_figures(np.max(times, axis=0))} |")


def _figures(values):
    return " | ".join(f"{value:.3f}" for value in values)

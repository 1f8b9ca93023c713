"""Stretches of long series at random times: days whose weeks, weeks whose years may be known."""

from functools import partial

import numpy as np
import pandas as pd

from accuracy_parts import find, r_datasets
from accuracy_parts.methods import ridge, seasonal_naive, theta
from forecaster.evaluation import mase

N_STRETCHES = 12
WEEKS, YEARS = (3, 9), (2, 5)  # cycles that are known: at least, at most

# name: file, column, season, horizon
PARQUET = {
    "demand, half-hours": ("vic_electricity.parquet", "Demand", 48, 48),
    "air, half-hours": ("vic_electricity.parquet", "Temperature", 48, 48),
    "bicycles, hours": ("bike_sharing_dataset_clean.parquet", "users", 24, 24),
    "humidity, hours": ("bike_sharing_dataset_clean.parquet", "hum", 24, 24),
}


def load(folder):
    """Kind to its series, season, horizon, and the longer cycle."""
    found = {}
    for name, (file, column, season, horizon) in PARQUET.items():
        values = pd.read_parquet(find(folder, file))[column].to_numpy(float)
        found[name] = [values], season, horizon, 7 * season
    channels = np.load(find(folder, "ETTh1.npz"))["values"].astype(float)
    found["transformers, hours"] = list(channels.T), 24, 24, 168
    panels = r_datasets.load(1, longest=None)
    for name, horizon in {"railway stations": 14, "temperature": 24, "wind": 24}.items():
        series, season, _ = panels["panels"][name]
        found[name] = series, season, horizon, 7 * season if season > 7 else 364
    for name in ("elecdemand", "Births"):
        series, season, horizon = panels["single series"][name]
        found[name] = series, season, horizon, 7 * season if season > 7 else 364
    return found


def cut(series, season, horizon, cycle, rng):
    """Pairs of what is known and what follows, of series and at times that come out at random."""
    pairs, (least, most) = [], YEARS if season == 7 else WEEKS
    for _ in range(N_STRETCHES):
        y = series[rng.integers(len(series))]
        n = rng.integers(least * cycle, min(most * cycle, len(y) - horizon))
        start = rng.integers(len(y) - horizon - n + 1)
        pairs.append(np.split(y[start : start + n + horizon], [n]))
    return pairs


def report(folder, forecasters):
    """Print a line for each kind: mean MASE relative to that of the seasonal naive forecast."""
    methods = {"seasonal naive": seasonal_naive}
    for name, make in forecasters.items():
        methods[name] = partial(_forecast, make)
        methods[f"{name}, no longer seasons"] = partial(_forecast, make, longer_seasons=False)
    methods |= {"ridge": lambda y, *sizes: ridge([y], *sizes)[0], "Theta": theta}
    columns = list(methods)[1:]
    print(f"\n## Stretches, {N_STRETCHES} of each kind: MASE / that of seasonal naive\n")
    print(f"| kind | season | horizon | {' | '.join(columns)} |\n{'|---' * (3 + len(columns))}|")
    ratios = []
    for kind, (series, season, horizon, cycle) in load(folder).items():
        pairs = cut(series, season, horizon, cycle, np.random.default_rng(0))
        errors = np.mean(
            [
                [
                    mase(
                        actual, method(known, horizon, season), y_train=known, season_length=season
                    )
                    for method in methods.values()
                ]
                for known, actual in pairs
            ],
            axis=0,
        )
        ratios.append(errors[1:] / errors[0])
        print(f"| {kind} | {season} | {horizon} | {_figures(ratios[-1])} |", flush=True)
    print(f"| **geometric mean** | | | {_figures(np.exp(np.mean(np.log(ratios), axis=0)))} |")


def _forecast(make, y, horizon, season, **options):
    return make(horizon, season, **options).fit(y).predict().to_numpy()


def _figures(values):
    return " | ".join(f"{value:.3f}" for value in values)

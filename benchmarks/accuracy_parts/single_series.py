"""Single series, fitted one at a time: rolling backtests of textbook series."""

from functools import partial

import numpy as np
import pandas as pd

from accuracy_parts import find, peers
from accuracy_parts.ablation import ABLATION, fit
from accuracy_parts.methods import ridge, seasonal_naive, theta, timed
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
LONGEST_ETS_SEASON = 24  # AutoETS leaves longer ones out by itself
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


def backtest_series(y, season, horizon, method, offset=0, given_season=None):
    """MASE of a method over windows that end ``offset`` rows before the end, and median seconds.

    ``method`` is told of ``given_season``, or of the season.
    """
    errors, seconds = [], []
    for window in range(N_WINDOWS):
        cut = len(y) - offset - horizon * (window + 1)
        train, actual = y[:cut], y[cut : cut + horizon]
        forecast, taken = method(train, horizon, given_season or season)
        errors.append(mase(actual, forecast, y_train=train, season_length=season))
        seconds.append(taken)
    return np.mean(errors), np.median(seconds, axis=0)


def _timed(methods):
    return {name: partial(timed, method) for name, method in methods.items()}


def _forecast_with(make, y, horizon, season, **options):
    return fit(make, y, horizon, season, **options).predict().to_numpy()


def report(folder, forecasters, validation, peer_names):
    """Print errors relative to the seasonal naive forecast's; with ``validation``, of the windows
    before those that are reported otherwise."""
    ours = {"Theta": theta, "ridge": lambda y, *sizes: ridge([y], *sizes)[0]}
    ours |= {name: partial(_forecast_with, make) for name, make in forecasters.items()}
    with peers.Peers(peer_names) as others:
        _report(load(folder), _timed(ours) | others, validation)


def report_ablation(folder, make, validation):
    """A row for each change: geometric mean of all series, of short seasons, and the worst."""
    print("\n| method | geometric mean | of seasons up to 24 | worst | seconds a fit |")
    print("|---|---|---|---|---|")
    naive, series = partial(timed, seasonal_naive), load(folder)
    kept = {label: one for label, one in series.items() if _is_long_enough(*one, validation)}
    for label, options in ABLATION.items():
        method, ratios, seconds, short = partial(_forecast_with, make, **options), [], [], []
        for y, season, horizon in kept.values():
            offset = N_WINDOWS * horizon if validation else 0
            base, _ = backtest_series(y, season, horizon, naive, offset)
            error, taken = backtest_series(y, season, horizon, partial(timed, method), offset)
            ratios.append([error / base])
            seconds.append(taken[0])
            short.append(season <= LONGEST_ETS_SEASON)
        ratios = np.array(ratios)
        figures = _geometric_mean(ratios), _geometric_mean(ratios[short]), ratios.max(axis=0)
        row = " | ".join(_figures(figure) for figure in figures)
        print(f"| {label} | {row} | {np.median(seconds):.2f} |", flush=True)


def _is_long_enough(y, season, horizon, validation):
    n_kept = len(y) - (2 if validation else 1) * N_WINDOWS * horizon
    return n_kept >= 3 * season


def _report(series, methods, validation):
    print(f"\n## Single series, {N_WINDOWS} windows each: MASE / that of seasonal naive\n")
    print(f"| series | points | season | horizon | {' | '.join(methods)} |")
    print("|---" * (4 + len(methods)) + "|")
    ratios, times, notes, seasons = [], [], [], []
    naive = partial(timed, seasonal_naive)
    for label, (y, season, horizon) in series.items():
        offset = N_WINDOWS * horizon if validation else 0
        if not _is_long_enough(y, season, horizon, validation):
            continue
        base, _ = backtest_series(y, season, horizon, naive, offset)
        ratios.append([])
        times.append([])
        seasons.append(season)
        for name, method in methods.items():
            error, seconds, note = _attempt(y, season, horizon, method, offset)
            ratios[-1].append(error / base)
            times[-1].append(seconds)
            notes += [f"{name} on {label}: {note}."] if note else []
        print(f"| {label} | {len(y)} | {season} | {horizon} | {_figures(ratios[-1])} |", flush=True)
    _summarise(np.array(ratios), np.array(seasons) <= LONGEST_ETS_SEASON)
    for title, seconds in zip(["seconds", "processor seconds"], np.moveaxis(times, -1, 0)):
        print(f"| {title} a fit, median | | | | {_figures(np.nanmedian(seconds, axis=0))} |")
        print(f"| {title} a fit, at most | | | | {_figures(np.nanmax(seconds, axis=0))} |")
    print("\n" + "\n".join(notes or ["All methods forecast all series."]))


def _summarise(ratios, short):
    print(f"| **geometric mean** | | | | {_figures(_geometric_mean(ratios))} |")
    title = f"of {short.sum()}, seasons up to {LONGEST_ETS_SEASON}"
    print(f"| {title} | | | | {_figures(_geometric_mean(ratios[short]))} |")
    print(f"| worst | | | | {_figures(np.nanmax(ratios, axis=0))} |")


def _attempt(y, season, horizon, method, offset):
    """Error and seconds, of the method without season where it fails with it; and what failed."""
    try:
        return *backtest_series(y, season, horizon, method, offset), ""
    except peers.Failure as failure:
        note = f"{failure}; the figure is without season"
    try:
        return *backtest_series(y, season, horizon, method, offset, given_season=1), note
    except peers.Failure as failure:
        return np.nan, (np.nan, np.nan), f"{note}, which failed as well: {failure}"


def _geometric_mean(ratios):
    return np.exp(np.nanmean(np.log(ratios), axis=0))


def _figures(values):
    return " | ".join("-" if np.isnan(value) else f"{value:.3f}" for value in values)

"""Sets of many kinds, which the defaults were not made on.

Panels are forecast as such, from three origins a horizon apart; single series from up to six.
"""

from functools import partial

import numpy as np

from accuracy_parts import competition, peers, r_datasets
from accuracy_parts.methods import ridge, seasonal_naive, theta, timed
from forecaster.data.panel import Panel
from forecaster.forecasting.scoring import mase_scale

N_ORIGINS = {"panels": 3, "single series": 6}


def report(forecasters, peer_names):
    """Print errors relative to the seasonal naive forecast's, set by set."""
    with peers.Peers(peer_names) as others:
        methods = {"Theta": partial(timed, theta)} | others
        columns = ["set", "series", "points", "season", "horizon", *forecasters, "ridge", *methods]
        for kind, sets in r_datasets.load(N_ORIGINS["panels"]).items():
            print(f"\n## {kind}, {N_ORIGINS[kind]} origins: MASE / that of seasonal naive\n")
            print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
            ratios = [
                _row(name, *sizes, N_ORIGINS[kind], forecasters, methods)
                for name, sizes in sets.items()
            ]
            mean = np.exp(np.mean(np.log(ratios), axis=0))
            print(f"| **geometric mean** | | | | | {_figures(mean)} |")
            print(f"| worst | | | | | {_figures(np.max(ratios, axis=0))} |", flush=True)


def _row(name, series, season, horizon, n_origins, forecasters, methods):
    """A set's line of the table; its figures."""
    shortest = min(map(len, series))
    n_origins = min(n_origins, max(1, (shortest - max(2 * season, 10)) // horizon))
    base, errors = 0.0, np.zeros(len(forecasters) + 1 + len(methods))
    for n_hidden in range(horizon, (n_origins + 1) * horizon, horizon):
        known = [y[: len(y) - n_hidden] for y in series]
        actual = np.array([y[len(y) - n_hidden :][:horizon] for y in series])
        panel = competition.Competition(name, known, actual, horizon, season, {})
        forecasts = [competition.forecast(panel, make)[0] for make in forecasters.values()]
        forecasts.append(ridge(known, horizon, season))
        forecasts += [
            np.array([_attempt(method, y, horizon, season) for y in known])
            for method in methods.values()
        ]
        naive = np.array([seasonal_naive(y, horizon, season) for y in known])
        base += _mean_scaled_error(panel, naive)
        errors += [_mean_scaled_error(panel, forecast) for forecast in forecasts]
    ratios = errors / base
    sizes = f"{len(series)} | {int(np.median([len(y) for y in series]))} | {season} | {horizon}"
    print(f"| {name} | {sizes} | {_figures(ratios)} |", flush=True)
    return ratios


def _attempt(method, y, horizon, season):
    """A method that fails, or has no numbers to say, repeats the last season."""
    try:
        forecast = method(y, horizon, season)[0]
    except peers.Failure:
        forecast = np.full(horizon, np.nan)
    return forecast if np.isfinite(forecast).all() else seasonal_naive(y, horizon, season)


def _mean_scaled_error(panel, forecasts):
    """Mean over the series that have a scale."""
    has_scale = np.isfinite(mase_scale(Panel.from_series(panel.train), panel.season_length))
    return competition.measures(panel, forecasts)[1][has_scale].mean()


def _figures(values):
    return " | ".join(f"{value:.3f}" for value in values)

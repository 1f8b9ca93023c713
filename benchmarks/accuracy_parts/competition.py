"""Panels of the M4 competition: loading, Naive2, and the table beside the published methods."""

import csv
import sys
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from accuracy_parts.ablation import fit
from accuracy_parts.methods import naive2, ridge, theta, timed
from forecaster.data.panel import Panel
from forecaster.evaluation import smape
from forecaster.forecasting.scoring import mase_scale

SETS = ["yearly", "quarterly", "monthly", "weekly", "daily", "hourly"]


@dataclass
class Competition:
    """One set: ``train`` is a list of arrays, ``test`` (S, horizon); ``published`` maps a method's
    name to its sMAPE and MASE of every series, (2, S). ``alone``: every series is fitted by itself.
    """

    name: str
    train: list
    test: np.ndarray
    horizon: int
    season_length: int
    published: dict
    alone: bool = False

    def frame(self):
        """The training part as a long frame; ids sort like the series."""
        lengths = [len(one) for one in self.train]
        ids = np.repeat([f"{i:06d}" for i in range(len(lengths))], lengths)
        steps = np.concatenate([np.arange(n) for n in lengths])
        return pd.DataFrame({"unique_id": ids, "ds": steps, "y": np.concatenate(self.train)})

    def shortened(self):
        """The set one horizon earlier: what was the end of the training part is its test part."""
        h, m = self.horizon, self.season_length
        kept = [one for one in self.train if len(one) > h + max(2 * m, h)]
        train, test = [one[:-h] for one in kept], np.array([one[-h:] for one in kept])
        return Competition(f"{self.name}, validation", train, test, h, m, {})

    def sample(self, n):
        """About ``n`` of the series, evenly spread over the set, each by itself."""
        every = slice(None, None, max(1, len(self.train) // n))
        published = {name: figures[:, every] for name, figures in self.published.items()}
        return replace(
            self,
            name=f"{self.name}, one at a time",
            train=self.train[every],
            test=self.test[every],
            published=published,
            alone=True,
        )


def load(folder, name):
    """A set from a packed file (``yearly*.npz``), or from the competition's own CSV files."""
    packed = sorted([*folder.glob(f"{name}*.npz"), *folder.glob(f"m4/{name}*.npz")])
    if packed:
        return _load_packed(packed[0])
    title = name.capitalize()
    found = {path.name: path for path in sorted(folder.rglob("*.csv"))}
    needed = [f"{title}-train.csv", f"{title}-test.csv", "M4-info.csv"]
    missing = [file for file in needed if file not in found]
    if missing:
        sys.exit(f"{folder} has neither {name}*.npz nor the competition's file {missing[0]}.")
    train, test = (_read_series(found[file]) for file in needed[:2])
    info = pd.read_csv(found["M4-info.csv"], index_col=0).loc[next(iter(train))]
    values = np.array([test[key] for key in train])
    return Competition(
        name, list(train.values()), values, int(info["Horizon"]), int(info["Frequency"]), {}
    )


def _load_packed(path):
    file = np.load(path)
    offsets = file["train_offsets"]
    train = np.split(file["train_values"], offsets[1:-1])
    published = {key[4:]: file[key] for key in file.files if key.startswith("off_")}
    sizes = int(file["h"]), int(file["m"])
    return Competition(path.stem, train, file["test"], *sizes, published)


def _read_series(path):
    """Id to values; rows are filled up with empty cells on the right."""
    with open(path, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {row[0]: np.array([cell for cell in row[1:] if cell], float) for row in rows}


def measures(competition, forecasts):
    """sMAPE and MASE of every series, (2, S); NaN where the latter is not defined."""
    actual, train = competition.test, Panel.from_series(competition.train)
    scale = mase_scale(train, competition.season_length)
    percent = smape(actual.T, forecasts.T, multioutput="raw_values")
    return np.array([percent, np.abs(actual - forecasts).mean(axis=1) / scale])


def _each(competition, method):
    sizes = competition.horizon, competition.season_length
    return np.array([method(one, *sizes) for one in competition.train])


def forecast(competition, make, **options):
    """Forecasts of a forecaster fitted to the whole set, and the seconds of fit and predict."""
    if competition.alone:
        return timed(
            _each,
            competition,
            lambda y, *sizes: fit(make, y, *sizes, **options).predict().to_numpy(),
        )
    frame, sizes = competition.frame(), (competition.horizon, competition.season_length)
    values, seconds = timed(lambda: fit(make, frame, *sizes, **options).predict()["y"].to_numpy())
    return values.reshape(competition.test.shape), seconds


class Table:
    """Rows of sMAPE, MASE and OWA, relative to Naive2 on the same series."""

    def __init__(self, competition):
        self.competition = competition
        sizes = f"{len(competition.train):,} series, horizon {competition.horizon}"
        print(f"\n## {competition.name}: {sizes}, season {competition.season_length}\n")
        self.base = measures(competition, _each(competition, naive2))
        official = competition.published.get("Naive2")
        if official is not None:
            difference = np.nanmax(np.abs(self.base / official - 1))
            print(f"Our Naive2 differs from the official one by at most {difference:.0e}.\n")
        print("| method | sMAPE | MASE | OWA | seconds (processor) |\n|---|---|---|---|---|")
        self.row("Naive2", self.base)

    def owa(self, figures):
        return float(np.nanmean(np.nanmean(figures, axis=1) / np.nanmean(self.base, axis=1)))

    def row(self, label, figures, seconds=None):
        both = " | ".join(f"{figure:.3f}" for figure in np.nanmean(figures, axis=1))
        time = "" if seconds is None else f"{seconds[0]:.0f} ({seconds[1]:.0f})"
        print(f"| {label} | {both} | {self.owa(figures):.3f} | {time} |", flush=True)

    def forecaster(self, label, make, **options):
        values, seconds = forecast(self.competition, make, **options)
        self.row(label, measures(self.competition, values), seconds)

    def references(self):
        """Published methods, our Theta where there are none, and the ridge regression."""
        competition = self.competition
        published = {
            name: figures
            for name, figures in sorted(competition.published.items())
            if name != "Naive2" and np.isfinite(figures).all()
        }
        for name, figures in published.items():
            self.row(f"M4: {name}", figures)
        if "theta" not in published:
            self.row("Theta", measures(competition, _each(competition, theta)))
        sizes = competition.horizon, competition.season_length
        if competition.alone:
            values, seconds = timed(_each, competition, lambda y, *sizes: ridge([y], *sizes)[0])
        else:
            values, seconds = timed(ridge, competition.train, *sizes)
        self.row("ridge on the same windows", measures(competition, values), seconds)


def judge(competition, folder):
    """Largest difference between our measures and those of the scorer kept in the folder."""
    if not (folder / "scorer" / "m4score.py").exists():
        return
    sys.path.insert(0, str(folder / "scorer"))
    import m4score

    forecasts = _each(competition, naive2)
    sizes = competition.season_length
    theirs = np.array(m4score.score(competition.train, competition.test, forecasts, sizes))
    difference = np.nanmax(np.abs(measures(competition, forecasts) / theirs - 1))
    print(f"\nOur measures differ from the scorer's by at most {difference:.0e}.")

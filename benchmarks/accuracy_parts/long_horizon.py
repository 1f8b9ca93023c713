"""ETTh1: seven hourly channels, 12, 4 and 4 months for training, choices and scores.

H. Zhou et al., "Informer", AAAI 2021 (data and split); the figures of other methods: S. Lin et
al., "SegRNN", arXiv:2308.11200.
"""

import time

import numpy as np
import pandas as pd

from accuracy_parts import find

MONTH = 30 * 24
HORIZONS = (96, 720)
PUBLISHED = {
    "SegRNN": (0.351, 0.392, 0.446, 0.457),
    "PatchTST/64": (0.370, 0.400, 0.447, 0.468),
    "NLinear": (0.374, 0.394, 0.440, 0.453),
    "DLinear": (0.375, 0.399, 0.472, 0.490),
}
# one network for all horizons: the first steps of the longest are the forecasts of the others
OPTIONS = {
    "window": 336,
    "patch_size": 24,
    "transform": "none",
    "deseasonalize": False,
    "blend": 0.0,
    "weight_decay": 0.0,
    "max_steps": 300,
    "n_estimators": 3,
    "calibrate": False,
}


class Ridge:
    """Ridge regression of what follows on the window before, both measured from its last value.

    One regression for all channels, as the networks are one; the penalty is the best on validation
    of 1, 100, 1e4 and 1e6.
    """

    def __init__(self, penalty=100.0):
        self.penalty = penalty

    def fit(self, frame):
        self._known, window, steps = frame, OPTIONS["window"], max(HORIZONS)
        squares, products = np.zeros((window, window)), np.zeros((window, steps))
        for values in frame.to_numpy().T:
            rows = np.lib.stride_tricks.sliding_window_view(values, window + steps)
            rows = rows - rows[:, window - 1, None]
            squares += rows[:, :window].T @ rows[:, :window]
            products += rows[:, :window].T @ rows[:, window:]
        squares[np.diag_indices(window)] += self.penalty
        self._coefficients = np.linalg.solve(squares, products)
        return self

    def update(self, rows):
        self._known = pd.concat([self._known, rows])
        return self

    def predict(self):
        window = self._known.to_numpy()[-OPTIONS["window"] :].T
        last = window[:, -1:]
        return pd.DataFrame((last + (window - last) @ self._coefficients).T)


def load(folder):
    """The 20 months that count, (14400, 7), in units of the first twelve's standard deviation."""
    values = np.load(find(folder, "ETTh1.npz"))["values"][: 20 * MONTH].astype(float)
    train = values[: 12 * MONTH]
    return (values - train.mean(axis=0)) / train.std(axis=0)


def errors(forecaster, values, start, stop, stride):
    """MSE and MAE at every horizon over all windows whose targets lie within start to stop."""
    known = values[: 12 * MONTH]
    forecaster.fit(pd.DataFrame(known))
    sums, counts = {h: np.zeros(2) for h in HORIZONS}, dict.fromkeys(HORIZONS, 0)
    n_known = len(known)
    for origin in range(start, stop - min(HORIZONS) + 1, stride):
        if origin > n_known:
            rows = pd.DataFrame(values[n_known:origin], index=range(n_known, origin))
            forecaster.update(rows)
            n_known = origin
        forecast = forecaster.predict().to_numpy()
        for h in HORIZONS:
            if origin + h <= stop:
                difference = forecast[:h] - values[origin : origin + h]
                sums[h] += np.square(difference).mean(), np.abs(difference).mean()
                counts[h] += 1
    return [figure for h in HORIZONS for figure in sums[h] / counts[h]]


def report(folder, forecasters, validation, stride=1):
    """Print the table; every ``stride``-th window counts."""
    values = load(folder)
    start, stop = (12 * MONTH, 16 * MONTH) if validation else (16 * MONTH, 20 * MONTH)
    columns = [f"{measure} {h}" for h in HORIZONS for measure in ("MSE", "MAE")]
    print(f"\n## ETTh1\n\n| method | {' | '.join(columns)} | processor seconds |")
    print("|---" * (2 + len(columns)) + "|")
    for name, figures in PUBLISHED.items() if not validation else ():
        print(f"| {name} (published) | {_figures(figures)} | |")
    models = {"ridge, same window": Ridge()}
    for name, make in forecasters.items():
        models[name] = make(max(HORIZONS), 24, **OPTIONS)
    for name, model in models.items():
        begin = time.process_time()
        figures = errors(model, values, start, stop, stride)
        print(f"| {name} | {_figures(figures)} | {time.process_time() - begin:.0f} |", flush=True)


def _figures(values):
    return " | ".join(f"{value:.3f}" for value in values)

"""Do the networks learn what they should? Three tasks, beside simple models on the same data.

    python benchmarks/learning.py [--only adding|sunspots|digits] [--seeds 3]

adding: the sum of two marked numbers in a sequence of noise (S. Hochreiter, J. Schmidhuber, "Long
short-term memory", Neural Computation 9 (1997) 1735-1780, in the form of Q. V. Le, N. Jaitly, G. E.
Hinton, arXiv:1504.00941): the first marker lies in the first half, the second in the second, so
that something must be remembered for up to T steps. Mean squared error on new sequences; whoever
always says 1 has 1/6.

sunspots: the monthly number, one step ahead, from the 24 before it, next to the linear
autoregression by least squares on the same lags. Root mean squared error on the last fifth.

digits: scikit-learn's 8 x 8 images read row by row, 8 steps of 8 inputs, next to models that see
all pixels at once. Accuracy on a held-out third, the same one for all.

Every figure is one training; the seed is that of weights, order and, for adding, data. The settings
were chosen without the test data: by cross-validation of the training part for digits, by rolling
origins within it for sunspots.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import forecaster
from forecaster.data import load_sunspots

ONE_CYCLE = {"learning_rate": "one_cycle"}
# An Elman net takes as many seconds for 80 passes as the others for 20, and smaller steps.
ADDING = {
    "GRURegressor()": ("GRU", {"max_iter": 20, "learning_rate_init": 0.01}),
    "LSTMRegressor()": ("LSTM", {"max_iter": 20, "learning_rate_init": 0.01}),
    "ElmanRegressor()": ("Elman", {"max_iter": 20, "learning_rate_init": 0.01}),
    "ElmanRegressor(), its own settings": (
        "Elman",
        {"max_iter": 80, "learning_rate_init": 0.003},
    ),
}


def adding_problem(n, n_steps, rng):
    """Sequences (n, n_steps, 2) of numbers in [0, 1] and markers, and the sums of the marked."""
    X = np.zeros((n, n_steps, 2))
    X[..., 0] = rng.uniform(size=(n, n_steps))
    rows = np.arange(n)
    first, second = rng.integers(0, n_steps // 2, n), rng.integers(n_steps // 2, n_steps, n)
    X[rows, first, 1] = X[rows, second, 1] = 1
    return X, X[rows, first, 0] + X[rows, second, 0]


def adding(n_steps):
    def of_net(cell, options):
        def error(seed):
            rng = np.random.default_rng(seed)
            X, y = adding_problem(10_000, n_steps, rng)
            X_test, y_test = adding_problem(2_000, n_steps, rng)
            net = make(cell, "Regressor", seed, **options).fit(X, y)
            return np.mean((net.predict(X_test) - y_test) ** 2)

        return error

    rows = {name: of_net(*net) for name, net in ADDING.items()}
    return f"adding problem, T = {n_steps}: mean squared error (always 1: 0.167)", rows


def sunspots(n_lags=24):
    y = load_sunspots().to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(y, n_lags + 1)
    X, z = windows[:, :n_lags], windows[:, n_lags]
    n = len(z) - len(y) // 5

    def error_of(model):
        return np.sqrt(np.mean((model.fit(X[:n], z[:n]).predict(X[n:]) - z[n:]) ** 2))

    def of_net(cell, **options):
        options = {"hidden_layer_sizes": 16, "max_iter": 30, "n_estimators": 5, **options}
        return lambda seed: error_of(make(cell, "Regressor", seed, **options))

    rows = {
        "the last month's number": lambda seed: np.sqrt(np.mean((X[n:, -1] - z[n:]) ** 2)),
        "linear autoregression": lambda seed: error_of(LinearRegression()),
    }
    for cell in ("GRU", "LSTM", "Elman"):
        rows[f"{cell}Regressor(skip=True)"] = of_net(cell, skip=True, alpha=1e-2)
    rows["GRURegressor()"] = of_net("GRU")
    title = f"sunspots, one month ahead, last {len(z) - n} of {len(y)} months: RMSE"
    return title, rows


def digits():
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=1 / 3, stratify=y, random_state=0)

    def flat(model):
        return make_pipeline(StandardScaler(), model).fit(X, y).score(X_test, y_test)

    def of_cell(cell, **options):
        options = {"hidden_layer_sizes": 128, "max_iter": 60, "alpha": 1e-3, **options}
        options["scale_inputs"] = False  # pixels have one scale, and edges are dark

        def accuracy(seed):
            net = make(cell, "Classifier", seed, **options).fit(X.reshape(-1, 8, 8), y)
            return net.score(X_test.reshape(-1, 8, 8), y_test)

        return accuracy

    rows = {
        "LogisticRegression()": lambda seed: flat(LogisticRegression(max_iter=1000)),
        "MLPClassifier((128,))": lambda seed: flat(MLPClassifier((128,), random_state=seed)),
    }
    for cell in ("GRU", "LSTM", "Elman"):
        rows[f"{cell}Classifier()"] = of_cell(cell)
    rows["GRUClassifier(n_estimators=5)"] = of_cell("GRU", n_estimators=5)
    return f"digits, row by row, {len(y_test)} held out: accuracy", rows


def make(cell, kind, seed, **options):
    return getattr(forecaster, cell + kind)(random_state=seed, **ONE_CYCLE, **options)


def report(title, rows, n_seeds):
    """A line for each model: its figure by seed, their median, and seconds for one training."""
    print(f"\n{title}")
    seeds = "".join(f"{f'seed {seed}':>11}" for seed in range(n_seeds))
    print(f"  {'':<36}{seeds}{'median':>11}{'seconds':>9}")
    for name, figure in rows.items():
        start = time.perf_counter()
        figures = [figure(seed) for seed in range(n_seeds)]
        seconds = (time.perf_counter() - start) / n_seeds
        line = "".join(f"{value:11.4g}" for value in [*figures, np.median(figures)])
        print(f"  {name:<36}{line}{seconds:9.1f}", flush=True)


TASKS = {
    "adding": [partial(adding, n_steps) for n_steps in (50, 100, 200)],
    "sunspots": [sunspots],
    "digits": [digits],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TASKS)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of MLPClassifier
    for name, tasks in TASKS.items():
        if options.only in (None, name):
            for task in tasks:
                report(*task(), options.seeds)


if __name__ == "__main__":
    main()

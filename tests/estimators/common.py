"""What several tests of networks on windows need."""

import numpy as np
import pytest

from forecaster import ElmanRegressor

X = np.random.default_rng(0).normal(2, 3, (20, 3))
Y = 5 + X[:, 2] - np.tanh(X[:, 0]) * X[:, 1]

# trainings are cut short on purpose
in_time = pytest.mark.filterwarnings(
    "ignore:ElmanRegressor. max_iter=:sklearn.exceptions.ConvergenceWarning"
)


def net(**options):
    defaults = {"hidden_layer_sizes": 3, "max_iter": 3, "random_state": 0, "dtype": "float64"}
    return ElmanRegressor(**{**defaults, **options})

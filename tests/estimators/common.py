"""What several tests of networks on windows need."""

import numpy as np
import pytest

import forecaster
from forecaster import ElmanRegressor

CELLS = ("Elman", "GRU", "LSTM", "Jordan", "ElmanJordan")
REGRESSORS = [getattr(forecaster, f"{cell}Regressor") for cell in CELLS]
CLASSIFIERS = [getattr(forecaster, f"{cell}Classifier") for cell in CELLS]
of_every_cell = pytest.mark.parametrize("cls", REGRESSORS, ids=CELLS)

X = np.random.default_rng(0).normal(2, 3, (20, 3))
Y = 5 + X[:, 2] - np.tanh(X[:, 0]) * X[:, 1]

# trainings are cut short on purpose
in_time = pytest.mark.filterwarnings("ignore:.* max_iter=:sklearn.exceptions.ConvergenceWarning")


def net(cls=ElmanRegressor, **options):
    defaults = {"hidden_layer_sizes": 3, "max_iter": 3, "random_state": 0, "dtype": "float64"}
    return cls(**{**defaults, **options})

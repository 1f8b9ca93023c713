"""What gates are for: numbers that are needed long after they were seen."""

import numpy as np
import pytest

import forecaster

T = 20


def adding_problem(n, rng):
    """The sum of two marked numbers among noise (Hochreiter & Schmidhuber 1997)."""
    X = np.zeros((n, T, 2))
    X[..., 0] = rng.uniform(size=(n, T))
    rows = np.arange(n)
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    X[rows, first, 1] = X[rows, second, 1] = 1
    return X, X[rows, first, 0] + X[rows, second, 0]


@pytest.mark.jit  # as loops of Python it takes minutes
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_gated_cells_solve_the_adding_problem(cell):
    """Whoever knows one of the numbers has an error of 1/12, and of both with a bit each, 1/24."""
    rng = np.random.default_rng(0)
    net = getattr(forecaster, f"{cell}Regressor")(
        16, max_iter=30, learning_rate="one_cycle", learning_rate_init=0.01, random_state=0
    )
    net.fit(*adding_problem(1000, rng))
    X, y = adding_problem(500, rng)
    assert np.mean((net.predict(X) - y) ** 2) < 0.005

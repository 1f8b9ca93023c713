"""Rows copied into chunks: the right ones, transposed, and zeros behind them."""

import numpy as np
import pytest

from forecaster.kernels import rows as kernels
from tests import reference

ROWS = [[], [4], [2, 0, 4], [3, 3, 1, 0, 2, 4]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, D", [(1, 1), (3, 2)])
@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_gather(rows, T, D, dtype):
    A = np.random.default_rng(0).standard_normal((5, T, D)).astype(dtype)
    out = np.full((T, 6, D), np.nan, dtype)
    kernels.gather(A, np.array(rows, np.int64), out)
    np.testing.assert_array_equal(out, reference.gather(A, rows, 6))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, O", [(1, 1), (3, 2)])
@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_gather_targets(rows, T, O, dtype):
    rng = np.random.default_rng(0)
    Z, weights = rng.uniform(size=(2, 5, T, O)).astype(dtype)
    out, out_weights = np.full((2, T, 6, O), np.nan, dtype)
    kernels.gather_targets(Z, weights, np.array(rows, np.int64), out, out_weights)
    np.testing.assert_array_equal(out, reference.gather(Z, rows, 6))
    np.testing.assert_array_equal(out_weights, reference.gather(weights, rows, 6))

"""Rows copied into chunks: the right ones, transposed, and zeros behind them."""

import numpy as np
import pytest

from forecaster.kernels import rows as kernels
from tests import reference

ROWS = [[], [4], [2, 0, 4], [3, 3, 1, 0, 2, 4]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, D", [(1, 1), (3, 1), (3, 2)])
@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_gather(rows, T, D, dtype):
    A = np.random.default_rng(0).standard_normal((5, T, D)).astype(dtype)
    out = np.full((T, 6, D), np.nan, dtype)
    kernels.gather(A, np.array(rows, np.int64), out)
    np.testing.assert_array_equal(out, reference.gather(A, rows, 6))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("S, O", [(1, 1), (3, 2)])
@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_gather_all(rows, S, O, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(size=(5, *steps)).astype(dtype) for steps in ((4, 3), (S, O), (S, O))]
    out = [np.full((A.shape[1], 6, A.shape[2]), np.nan, dtype) for A in arrays]
    kernels.gather_all(*arrays, np.array(rows, np.int64), *out)
    for A, found in zip(arrays, out, strict=True):
        np.testing.assert_array_equal(found, reference.gather(A, rows, 6))

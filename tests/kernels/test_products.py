"""Products cut into blocks equal the whole ones."""

import numpy as np
import pytest

from forecaster.kernels import products
from tests.reference import assert_close

# The last three pass a million multiplications: several blocks, with and without a short last
# one, and one product because the blocks would have few rows.
SHAPES = [(1, 1, 1), (5, 3, 2), (1_200, 30, 40), (2_000, 25, 40), (80, 130, 150)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equal_one_product(shape, dtype):
    R, M, N = shape
    rng = np.random.default_rng(0)
    A, B, C = (rng.standard_normal(s).astype(dtype) for s in ((R, M), (M, N), (R, N)))
    AB, AC = np.full((R, N), np.nan, dtype), np.full((M, N), np.nan, dtype)
    products.multiply(A, B, AB)
    products.sum_of_products(A, C, AC)
    A, B, C = (a.astype(np.float64) for a in (A, B, C))
    assert_close(AB, A @ B, M)
    assert_close(AC, A.T @ C, R)

"""Products cut into blocks equal the whole ones."""

import numpy as np
import pytest

from forecaster.kernels import products
from tests.reference import assert_close

# The last four pass a million multiplications: several blocks, with and without a short last one,
# and one product because the blocks would have few rows.
SHAPES = [(1, 1, 1), (5, 3, 2), (1_200, 30, 40), (2_000, 25, 40), (80, 130, 150), (40, 200, 220)]


def test_blocks_are_equal_parts_below_a_million_multiplications():
    assert products._rows_at_once(128, 128 * 128) == 43  # of 43, 43 and 42
    assert products._rows_at_once(2_000, 1_000) == 1_000
    assert products._rows_at_once(2_001, 1_000) == 667
    assert products._rows_at_once(40, 200 * 220) == 40  # 22 at a time would be too few


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

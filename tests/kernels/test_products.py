"""Products, whole ones and those cut into blocks."""

import numpy as np
import pytest

from forecaster.kernels import products
from tests.reference import assert_close

# The last four pass a million multiplications: several blocks, with and without a short last one,
# and one product because the blocks would have few rows.
SHAPES = [(1, 1, 1), (5, 3, 2), (1_200, 30, 40), (2_000, 25, 40), (80, 130, 150), (40, 200, 220)]


def draw(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def double(*arrays):
    return [array.astype(np.float64) for array in arrays]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("multiply", [products.multiply, products._multiply_in_blocks])
def test_product(multiply, shape, dtype):
    R, M, N = shape
    A, B, out = draw(dtype, (R, M), (M, N), (R, N))
    multiply(A, B, out)
    exact, other = double(A, B)
    assert_close(out, exact @ other, M)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("add_up", [products.sum_of_products, products._sum_in_blocks])
def test_sum_of_products(add_up, shape, dtype):
    R, M, N = shape
    A, B, out = draw(dtype, (R, M), (R, N), (M, N))
    add_up(A, B, out)
    exact, other = double(A, B)
    assert_close(out, exact.T @ other, R)


def test_blocks_are_equal_parts_below_a_million_multiplications():
    assert products._rows_at_once(128, 128 * 128) == 43  # of 43, 43 and 42
    assert products._rows_at_once(2_000, 1_000) == 1_000
    assert products._rows_at_once(2_001, 1_000) == 667
    assert products._rows_at_once(40, 200 * 220) == 40  # 22 at a time would be too few

"""Sums of a start and a product: whole tiles, and what is left of rows and columns."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from forecaster._jit import simd_bytes
from forecaster.kernels import products
from tests.reference import assert_close

# Registers hold 4 to 16 numbers; tiles have two, six or eight rows of one to four of them, and
# terms are taken two or four at a time.
SHAPES = [
    (0, 2, 3),
    (2, 0, 3),
    (2, 3, 0),
    (1, 1, 1),
    (5, 3, 2),
    (8, 4, 32),
    (24, 8, 16),
    (9, 7, 33),
    (26, 9, 52),
    (18, 5, 20),
    (13, 6, 17),
    (64, 33, 128),
    (100, 50, 15),
    (40, 200, 70),
    (23, 10, 150),
]
BY_BLAS = products.allocating_kernel(products._add_by_blas)


def draw(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("add_product", [products.add_product, BY_BLAS], ids=["used", "blas"])
@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("start", ["itself", "another", "a row"])
def test_writes_the_sum_and_nothing_else(start, by_columns, add_product, shape, dtype):
    R, M, N = shape
    A, B, before, row = draw(dtype, (R, M), (M, N), (R, N), (1, N))
    first = row if start == "a row" else before
    expected = first.astype(float) + A.astype(float) @ B.astype(float)
    if by_columns:
        A = np.ascontiguousarray(A.T).T
    whole = np.full(R * N + 200, 7, dtype)  # what lies in front and behind stays as it is
    out = whole[100:-100].reshape(R, N)
    if start == "itself":
        out[:] = before
        first = out
    add_product(first, A, B, out)
    assert_close(out, expected, M)
    assert (whole[:100] == 7).all()
    assert (whole[-100:] == 7).all()


@pytest.mark.skipif(simd_bytes() == 0, reason="BLAS takes what code it likes")
@pytest.mark.parametrize("n_columns", [1, 8, 16, 40, 150])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("by_columns", [False, True])
def test_the_bits_of_a_row_do_not_depend_on_its_place(n_columns, dtype, by_columns):
    A, B, row = draw(dtype, (29, 50), (50, n_columns), (1, n_columns))
    A = np.asfortranarray(A) if by_columns else A
    whole, part = np.empty((29, n_columns), dtype), np.empty((1, n_columns), dtype)
    products.add_product(row, A, B, whole)
    for i in range(29):
        products.add_product(row, np.ascontiguousarray(A[i : i + 1]), B, part)
        np.testing.assert_array_equal(part[0], whole[i])


@pytest.mark.skipif(simd_bytes() == 0, reason="BLAS copies them")
@pytest.mark.parametrize("which", range(4), ids=["start", "A", "B", "out"])
@pytest.mark.parametrize("order", ["by columns", "with gaps"])
def test_refuses_matrices_in_an_order_it_would_misread(which, order):
    matrices = draw("float32", (5, 4), (5, 3), (3, 4), (5, 4))
    gaps = np.repeat(matrices[which], 2, axis=1)[:, ::2]
    matrices[which] = gaps if order == "with gaps" else np.asfortranarray(gaps)
    if (which, order) == (1, "by columns"):
        products.add_product(*matrices)  # the one that may be so
        return
    with pytest.raises(TypingError, match="expected contiguous matrices, all but A by rows"):
        products.add_product(*matrices)


@pytest.mark.skipif(simd_bytes() == 0, reason="BLAS has its own sentence")
def test_refuses_matrices_of_different_types():
    start, A, B = draw("float32", (5, 4), (5, 3), (3, 4))
    with pytest.raises(TypingError, match="expected arguments of the types"):
        products.add_product(start, A.astype("float64"), B, start)


def test_what_is_not_a_number_stays_in_its_row_and_column():
    A, B, out = draw("float32", (20, 9), (9, 40), (20, 40))
    A[3, 2] = np.nan
    B[5, 37] = np.inf
    products.add_product(out, A, B, out)
    finite = np.isfinite(out)
    assert not finite[3].any()
    assert not finite[:, 37].any()
    assert np.delete(np.delete(finite, 3, axis=0), 37, axis=1).all()


def test_transpose():
    (A,) = draw("float32", (5, 3))
    out = np.empty((3, 5), "float32")
    products.transpose(A, out)
    np.testing.assert_array_equal(out, A.T)

"""Products of matrices in the sizes that BLAS is fast at."""

import numpy as np

from forecaster._jit import has_avx512, kernel

# With AVX-512, OpenBLAS multiplies matrices where they lie, up to a million multiplications. Larger
# ones it first copies into blocks, which takes long where matrices are no larger than ours: cut
# below the border, a product of two 3072 x 32 matrices took 0.4 of the time, one of 128 x 128
# matrices 0.6. Other processors' code always copies, and would take up to 1.5 times as long.
_CUTS = has_avx512()
_SMALL = 1_000_000
_FEW_ROWS = 24  # blocks of fewer rows gain nothing


@kernel
def multiply(A, B, out):
    """``out = A B``; A: (R, M); B: (M, N); out: (R, N)."""
    if not _CUTS or A.shape[0] * B.size <= _SMALL:
        np.dot(A, B, out)
    else:
        _multiply_in_blocks(A, B, out)


@kernel
def sum_of_products(A, B, out):
    """``out = A.T B``; A: (R, M); B: (R, N); out: (M, N)."""
    if not _CUTS or A.shape[0] * out.size <= _SMALL:
        np.dot(A.T, B, out)
    else:
        _sum_in_blocks(A, B, out)


@kernel
def transpose(A, out):
    """``out = A.T``; A: (M, N); out: (N, M). BLAS is slow at small products with A.T itself."""
    M, N = A.shape
    for j in range(N):
        for i in range(M):
            out[j, i] = A[i, j]


@kernel
def _multiply_in_blocks(A, B, out):
    step = _rows_at_once(A.shape[0], B.size)
    for start in range(0, A.shape[0], step):
        np.dot(A[start : start + step], B, out[start : start + step])


@kernel
def _sum_in_blocks(A, B, out):
    step = _rows_at_once(A.shape[0], out.size)
    np.dot(A[:step].T, B[:step], out)
    part = np.empty_like(out)
    for start in range(step, A.shape[0], step):
        np.dot(A[start : start + step].T, B[start : start + step], part)
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] += part[i, j]


@kernel
def _rows_at_once(n_rows, work):
    """Rows of a block, for so many multiplications a row: all, or equal parts below the border."""
    most = _SMALL // work
    if most < _FEW_ROWS:
        return n_rows
    n_blocks = (n_rows - 1) // most + 1
    return (n_rows - 1) // n_blocks + 1

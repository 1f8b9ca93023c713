"""Products of a tall matrix with a small one, in the sizes that BLAS is fast at."""

import numpy as np

from forecaster._jit import kernel

# Up to a million multiplications, OpenBLAS (with AVX-512) multiplies matrices where they lie.
# Larger ones it first copies into blocks, which takes longer than the product if one side is small:
# cut below the border, a product of two 3072 x 32 matrices took 0.4 of the time.
_SMALL = 1_000_000
_FEW_ROWS = 64  # blocks of fewer rows gain nothing


@kernel
def _rows_at_once(n_rows, work):
    """Rows of a block, for so many multiplications a row."""
    step = _SMALL // work
    return n_rows if step < _FEW_ROWS else step


@kernel
def multiply(A, B, out):
    """``out = A B``; A: (R, M); B: (M, N); out: (R, N)."""
    step = _rows_at_once(A.shape[0], B.size)
    for start in range(0, A.shape[0], step):
        np.dot(A[start : start + step], B, out[start : start + step])


@kernel
def sum_of_products(A, B, out):
    """``out = A.T B``; A: (R, M); B: (R, N); out: (M, N)."""
    step = _rows_at_once(A.shape[0], out.size)
    np.dot(A[:step].T, B[:step], out)
    if step >= A.shape[0]:
        return
    part = np.empty_like(out)
    for start in range(step, A.shape[0], step):
        np.dot(A[start : start + step].T, B[start : start + step], part)
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] += part[i, j]

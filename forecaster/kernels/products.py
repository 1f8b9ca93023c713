"""Products of matrices, added to what is there: by tiles in SIMD registers, or else by BLAS."""

import numpy as np

from forecaster._jit import kernel, simd_bytes
from forecaster.kernels.tiles import tile

_BYTES = simd_bytes()
# Registers side by side in a tile of six rows: with 24 sums in 32 registers (AVX-512), or 12 in 16,
# both multipliers of a core are busy, and the rest holds what is multiplied.
_WIDE = 4 if _BYTES == 64 else 2
_ROWS, _NARROW_ROWS = 6, 8 if _BYTES == 64 else 6
_NARROWEST = 32  # bytes of a register for few columns: longer ones take longer
_CACHED = 32_768  # numbers that the second cache holds beside their gradients and the weights


def _add_by_tiles(start, A, B, out):
    """``out = start + A B``.

    start: (R, N), which may be out, or (1, N), the same for all rows; A: (R, M), by rows or by
    columns; B: (M, N); out: (R, N).
    """
    R, N = out.shape
    register = _BYTES // out.itemsize
    whole = R - R % _NARROW_ROWS
    if N * out.itemsize <= _NARROWEST:
        for i in range(0, whole, _NARROW_ROWS):
            _narrowest(start, A, B, out, i, 0)
        for i in range(whole, R):
            _row(start, A, B, out, i, 0)
        return
    end = N - N % (_WIDE * register)
    for j in range(0, end, _WIDE * register):
        rest = R % _ROWS
        for i in range(0, R - rest, _ROWS):
            _wide(start, A, B, out, i, j)
        for i in range(R - rest, R - 1, 2):
            _two_rows(start, A, B, out, i, j)
        if R % 2:
            for k in range(j, j + _WIDE * register, 2 * register):
                _row(start, A, B, out, R - 1, k)
    for j in range(end, N, 2 * register):
        for i in range(0, whole, _NARROW_ROWS):
            _narrow(start, A, B, out, i, j)
        for i in range(whole, R):
            _row(start, A, B, out, i, j)


def _add_by_blas(start, A, B, out):
    """``out = start + A B``."""
    product = np.dot(A, B)
    for i in range(out.shape[0]):
        before = start[i % start.shape[0]]
        for j in range(out.shape[1]):
            out[i, j] = before[j] + product[i, j]


if _BYTES:
    _wide, _two_rows = tile(_ROWS, _WIDE, _BYTES), tile(2, _WIDE, _BYTES)
    _narrow = tile(_NARROW_ROWS, 2, _BYTES, whole=False)
    _narrowest = tile(_NARROW_ROWS, 1, _NARROWEST, whole=False)
    _row = tile(1, 2, _BYTES, whole=False, n_chains=4)
    add_product = kernel(_add_by_tiles)
else:
    add_product = kernel(_add_by_blas)


@kernel
def steps_at_once(C, H):
    """How many steps' states, (C, H) each, stay in the cache until they are used again."""
    return max(1, _CACHED // (C * H))


@kernel
def transpose(A, out):
    """``out = A.T``; A: (M, N); out: (N, M)."""
    M, N = A.shape
    for j in range(N):
        for i in range(M):
            out[j, i] = A[i, j]

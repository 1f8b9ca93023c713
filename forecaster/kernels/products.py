"""Products of matrices, added to what is there: by tiles in SIMD registers, or else by BLAS."""

import numpy as np
from numba import types
from numba.core.types.misc import CPointer

from forecaster._jit import allocating_kernel, kernel, shared_kernel, simd_bytes
from forecaster.kernels.tiles import address, address_by_rows, tile

_BYTES = simd_bytes()
# Registers side by side in a tile of six rows: with 24 sums in 32 registers (AVX-512), or 12 in 16,
# both multipliers of a core are busy, and the rest holds what is multiplied. What is left of the
# columns has tiles of eight rows, so that a single register side by side still makes eight sums.
# What is left of the rows has tiles of two rows, as wide as those above them.
_WIDE = 4 if _BYTES == 64 else 2
_ROWS, _NARROW_ROWS = 6, 8
_NARROWEST = 32  # bytes of a register for few columns: longer ones take longer
_CACHED = 32_768  # numbers that the second cache holds beside their gradients and the weights


def _add_tiles(start, start_row, A, row, term, B, out, R, M, N, itemsize):
    """``out = start + A B``, tile by tile; the arguments: see tile."""
    matrices = start, start_row, A, row, term, B, out, R, M, N
    register = _BYTES // itemsize
    end, narrow_end = N - N % (_WIDE * register), N - N % (2 * register)
    whole, narrow_whole = R - R % _ROWS, R - R % _NARROW_ROWS
    for j in range(0, end, _WIDE * register):
        for i in range(0, whole, _ROWS):
            _wide(matrices, i, j)
        for i in range(whole, R, 2):
            _wide_rest(matrices, i, j)
    for j in range(end, narrow_end, 2 * register):
        for i in range(0, narrow_whole, _NARROW_ROWS):
            _narrow(matrices, i, j)
        for i in range(narrow_whole, R, 2):
            _narrow_rest(matrices, i, j)
    for j in range(narrow_end, N, register):
        if (N - j) * itemsize > _NARROWEST:
            for i in range(0, narrow_whole, _NARROW_ROWS):
                _single(matrices, i, j)
        else:
            for i in range(0, narrow_whole, _NARROW_ROWS):
                _narrowest(matrices, i, j)
        for i in range(narrow_whole, R, 2):
            _single_rest(matrices, i, j)


def _add_by_tiles(start, A, B, out):
    """``out = start + A B``.

    start: (R, N), which may be out, or (1, N), the same for all rows; A: (R, M), by rows or by
    columns; B: (M, N) and out: (R, N), by rows.
    """
    R, N = out.shape
    start_row = start.strides[0] if start.shape[0] > 1 else 0
    row, term = A.strides
    M = B.shape[0]
    first, b, to = address_by_rows(start), address_by_rows(B), address_by_rows(out)
    _add((first, start_row, address(A), row, term, b, to, R, M, N, out.itemsize))


def _add_by_blas(start, A, B, out):
    """``out = start + A B``."""
    product = np.dot(A, B)
    for i in range(out.shape[0]):
        before = start[i % start.shape[0]]
        for j in range(out.shape[1]):
            out[i, j] = before[j] + product[i, j]


def _signature(number):
    """Types of the arguments of _add_tiles."""
    a, n = CPointer(number), types.intp
    return a, n, a, n, n, a, a, n, n, n, n


if _BYTES:
    _wide = tile(_ROWS, _WIDE, _BYTES, all_columns=True)
    _narrow = tile(_NARROW_ROWS, 2, _BYTES, all_columns=True)
    _single, _narrowest = (tile(_NARROW_ROWS, 1, n_bytes) for n_bytes in (_BYTES, _NARROWEST))
    _wide_rest = tile(2, _WIDE, _BYTES, all_rows=False, all_columns=True)
    _narrow_rest = tile(2, 2, _BYTES, all_rows=False, all_columns=True)
    _single_rest = tile(2, 1, _BYTES, all_rows=False)
    _add = shared_kernel(_add_tiles, _signature(types.float32), _signature(types.float64))
    add_product = kernel(_add_by_tiles)
else:
    add_product = allocating_kernel(_add_by_blas)


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

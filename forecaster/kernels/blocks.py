"""Blocks of matrices."""

from forecaster._jit import kernel


@kernel
def put(source, first, n, out, row, column):
    """Copy ``n`` columns of a matrix, from ``first`` on, into ``out`` from (row, column) on.

    source: (R, first + n or more); out: large enough, which is not checked. A slice of columns is
    not contiguous: given that instead of offsets, this would be compiled once more for each layout
    of memory. Numba's own slice assignment would take 2 s more to compile; and indices that are
    sums, which may be negative, would not be vectorised.
    """
    for i in range(source.shape[0]):
        line, target = source[i, first : first + n], out[row + i, column : column + n]
        for j in range(n):
            target[j] = line[j]

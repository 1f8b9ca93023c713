"""What gated cells share: all that belongs to a step lies as (units, rows), gate after gate.

Then all gates are one product, of which each gate is a contiguous part. Loops over its elements run
through all rows and units at once, and fill SIMD registers also where ``H`` is small. Such a loop
writes to three arrays at most and sees few: otherwise the compiler gives up proving that they do
not overlap, and does not vectorise it.

The gates of a cell may lie in another order than in the parameters: turned by so many columns.
"""

from forecaster._jit import kernel


@kernel
def transpose(A, out):
    """``out = A.T``; A: (M, N); out: (N, M)."""
    M, N = A.shape
    for j in range(N):
        for i in range(M):
            out[j, i] = A[i, j]


@kernel
def turn(W, n, WT):
    """The transpose, whose first row is column ``n``; W: (M, N); WT: (N, M)."""
    M, N = W.shape
    for j in range(N):
        k = (j + n) % N
        for i in range(M):
            WT[j, i] = W[i, k]


@kernel
def turn_back(WT, n, W):
    """Undo `turn`."""
    M, N = W.shape
    for j in range(N):
        k = (j + n) % N
        for i in range(M):
            W[i, k] = WT[j, i]


@kernel
def repeat(b, n, rows):
    """The biases, from the ``n``-th on, for every row; b: (N,); rows: (N, C)."""
    N, C = rows.shape
    for j in range(N):
        k = (j + n) % N
        for c in range(C):
            rows[j, c] = b[k]


@kernel
def sum_rows(rows, n, b):
    """Sums over rows, where `repeat` had the biases from."""
    N, C = rows.shape
    for j in range(N):
        total = rows[j, 0]
        for c in range(1, C):
            total += rows[j, c]
        b[(j + n) % N] = total


@kernel
def add(a, b):
    """``a += b``, both (M,)."""
    for i in range(a.size):
        a[i] += b[i]

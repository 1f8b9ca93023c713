"""What gated cells share: all that belongs to a step lies as (units, rows), gate after gate.

States, inputs and a row of ones lie below each other, (H + D + 1, C), their weights and the biases
likewise: then one product makes all gates, biases included, and each gate is a contiguous part of
it. Where the initial states are zero, the first step's product leaves their rows out.
Loops over elements run through all rows and units at once, and fill SIMD registers also where
``H`` is small. Such a loop writes to three arrays at most and sees few: otherwise the compiler
gives up proving that they do not overlap, and does not vectorise it. Each step reshapes its gates
anew: given one flat view of all steps, the compiler would test for overlaps once before the time
loop, find the whole arrays to overlap, and run twice as long.
"""

from forecaster._jit import kernel
from forecaster.kernels.activations import logistic


@kernel
def take(rows, n, W, b):
    """Turn rows, from column ``n`` of W on and round, into the columns of W and b.

    rows: (N, M + 1); W: (M, N); b: (N,).
    """
    M, N = W.shape
    for j in range(N):
        k = (j + n) % N
        for i in range(M):
            W[i, k] = rows[j, i]
        b[k] = rows[j, M]


@kernel
def with_ones(x, out):
    """Inputs and a column of ones; x: (C, D); out: (C, D + 1)."""
    C, D = x.shape
    for c in range(C):
        for d in range(D):
            out[c, d] = x[c, d]
        out[c, D] = 1


@kernel
def squash(a):
    """The logistic function in place; a: (M,)."""
    for i in range(a.size):
        a[i] = logistic(a[i])


@kernel
def add(a, b):
    """``a += b``, of one size and contiguous."""
    to, what = a.reshape(a.size), b.reshape(b.size)
    for i in range(to.size):
        to[i] += what[i]

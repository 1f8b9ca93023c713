"""What gated cells share: weights, biases and their gradients, gate by gate.

Parameters keep the gates side by side in their columns. The kernels hold each gate by itself: the
loop over its elements then runs through all rows at once, which fills SIMD registers also where
``H`` is small. Such a loop writes to three arrays at most and sees few: otherwise the compiler
gives up proving that they do not overlap, and does not vectorise it.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.products import sum_of_products

# So many numbers of a gate are worked on at once, before the next steps' turn: with all gates they
# still fit into a core's second cache (1 MB and more). All steps at once took up to twice the time.
_AT_ONCE = 32_768


@kernel
def steps_at_once(C, H):
    """Number of steps whose gates, (C, H) each, stay in the cache."""
    return max(1, _AT_ONCE // (C * H))


@kernel
def split(W, blocks):
    """The columns of each gate by themselves; W: (M, G H); blocks: (G, M, H)."""
    G, M, H = blocks.shape
    for g in range(G):
        for i in range(M):
            for j in range(H):
                blocks[g, i, j] = W[i, g * H + j]


@kernel
def split_transposed(W, blocks):
    """The transpose of each gate's columns; W: (M, G H); blocks: (G, H, M)."""
    G, H, M = blocks.shape
    for g in range(G):
        for i in range(M):
            for j in range(H):
                blocks[g, j, i] = W[i, g * H + j]


@kernel
def repeat(b, rows):
    """The bias of each gate, for every row; b: (G H,); rows: (G, C, H)."""
    G, C, H = rows.shape
    for g in range(G):
        for c in range(C):
            for j in range(H):
                rows[g, c, j] = b[g * H + j]


@kernel
def add(a, b):
    """``a += b``, both (M,)."""
    for i in range(a.size):
        a[i] += b[i]


@kernel
def bias_gradient(rows, db):
    """Sum over rows; rows: (G, C, H); db: (G H,)."""
    G, C, H = rows.shape
    db[:] = 0
    for g in range(G):
        for c in range(C):
            for j in range(H):
                db[g * H + j] += rows[g, c, j]


@kernel
def weight_gradient(A, dZ, g, block, dW):
    """Add ``A.T dZ`` to the columns of gate ``g``.

    A: (R, M); dZ: (R, H), of that gate; block: (M, H), scratch; dW: (M, G H).
    """
    M, H = block.shape
    sum_of_products(A, dZ, block)
    for i in range(M):
        for j in range(H):
            dW[i, g * H + j] += block[i, j]


@kernel
def input_gradient(dZ, blocks, dX):
    """Sum over gates of ``dZ Wx.T``; dZ: (G, R, H); blocks: (G, D, H); dX: (R, D)."""
    np.dot(dZ[0], blocks[0].T, dX)
    part = np.empty_like(dX)
    for g in range(1, blocks.shape[0]):
        np.dot(dZ[g], blocks[g].T, part)
        add(dX.reshape(dX.size), part.reshape(dX.size))

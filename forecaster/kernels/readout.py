"""The linear layer from hidden states (and, with a skip path, from the inputs) to the outputs."""

import numpy as np

from forecaster._jit import kernel

LAST, ALL, EACH = range(3)
READOUTS = {"last": LAST, "all": ALL, "each": EACH}


@kernel
def forward(readout, V, c, states, X, F, Y):
    """``Y = F V + c``, with the features ``F`` gathered from the states and the inputs.

    V: (K, O); c: (O,); states: (T + 1, C, H); X: (T, C, D); F: (R, K); Y: (R, O).

    last: R = C, F = [h[T]]; all: R = C, F = [h[1] .. h[T]]; each: R = T * C, F = [h[t]] for row
    t * C + row. Where V has more rows, the rest belongs to the skip path: all inputs of the
    window (last, all) or those of the step (each).
    """
    T, C, D = X.shape
    H = states.shape[2]
    first = T * H if readout == ALL else H
    skip = V.shape[0] > first
    for t in range(T):
        if readout == EACH:
            copy(states[t + 1], F[t * C : (t + 1) * C, :H])
            if skip:
                copy(X[t], F[t * C : (t + 1) * C, first:])
            continue
        if readout == ALL:
            copy(states[t + 1], F[:, t * H : (t + 1) * H])
        elif t == T - 1:
            copy(states[T], F[:, :H])
        if skip:
            copy(X[t], F[:, first + t * D : first + (t + 1) * D])
    np.dot(F, V, Y)
    for i in range(Y.shape[0]):
        for o in range(c.size):
            Y[i, o] += c[o]


@kernel
def backward(readout, V, dV, dc, F, dY, dF, dstates):
    """Write the gradients of the weights, and of the states into ``dstates[1:]``.

    Shapes as in forward; dF: (R, K') with the K' features that are states; dstates: (T + 1, C, H).
    """
    T, C, H = dstates.shape[0] - 1, dstates.shape[1], dstates.shape[2]
    np.dot(F.T, dY, dV)
    dc[:] = 0
    for i in range(dY.shape[0]):
        for o in range(dc.size):
            dc[o] += dY[i, o]
    np.dot(dY, V[: dF.shape[1]].T, dF)
    if readout == LAST:
        dstates[1:T] = 0
        copy(dF, dstates[T])
        return
    for t in range(T):
        if readout == ALL:
            copy(dF[:, t * H : (t + 1) * H], dstates[t + 1])
        else:
            copy(dF[t * C : (t + 1) * C], dstates[t + 1])


@kernel
def copy(source, target):
    """Copy a matrix. Numba's own slice assignment would take 2 s more to compile."""
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            target[i, j] = source[i, j]

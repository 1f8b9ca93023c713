"""The linear layer from hidden states (and, with a skip path, from the inputs) to the outputs."""

from forecaster._jit import kernel
from forecaster.kernels.blocks import put
from forecaster.kernels.products import add_product, transpose

LAST, ALL, EACH = range(3)
READOUTS = {"last": LAST, "all": ALL, "each": EACH}


@kernel
def forward(readout, V, c, A, X, ends, F, Y):
    """``Y = F V + c``, with the features ``F`` gathered from the last layer and the inputs.

    V: (K, O); c: (O,); A: (T, C, H), the last layer's outputs, steps counted from 0; X: (T, C, D);
    ends: (C,), steps of each row, at least 1; F: (R, K); Y: (R, O).

    last: R = C, F = [A[end - 1]]; all: R = C, F = [A[0] .. A[T - 1]]; each: R = T * C, F = [A[t]]
    for row t * C + row. Where V has more rows, the rest belongs to the skip path: all inputs of the
    window (last, all) or those of the step (each).
    """
    T, C, D = X.shape
    H = A.shape[2]
    first = T * H if readout == ALL else H
    skip = V.shape[0] > first
    if readout == LAST:
        for i in range(C):
            source, target = A[ends[i] - 1, i], F[i]
            for j in range(H):
                target[j] = source[j]
    for t in range(T):
        row = t * C if readout == EACH else 0
        if readout != LAST:
            put(A[t], 0, H, F, row, t * H if readout == ALL else 0)
        if skip:
            put(X[t], 0, D, F, row, first if readout == EACH else first + t * D)
    add_product(c.reshape(1, c.size), F, V, Y)


@kernel
def backward(readout, V, dV, dc, ends, F, dY, turned, part, nothing, leave_unread, dA):
    """Write the gradients of the weights and of the last layer's outputs.

    Shapes as in forward; scratch: turned: (O, H), part: (C, H), nothing: (1, H), zeros;
    leave_unread: whether dA may stay what it is for the first steps if no row is read there;
    dA: (T, C, H). Returns the number of those steps.
    """
    T, C, H = dA.shape
    dV[:] = 0
    add_product(dV, F.T, dY, dV)
    dc[:] = 0
    for i in range(dY.shape[0]):
        for o in range(dc.size):
            dc[o] += dY[i, o]
    if readout == ALL:
        for t in range(T):
            transpose(V[t * H : (t + 1) * H], turned)
            add_product(nothing, dY, turned, dA[t])
        return 0
    transpose(V[:H], turned)
    if readout == EACH:
        add_product(nothing, dY, turned, dA.reshape(T * C, H))
        return 0
    add_product(nothing, dY, turned, part)
    unread = T - 1 if leave_unread else 0
    for i in range(C):
        unread = min(unread, ends[i] - 1)
    dA[unread:] = 0
    for i in range(C):
        source, target = part[i], dA[ends[i] - 1, i]
        for j in range(H):
            target[j] = source[j]
    return unread

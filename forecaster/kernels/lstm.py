"""Long short-term memory, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``i, f, o = s(x W + h U + b)`` each with its own columns,
``g = tanh(x Wg + h Ug + bg)``, ``c' = f c + i g``, ``h' = o tanh(c')``. S. Hochreiter,
J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780; forget gate:
F. Gers, J. Schmidhuber, F. Cummins, Neural Computation 12 (2000) 2451-2471.
"""

from forecaster._jit import kernel
from forecaster.kernels.activations import tanh
from forecaster.kernels.blocks import put
from forecaster.kernels.gates import squash, take, with_ones
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import add_product, transpose


def shapes(D, H, O):
    """Shapes of the parameters; their columns belong to i, f, g and o."""
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}


def tape(T, C, D, H, O, dtype):
    """What backward needs, and scratch memory.

    Cells, the initial ones first, and the gradient of those; i, f, g and o of every step; tanh of
    the cells; states, inputs and ones of one step; its inputs and ones by rows; all weights; zeros;
    the gradients of Wh, and of Wx with b.
    """
    return (
        zeros((T + 1, H, C), dtype),
        zeros((H, C), dtype),
        zeros((T, 4 * H, C), dtype),
        zeros((T, H, C), dtype),
        zeros((H + D + 1, C), dtype),
        zeros((C, D + 1), dtype),
        zeros((H + D + 1, 4 * H), dtype),
        zeros((1, C), dtype),
        zeros((4 * H, H), dtype),
        zeros((4 * H, D + 1), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, X, states, cells, dcells, gates, squashed, u, v, W, nothing,
    dWhT, dWxbT,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` and ``cells[0]`` hold the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 4H);
    Wh: (H, 4H); b: (4H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = states.shape[2]
    M = C * H
    put(Wh, 0, 4 * H, W, 0, 0)
    put(Wx, 0, 4 * H, W, H, 0)
    put(b.reshape(1, 4 * H), 0, 4 * H, W, H + D, 0)
    u[H + D] = 1
    h = u[:H].reshape(M)
    if not from_zero:
        transpose(states[0], u[:H])
    for t in range(T):
        transpose(X[t], u[H : H + D])
        skipped = H if t == 0 and from_zero else 0
        add_product(nothing, W[skipped:].T, u[skipped:], gates[t])
        ifgo = gates[t].reshape(4 * M)
        i, f, g, o = ifgo[:M], ifgo[M : 2 * M], ifgo[2 * M : 3 * M], ifgo[3 * M :]
        c, new, s = cells[t].reshape(M), cells[t + 1].reshape(M), squashed[t].reshape(M)
        squash(ifgo[: 2 * M])
        squash(o)
        for j in range(M):
            g[j] = tanh(g[j])
            new[j] = f[j] * c[j] + i[j] * g[j]
        for j in range(M):
            s[j] = tanh(new[j])
            h[j] = o[j] * s[j]
        transpose(u[:H], states[t + 1])


@kernel
def backward(
    activation, from_zero, unread, Wx, Wh, b, dWx, dWh, db, X, states, cells, dcells, gates,
    squashed, u, v, W, nothing, dWhT, dWxbT, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence, for the first ``unread``
    steps anything instead of zeros. ``dstates[0]`` and ``dcells`` become the gradients of the
    initial states, the former unless these are zero for good. The gates become the gradients of
    what is activated in them. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = states.shape[2]
    M = C * H
    dWhT[:] = 0
    dWxbT[:] = 0
    dcells[:] = 0
    dstate, dx = u[:H], u[H : H + D]
    dc, dh = dcells.reshape(M), dstate.reshape(M)
    for t in range(T - 1, -1, -1):
        if t >= unread:
            transpose(dstates[t + 1], dstate)
        if t < T - 1:
            outside = dstate if t >= unread else nothing
            add_product(outside, Wh, gates[t + 1], dstate)
        ifgo = gates[t].reshape(4 * M)
        i, f, g, o = ifgo[:M], ifgo[M : 2 * M], ifgo[2 * M : 3 * M], ifgo[3 * M :]
        c, s = cells[t].reshape(M), squashed[t].reshape(M)
        for j in range(M):
            ds = dh[j] * o[j]
            dc[j] += ds - ds * s[j] * s[j]
            o[j] = (ds - ds * o[j]) * s[j]
        for j in range(M):
            dg = dc[j] * i[j]
            i[j] = (dg - dg * i[j]) * g[j]
            g[j] = dg - dg * g[j] * g[j]
        for j in range(M):
            dc[j] *= f[j]
            f[j] = (dc[j] - dc[j] * f[j]) * c[j]
        if t > 0 or not from_zero:
            add_product(dWhT, gates[t], states[t], dWhT)
        with_ones(X[t], v)
        add_product(dWxbT, gates[t], v, dWxbT)
        if dX.shape[0]:
            add_product(nothing, Wx, gates[t], dx)
            transpose(dx, dX[t])
    if not from_zero:
        add_product(nothing, Wh, gates[0], dstate)
        transpose(dstate, dstates[0])
    transpose(dWhT, dWh)
    take(dWxbT, 0, dWx, db)

"""Long short-term memory, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``i, f, o = s(x W + h U + b)`` each with its own columns,
``g = tanh(x Wg + h Ug + bg)``, ``c' = f c + i g``, ``h' = o tanh(c')``. S. Hochreiter,
J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780; forget gate:
F. Gers, J. Schmidhuber, F. Cummins, Neural Computation 12 (2000) 2451-2471.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import LOGISTIC, TANH, add_activate, tanh
from forecaster.kernels.gates import add, repeat, sum_rows, transpose, turn, turn_back
from forecaster.kernels.products import multiply, sum_of_products


def shapes(D, H, O):
    """Shapes of the parameters; their columns belong to i, f, g and o."""
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}


def tape(T, C, D, H, O, dtype):
    """What backward needs, and scratch memory.

    Cells, the initial ones first, and the gradient of those; i, f, g and o of every step; tanh of
    the cells. Of one step: inputs, products, states, each also for gradients. The biases for every
    row; the transposes of Wx and Wh, their gradients, and what one step adds to these.
    """
    return (
        np.zeros((T + 1, H, C), dtype),
        np.empty((H, C), dtype),
        np.empty((T, 4 * H, C), dtype),
        np.empty((T, H, C), dtype),
        np.empty((D, C), dtype),
        np.empty((4 * H, C), dtype),
        np.empty((H, C), dtype),
        np.empty((4 * H, C), dtype),
        np.empty((4 * H, D), dtype),
        np.empty((4 * H, H), dtype),
        np.empty((4 * H, D), dtype),
        np.empty((4 * H, H), dtype),
        np.empty((4 * H, D), dtype),
        np.empty((4 * H, H), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, X, states, cells, dcells, gates, squashed, x, product, state,
    bias, WxT, WhT, dWxT, dWhT, x_part, h_part,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` and ``cells[0]`` hold the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 4H);
    Wh: (H, 4H); b: (4H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C = X.shape[:2]
    H = states.shape[2]
    M = C * H
    turn(Wx, 0, WxT)
    turn(Wh, 0, WhT)
    repeat(b, 0, bias)
    transpose(states[0], state)
    product[:] = 0
    P, B, h = product.reshape(4 * M), bias.reshape(4 * M), state.reshape(M)
    for t in range(T):
        transpose(X[t], x)
        multiply(WxT, x, gates[t])
        if t > 0 or not from_zero:
            multiply(WhT, state, product)
        ifgo = gates[t].reshape(4 * M)
        i, f, g, o = ifgo[:M], ifgo[M : 2 * M], ifgo[2 * M : 3 * M], ifgo[3 * M :]
        add_activate(LOGISTIC, ifgo[: 2 * M], P[: 2 * M], B[: 2 * M])
        add_activate(TANH, g, P[2 * M : 3 * M], B[2 * M : 3 * M])
        add_activate(LOGISTIC, o, P[3 * M :], B[3 * M :])
        c, new, s = cells[t].reshape(M), cells[t + 1].reshape(M), squashed[t].reshape(M)
        for j in range(M):
            new[j] = f[j] * c[j] + i[j] * g[j]
        for j in range(M):
            s[j] = tanh(new[j])
            h[j] = o[j] * s[j]
        transpose(state, states[t + 1])


@kernel
def backward(
    activation, from_zero, Wx, Wh, b, dWx, dWh, db, X, states, cells, dcells, gates, squashed, x,
    product, state, bias, WxT, WhT, dWxT, dWhT, x_part, h_part, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence. ``dstates[0]`` and
    ``dcells`` become the gradients of the initial states, the former unless these are zero for
    good. The gates become the gradients of what is activated in them. dX: (T, C, D), or (0, C, D)
    for not wanted.
    """
    T, C = X.shape[:2]
    H = states.shape[2]
    M = C * H
    bias[:] = 0  # from here on their gradients row by row, summed over time
    back = product[:H]
    dWhT[:] = 0
    dWxT[:] = 0
    back[:] = 0
    dcells[:] = 0
    dc, dh, dB = dcells.reshape(M), state.reshape(M), bias.reshape(4 * M)
    for t in range(T - 1, -1, -1):
        transpose(dstates[t + 1], state)
        add(dh, back.reshape(M))
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
        add(dB, ifgo)
        if t > 0 or not from_zero:
            sum_of_products(WhT, gates[t], back)
            multiply(gates[t], states[t], h_part)
            add(dWhT.reshape(dWhT.size), h_part.reshape(h_part.size))
        multiply(gates[t], X[t], x_part)
        add(dWxT.reshape(dWxT.size), x_part.reshape(x_part.size))
        if dX.shape[0]:
            sum_of_products(WxT, gates[t], x)
            transpose(x, dX[t])
    if not from_zero:
        transpose(back, dstates[0])
    sum_rows(bias, 0, db)
    turn_back(dWhT, 0, dWh)
    turn_back(dWxT, 0, dWx)

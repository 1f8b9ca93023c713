"""Long short-term memory, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``i, f, o = s(x W + h U + b)`` each with its own columns,
``g = tanh(x Wg + h Ug + bg)``, ``c' = f c + i g``, ``h' = o tanh(c')``. S. Hochreiter,
J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780; forget gate:
F. Gers, J. Schmidhuber, F. Cummins, Neural Computation 12 (2000) 2451-2471.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import LOGISTIC, TANH, add_activate, tanh
from forecaster.kernels.gates import (
    add,
    bias_gradient,
    input_gradient,
    repeat,
    split,
    split_transposed,
    steps_at_once,
    weight_gradient,
)
from forecaster.kernels.products import multiply


def shapes(D, H, O):
    """Shapes of the parameters; their columns belong to i, f, g and o."""
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}


def tape(T, C, D, H, O, dtype):
    """Cells, the initial ones first, and the gradient of those; i, f, g and o of every step; tanh
    of the cells; four products of a step; the biases for every row; gate by gate Wx, Wh and the
    transpose of Wh.
    """
    return (
        np.zeros((T + 1, C, H), dtype),
        np.empty((C, H), dtype),
        np.empty((4, T, C, H), dtype),
        np.empty((T, C, H), dtype),
        np.empty((4, C, H), dtype),
        np.empty((4, C, H), dtype),
        np.empty((4, D, H), dtype),
        np.empty((4, H, H), dtype),
        np.empty((4, H, H), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, X, states, cells, dcells, gates, squashed, products, bias,
    gate_Wx, gate_Wh, gate_WhT,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` and ``cells[0]`` hold the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 4H);
    Wh: (H, 4H); b: (4H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = states.shape[2]
    M = C * H
    split(Wx, gate_Wx)
    split(Wh, gate_Wh)
    repeat(b, bias)
    products[:] = 0
    n_steps = steps_at_once(C, H)
    for start in range(0, T, n_steps):
        stop = min(start + n_steps, T)
        x = X[start:stop].reshape((stop - start) * C, D)
        for k in range(4):
            multiply(x, gate_Wx[k], gates[k, start:stop].reshape((stop - start) * C, H))
        for t in range(start, stop):
            if t > 0 or not from_zero:
                for k in range(4):
                    np.dot(states[t], gate_Wh[k], products[k])
            for k in range(4):
                add_activate(
                    TANH if k == 2 else LOGISTIC,
                    gates[k, t].reshape(M),
                    products[k].reshape(M),
                    bias[k].reshape(M),
                )
            i, f, g, o = _four(gates, t)
            c, new = cells[t].reshape(M), cells[t + 1].reshape(M)
            s, h = squashed[t].reshape(M), states[t + 1].reshape(M)
            for j in range(M):
                new[j] = f[j] * c[j] + i[j] * g[j]
            for j in range(M):
                s[j] = tanh(new[j])
                h[j] = o[j] * s[j]


@kernel
def backward(
    activation, from_zero, Wx, Wh, b, dWx, dWh, db, X, states, cells, dcells, gates, squashed,
    products, bias, gate_Wx, gate_Wh, gate_WhT, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence. ``dstates[0]`` and
    ``dcells`` become the gradients of the initial states, unless these are zero for good. The
    gates become the gradients of what is activated in them. dX: (T, C, D), or (0, C, D) for not
    wanted.
    """
    T, C, D = X.shape
    H = states.shape[2]
    M = C * H
    split_transposed(Wh, gate_WhT)
    bias[:] = 0  # from here on their gradients row by row, summed over time
    dcells[:] = 0
    dstates[0] = 0
    dc = dcells.reshape(M)
    dWx[:] = 0
    dWh[:] = 0
    n_steps = steps_at_once(C, H)
    for stop in range(T, 0, -n_steps):
        start = max(stop - n_steps, 0)
        for t in range(stop - 1, start - 1, -1):
            i, f, g, o = _four(gates, t)
            c, s, dh = cells[t].reshape(M), squashed[t].reshape(M), dstates[t + 1].reshape(M)
            for j in range(M):
                ds = dh[j] * o[j]
                dc[j] += ds - ds * s[j] * s[j]
                o[j] = (ds - ds * o[j]) * s[j]
            for j in range(M):
                di, dg = dc[j] * i[j], dc[j] * i[j]
                i[j] = (di - di * i[j]) * g[j]
                g[j] = dg - dg * g[j] * g[j]
            for j in range(M):
                dc[j] *= f[j]
                f[j] = (dc[j] - dc[j] * f[j]) * c[j]
            for k in range(4):
                add(bias[k].reshape(M), gates[k, t].reshape(M))
            if t > 0 or not from_zero:
                for k in range(4):
                    np.dot(gates[k, t], gate_WhT[k], products[k])
                below = dstates[t].reshape(M)
                for k in range(4):
                    add(below, products[k].reshape(M))
        R = (stop - start) * C
        x, h_before = X[start:stop].reshape(R, D), states[start:stop].reshape(R, H)
        for k in range(4):
            dz = gates[k, start:stop].reshape(R, H)
            weight_gradient(x, dz, k, gate_Wx[k], dWx)
            weight_gradient(h_before, dz, k, gate_Wh[k], dWh)
    bias_gradient(bias, db)
    if dX.shape[0]:
        split(Wx, gate_Wx)  # now scratch of its gradient
        dZ = gates.reshape(4, T * C, H)
        input_gradient(dZ, gate_Wx, dX.reshape(T * C, D))


@kernel
def _four(gates, t):
    """i, f, g and o of one step, each (M,); gates: (4, T, C, H)."""
    M = gates.shape[2] * gates.shape[3]
    return (
        gates[0, t].reshape(M),
        gates[1, t].reshape(M),
        gates[2, t].reshape(M),
        gates[3, t].reshape(M),
    )

"""The gated recurrent unit, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``r = s(x Wr + h Ur + br)``, ``z = s(x Wz + h Uz + bz)``,
``n = tanh(x Wn + bn + r q)`` with ``q = h Un + bh``, ``h' = (1 - z) n + z h``. K. Cho et al.,
"Learning phrase representations using RNN encoder-decoder", EMNLP 2014; the reset gate acts on
the product, so that no product waits for it.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import LOGISTIC, add_activate, tanh
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
    """Shapes of the parameters; the columns of the first three belong to r, z and n."""
    return {"Wx": (D, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,), "bh": (H,)}


def tape(T, C, D, H, O, dtype):
    """r, z, n and q of every step; three products of a step; the biases of r, z, n and q for every
    row; gate by gate Wx, Wh and the transpose of Wh.
    """
    return (
        np.empty((4, T, C, H), dtype),
        np.empty((3, C, H), dtype),
        np.empty((4, C, H), dtype),
        np.empty((3, D, H), dtype),
        np.empty((3, H, H), dtype),
        np.empty((3, H, H), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, bh, X, states, gates, products, bias, gate_Wx, gate_Wh,
    gate_WhT,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 3H);
    Wh: (H, 3H); b: (3H,); bh: (H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = bh.size
    M = C * H
    split(Wx, gate_Wx)
    split(Wh, gate_Wh)
    repeat(b, bias[:3])
    repeat(bh, bias[3:])
    products[:] = 0
    n_steps = steps_at_once(C, H)
    for start in range(0, T, n_steps):
        stop = min(start + n_steps, T)
        x = X[start:stop].reshape((stop - start) * C, D)
        for g in range(3):
            multiply(x, gate_Wx[g], gates[g, start:stop].reshape((stop - start) * C, H))
        for t in range(start, stop):
            if t > 0 or not from_zero:
                for g in range(3):
                    np.dot(states[t], gate_Wh[g], products[g])
            r, z, n = gates[0, t].reshape(M), gates[1, t].reshape(M), gates[2, t].reshape(M)
            add_activate(LOGISTIC, r, products[0].reshape(M), bias[0].reshape(M))
            add_activate(LOGISTIC, z, products[1].reshape(M), bias[1].reshape(M))
            q, product = gates[3, t].reshape(M), products[2].reshape(M)
            b_n, b_q = bias[2].reshape(M), bias[3].reshape(M)
            for i in range(M):
                q[i] = product[i] + b_q[i]
            for i in range(M):
                n[i] = tanh(n[i] + b_n[i] + r[i] * q[i])
            h, new = states[t].reshape(M), states[t + 1].reshape(M)
            for i in range(M):
                new[i] = n[i] + z[i] * (h[i] - n[i])


@kernel
def backward(
    activation, from_zero, Wx, Wh, b, bh, dWx, dWh, db, dbh, X, states, gates, products, bias,
    gate_Wx, gate_Wh, gate_WhT, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence; it is overwritten.
    ``dstates[0]`` becomes the gradient of the initial states, unless these are zero for good. The
    gates become the gradients of what is activated in them, q that of itself. dX: (T, C, D), or
    (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = bh.size
    M = C * H
    split_transposed(Wh, gate_WhT)
    bias[:] = 0  # from here on their gradients row by row, summed over time
    dstates[0] = 0
    dWx[:] = 0
    dWh[:] = 0
    n_steps = steps_at_once(C, H)
    for stop in range(T, 0, -n_steps):
        start = max(stop - n_steps, 0)
        for t in range(stop - 1, start - 1, -1):
            r, z, n = gates[0, t].reshape(M), gates[1, t].reshape(M), gates[2, t].reshape(M)
            q, h, dh = gates[3, t].reshape(M), states[t].reshape(M), dstates[t + 1].reshape(M)
            for i in range(M):
                carried = dh[i] * z[i]
                dn = dh[i] - carried
                z[i] = (carried - carried * z[i]) * (h[i] - n[i])
                n[i] = dn - dn * n[i] * n[i]
                dh[i] = carried
            for i in range(M):
                dq = n[i] * r[i]
                r[i] = (dq - dq * r[i]) * q[i]
                q[i] = dq
            for g in range(4):
                add(bias[g].reshape(M), gates[g, t].reshape(M))
            if t > 0 or not from_zero:
                np.dot(gates[0, t], gate_WhT[0], products[0])
                np.dot(gates[1, t], gate_WhT[1], products[1])
                np.dot(gates[3, t], gate_WhT[2], products[2])
                below, back = dstates[t].reshape(M), products.reshape(3, M)
                for i in range(M):
                    below[i] += dh[i] + back[0, i] + back[1, i] + back[2, i]
        R = (stop - start) * C
        x, h_before = X[start:stop].reshape(R, D), states[start:stop].reshape(R, H)
        for g in range(3):
            weight_gradient(x, gates[g, start:stop].reshape(R, H), g, gate_Wx[g], dWx)
            k = 3 if g == 2 else g  # what is multiplied with the state is not n but q
            weight_gradient(h_before, gates[k, start:stop].reshape(R, H), g, gate_Wh[g], dWh)
    bias_gradient(bias[:3], db)
    bias_gradient(bias[3:], dbh)
    if dX.shape[0]:
        split(Wx, gate_Wx)  # now scratch of its gradient
        dZ = gates.reshape(4, T * C, H)
        input_gradient(dZ[:3], gate_Wx, dX.reshape(T * C, D))

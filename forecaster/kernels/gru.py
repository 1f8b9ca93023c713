"""The gated recurrent unit, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``r = s(x Wr + h Ur + br)``, ``z = s(x Wz + h Uz + bz)``,
``n = tanh(x Wn + bn + r q)`` with ``q = h Un + bh``, ``h' = (1 - z) n + z h``. K. Cho et al.,
"Learning phrase representations using RNN encoder-decoder", EMNLP 2014; the reset gate acts on
the product, so that no product waits for it.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import LOGISTIC, add_activate, tanh
from forecaster.kernels.gates import add, repeat, sum_rows, transpose, turn, turn_back
from forecaster.kernels.products import multiply, sum_of_products


def shapes(D, H, O):
    """Shapes of the parameters; the columns of the first three belong to r, z and n."""
    return {"Wx": (D, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,), "bh": (H,)}


def tape(T, C, D, H, O, dtype):
    """What backward needs, and scratch memory.

    n, r, z and q of every step: in this order inputs act on the first three, states on the last
    three; states, the initial ones first. Of one step: inputs, products, the states' gradient. The
    biases for every row; the transposes of Wx and Wh, their gradients, and what one step adds to
    these.
    """
    return (
        np.empty((T, 4 * H, C), dtype),
        np.empty((T + 1, H, C), dtype),
        np.empty((D, C), dtype),
        np.empty((3 * H, C), dtype),
        np.empty((H, C), dtype),
        np.empty((4 * H, C), dtype),
        np.empty((3 * H, D), dtype),
        np.empty((3 * H, H), dtype),
        np.empty((3 * H, D), dtype),
        np.empty((3 * H, H), dtype),
        np.empty((3 * H, D), dtype),
        np.empty((3 * H, H), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, bh, X, states, gates, columns, x, product, dstate, bias, WxT,
    WhT, dWxT, dWhT, x_part, h_part,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 3H);
    Wh: (H, 3H); b: (3H,); bh: (H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C = X.shape[:2]
    H = bh.size
    M = C * H
    turn(Wx, 2 * H, WxT)
    turn(Wh, 0, WhT)
    repeat(b, 2 * H, bias[: 3 * H])
    repeat(bh, 0, bias[3 * H :])
    transpose(states[0], columns[0])
    product[:] = 0
    P, B = product.reshape(3 * M), bias.reshape(4 * M)
    p_q, b_n, b_q = P[2 * M :], B[:M], B[3 * M :]
    for t in range(T):
        transpose(X[t], x)
        multiply(WxT, x, gates[t, : 3 * H])
        if t > 0 or not from_zero:
            multiply(WhT, columns[t], product)
        nrzq = gates[t].reshape(4 * M)
        n, r, z, q = nrzq[:M], nrzq[M : 2 * M], nrzq[2 * M : 3 * M], nrzq[3 * M :]
        add_activate(LOGISTIC, nrzq[M : 3 * M], P[: 2 * M], B[M : 3 * M])
        for i in range(M):
            q[i] = p_q[i] + b_q[i]
        for i in range(M):
            n[i] = tanh(n[i] + b_n[i] + r[i] * q[i])
        h, new = columns[t].reshape(M), columns[t + 1].reshape(M)
        for i in range(M):
            new[i] = n[i] + z[i] * (h[i] - n[i])
        transpose(columns[t + 1], states[t + 1])


@kernel
def backward(
    activation, from_zero, Wx, Wh, b, bh, dWx, dWh, db, dbh, X, states, gates, columns, x, product,
    dstate, bias, WxT, WhT, dWxT, dWhT, x_part, h_part, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence. ``dstates[0]`` becomes
    the gradient of the initial states, unless these are zero for good. The gates become the
    gradients of what is activated in them, q that of itself. dX: (T, C, D), or (0, C, D) for not
    wanted.
    """
    T, C = X.shape[:2]
    H = bh.size
    M = C * H
    bias[:] = 0  # from here on their gradients row by row, summed over time
    back, carried = product[:H], product[H : 2 * H]
    dWhT[:] = 0
    dWxT[:] = 0
    product[:] = 0
    dh, dz_h, dB = dstate.reshape(M), carried.reshape(M), bias.reshape(4 * M)
    for t in range(T - 1, -1, -1):
        transpose(dstates[t + 1], dstate)
        add(dh, back.reshape(M))
        add(dh, dz_h)
        nrzq = gates[t].reshape(4 * M)
        n, r, z, q = nrzq[:M], nrzq[M : 2 * M], nrzq[2 * M : 3 * M], nrzq[3 * M :]
        h = columns[t].reshape(M)
        for i in range(M):
            dz_h[i] = dh[i] * z[i]
            dn = dh[i] - dz_h[i]
            z[i] = (dz_h[i] - dz_h[i] * z[i]) * (h[i] - n[i])
            n[i] = dn - dn * n[i] * n[i]
        for i in range(M):
            q_i = q[i]
            q[i] = n[i] * r[i]
            r[i] = (q[i] - q[i] * r[i]) * q_i
        add(dB, nrzq)
        if t > 0 or not from_zero:
            sum_of_products(WhT, gates[t, H:], back)
            multiply(gates[t, H:], states[t], h_part)
            add(dWhT.reshape(dWhT.size), h_part.reshape(h_part.size))
        multiply(gates[t, : 3 * H], X[t], x_part)
        add(dWxT.reshape(dWxT.size), x_part.reshape(x_part.size))
        if dX.shape[0]:
            sum_of_products(WxT, gates[t, : 3 * H], x)
            transpose(x, dX[t])
    if not from_zero:
        add(back.reshape(M), dz_h)
        transpose(back, dstates[0])
    sum_rows(bias[: 3 * H], 2 * H, db)
    sum_rows(bias[3 * H :], 0, dbh)
    turn_back(dWhT, 0, dWh)
    turn_back(dWxT, 2 * H, dWx)

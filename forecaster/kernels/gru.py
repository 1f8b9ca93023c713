"""The gated recurrent unit, in PyTorch's form: forward and exact BPTT side by side.

With the logistic function ``s``: ``r = s(x Wr + h Ur + br)``, ``z = s(x Wz + h Uz + bz)``,
``n = tanh(x Wn + bn + r q)`` with ``q = h Un + bh``, ``h' = (1 - z) n + z h``. K. Cho et al.,
"Learning phrase representations using RNN encoder-decoder", EMNLP 2014; the reset gate acts on
the product, so that no product waits for it.
"""

from forecaster._jit import kernel
from forecaster.kernels.activations import tanh
from forecaster.kernels.blocks import put
from forecaster.kernels.gates import add, squash, take, with_ones
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import add_product, transpose


def shapes(D, H, O):
    """Shapes of the parameters; the columns of the first three belong to r, z and n."""
    return {"Wx": (D, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,), "bh": (H,)}


def tape(T, C, D, H, O, dtype):
    """What backward needs, and scratch memory.

    n, r, z and q of every step: in this order inputs act on the first three, states on the last
    three; states, inputs and ones before every step and after the last; inputs and ones of one step
    by rows; the weights of n; those of r, z and q; zeros; Wx for n, r and z; gradients by rows: the
    states' of one step, its part through z from the step after, and that of bh; the gradients of
    Wh, and of Wx with b.
    """
    return (
        zeros((T, 4 * H, C), dtype),
        zeros((T + 1, H + D + 1, C), dtype),
        zeros((C, D + 1), dtype),
        zeros((D + 1, H), dtype),
        zeros((H + D + 1, 3 * H), dtype),
        zeros((1, C), dtype),
        zeros((D, 3 * H), dtype),
        zeros((3, H, C), dtype),
        zeros((3 * H, H), dtype),
        zeros((3 * H, D + 1), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, b, bh, X, states, gates, u, v, W_n, W_rzq, nothing, Wx_nrz,
    rows, dWhT, dWxbT,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: not used; from_zero: whether the initial states are all zero; Wx: (D, 3H);
    Wh: (H, 3H); b: (3H,); bh: (H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = bh.size
    M = C * H
    bias = b.reshape(1, 3 * H)
    put(Wx, 2 * H, H, W_n, 0, 0)
    put(bias, 2 * H, H, W_n, D, 0)
    put(Wh, 0, 3 * H, W_rzq, 0, 0)
    put(Wx, 0, 2 * H, W_rzq, H, 0)  # what is left stays zero: no inputs act on q
    put(bias, 0, 2 * H, W_rzq, H + D, 0)
    put(bh.reshape(1, H), 0, H, W_rzq, H + D, 2 * H)
    transpose(states[0], u[0, :H])
    for t in range(T):
        transpose(X[t], u[t, H : H + D])
        u[t, H + D] = 1
        add_product(nothing, W_n.T, u[t, H:], gates[t, :H])
        skipped = H if t == 0 and from_zero else 0
        add_product(nothing, W_rzq[skipped:].T, u[t, skipped:], gates[t, H:])
        nrzq = gates[t].reshape(4 * M)
        n, r, z, q = nrzq[:M], nrzq[M : 2 * M], nrzq[2 * M : 3 * M], nrzq[3 * M :]
        h, new = u[t, :H].reshape(M), u[t + 1, :H].reshape(M)
        squash(nrzq[M : 3 * M])
        for i in range(M):
            n[i] = tanh(n[i] + r[i] * q[i])
        for i in range(M):
            new[i] = n[i] + z[i] * (h[i] - n[i])
        transpose(u[t + 1, :H], states[t + 1])


@kernel
def backward(
    activation, from_zero, unread, Wx, Wh, b, bh, dWx, dWh, db, dbh, X, states, gates, u, v, W_n,
    W_rzq, nothing, Wx_nrz, rows, dWhT, dWxbT, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence, for the first ``unread``
    steps anything instead of zeros. ``dstates[0]`` becomes the gradient of the initial states,
    unless these are zero for good. The gates become the gradients of what is activated in them, q
    that of itself. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = bh.size
    M = C * H
    put(Wx, 2 * H, H, Wx_nrz, 0, 0)
    put(Wx, 0, 2 * H, Wx_nrz, 0, H)
    dWhT[:] = 0
    dWxbT[:] = 0
    rows[:] = 0
    dstate, through_z, dq = rows[0], rows[1], rows[2]
    dh, dh_z = dstate.reshape(M), through_z.reshape(M)
    for t in range(T - 1, -1, -1):
        if t >= unread:
            transpose(dstates[t + 1], dstate)
        if t < T - 1:
            outside = dstate if t >= unread else nothing
            add_product(outside, Wh, gates[t + 1, H:], dstate)
            add(dstate, through_z)
        nrzq = gates[t].reshape(4 * M)
        n, r, z, q = nrzq[:M], nrzq[M : 2 * M], nrzq[2 * M : 3 * M], nrzq[3 * M :]
        h = u[t, :H].reshape(M)
        for i in range(M):
            dh_z[i] = dh[i] * z[i]
            dn = dh[i] - dh_z[i]
            z[i] = (dh_z[i] - dh_z[i] * z[i]) * (h[i] - n[i])
            n[i] = dn - dn * n[i] * n[i]
        for i in range(M):
            q_i = q[i]
            q[i] = n[i] * r[i]
            r[i] = (q[i] - q[i] * r[i]) * q_i
        add(dq, q)
        if t > 0 or not from_zero:
            add_product(dWhT, gates[t, H:], states[t], dWhT)
        with_ones(X[t], v)
        add_product(dWxbT, gates[t, : 3 * H], v, dWxbT)
        if dX.shape[0]:
            dx = u[t, H : H + D]
            add_product(nothing, Wx_nrz, gates[t, : 3 * H], dx)
            transpose(dx, dX[t])
    if not from_zero:
        add_product(through_z, Wh, gates[0, H:], dstate)
        transpose(dstate, dstates[0])
    transpose(dWhT, dWh)
    take(dWxbT, 2 * H, dWx, db)
    for j in range(H):
        dbh[j] = dq[j, 0]
        for c in range(1, C):
            dbh[j] += dq[j, c]

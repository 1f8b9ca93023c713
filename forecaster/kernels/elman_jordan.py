"""The Elman-Jordan hybrid, ``h[t] = f(x[t] Wx + h[t-1] Wh + y[t-1] Wy + b)``.

Fed back are the states and the network's own outputs ``y``, which the readout (V, c) makes of the
states: ``y[t] = h[t] V + c``. A readout of all states at once has a block of V for each step; then
y is the forecast as it stands, ``y[t] = y[t-1] + h[t] V[t]`` from ``y[0] = c + h[0] V[1]``. The
skip path is not fed back. J. L. Elman, Cognitive Science 14 (1990) 179-211; M. I. Jordan, "Serial
order: a parallel distributed processing approach", ICS Report 8604 (1986), in: Advances in
Psychology 121 (1997) 471-495.
"""

from forecaster._jit import kernel
from forecaster.kernels.activations import activate, multiply_derivative
from forecaster.kernels.joints import add
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import add_product, transpose


def shapes(D, H, O):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wh": (H, H), "Wy": (O, H), "b": (H,)}


def tape(T, C, D, H, O, dtype):
    """The outputs that each step sees, and their gradient; the bias's gradient by rows; the
    transposes of Wx, Wh, Wy and a block of V; zeros.
    """
    return (
        zeros((T, C, O), dtype),
        zeros((T, C, O), dtype),
        zeros((C, H), dtype),
        zeros((H, D), dtype),
        zeros((H, H), dtype),
        zeros((H, O), dtype),
        zeros((O, H), dtype),
        zeros((1, H), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, Wy, b, V, c, X, states, outputs, doutputs, db_rows, WxT,
    WhT, WyT, VT, nothing,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: code; from_zero: whether the initial states are all zero, which saves products;
    Wx: (D, H); Wh: (H, H), or (0, H) for states that are not fed back; Wy: (O, H); b: (H,);
    V: (H, O), or (T H, O) for a readout of all states at once; c: (O,); X: (T, C, D);
    states: (T + 1, C, H); the rest: see tape.
    """
    T, C, _ = X.shape
    H = b.size
    bias = b.reshape(1, H)
    flat = states.reshape(T + 1, C * H)
    for t in range(T):
        z, y = states[t + 1], outputs[t]
        stands = t > 0 and V.shape[0] > H
        for i in range(C):
            for o in range(c.size):
                y[i, o] = outputs[t - 1, i, o] if stands else c[o]
        add_product(bias, X[t], Wx, z)
        if t > 0 or not from_zero:
            k = _first_row(V, H, t)
            add_product(y, states[t], V[k : k + H], y)
            if Wh.size:
                add_product(z, states[t], Wh, z)
        add_product(z, y, Wy, z)
        activate(activation, flat[t + 1])


@kernel
def backward(
    activation, from_zero, unread, Wx, Wh, Wy, b, V, c, dWx, dWh, dWy, db, dV, dc, X, states,
    outputs, doutputs, db_rows, WxT, WhT, WyT, VT, nothing, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. dV and dc hold the readout's own gradients on
    entry: those through what is fed back are added. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence, for the first ``unread``
    steps anything instead of zeros; on return, that with respect to the pre-activations of step
    ``t``. ``dstates[0]`` becomes the gradient of the initial states, unless these are zero for
    good. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, _ = X.shape
    H = b.size
    transpose(Wx, WxT)
    transpose(Wh, WhT)
    transpose(Wy, WyT)
    flat, dflat = states.reshape(T + 1, C * H), dstates.reshape(T + 1, C * H)
    dy_flat, db_flat = doutputs.reshape(T, C * c.size), db_rows.reshape(C * H)
    stands = V.shape[0] > H
    dWx[:] = 0
    dWh[:] = 0
    dWy[:] = 0
    doutputs[:] = 0
    dX[:] = 0
    db_flat[:] = 0
    for t in range(T - 1, -1, -1):
        dz, dy = dstates[t + 1], doutputs[t]
        multiply_derivative(activation, flat[t + 1], dflat[t + 1], db_flat)
        add_product(dWx, X[t].T, dz, dWx)
        add_product(dWy, outputs[t].T, dz, dWy)
        if dX.shape[0]:
            add_product(dX[t], dz, WxT, dX[t])
        add_product(dy, dz, WyT, dy)
        if t < T - 1 and stands:  # what stands is in the next output, too
            add(dy_flat[t], dy_flat[t + 1], dy_flat[t])
        if t > 0 or not from_zero:
            k = _first_row(V, H, t)
            add_product(dV[k : k + H], states[t].T, dy, dV[k : k + H])
            transpose(V[k : k + H], VT)
            outside = dstates[t] if t > unread else nothing
            add_product(outside, dy, VT, dstates[t])
            if Wh.size:
                add_product(dWh, states[t].T, dz, dWh)
                add_product(dstates[t], dz, WhT, dstates[t])
        if t == 0 or not stands:  # what stands has its c from the first output
            for i in range(C):
                for o in range(c.size):
                    dc[o] += dy[i, o]
    db[:] = 0
    for i in range(C):
        for j in range(H):
            db[j] += db_rows[i, j]


@kernel
def _first_row(V, H, t):
    """The first of the H rows of V that take ``states[t]`` to what step t sees; V: see forward."""
    return (t - 1) * H if t > 0 and V.shape[0] > H else 0

"""The Elman-Jordan hybrid, ``h[t] = f(x[t] Wx + h[t-1] Wh + y[t-1] Wy + b)``.

Fed back are the states and the network's own outputs ``y``, which the readout (V, c) makes of the
states: ``y[t] = h[t] V + c``. A readout of all states at once has a block of V for each step; then
y is the forecast as it stands, ``y[t] = y[t-1] + h[t] V[t]`` from ``y[0] = c + h[0] V[1]``. The
skip path is not fed back. J. L. Elman, Cognitive Science 14 (1990) 179-211; M. I. Jordan, "Serial
order: a parallel distributed processing approach", ICS Report 8604 (1986), in: Advances in
Psychology 121 (1997) 471-495.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import add_activate, multiply_derivative
from forecaster.kernels.joints import add
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import multiply, sum_of_products, transpose


def shapes(D, H, O):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wh": (H, H), "Wy": (O, H), "b": (H,)}


def tape(T, C, D, H, O, dtype):
    """The outputs that each step sees, and their gradient; a product of one step and the bias for
    every row; the transposes of Wh, Wy and a block of V; a part of that block's gradient.
    """
    return (
        zeros((T, C, O), dtype),
        zeros((T, C, O), dtype),
        zeros((C, H), dtype),
        zeros((C, H), dtype),
        zeros((H, H), dtype),
        zeros((H, O), dtype),
        zeros((O, H), dtype),
        zeros((H, O), dtype),
    )


@kernel
def forward(
    activation, from_zero, Wx, Wh, Wy, b, V, c, X, states, outputs, doutputs, product, bias, WhT,
    WyT, VT, part,
):  # fmt: skip
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: code; from_zero: whether the initial states are all zero, which saves products;
    Wx: (D, H); Wh: (H, H), or (0, H) for states that are not fed back; Wy: (O, H); b: (H,);
    V: (H, O), or (T H, O) for a readout of all states at once; c: (O,); X: (T, C, D);
    states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = b.size
    for i in range(C):
        for j in range(H):
            bias[i, j] = b[j]
    multiply(X.reshape(T * C, D), Wx, states[1:].reshape(T * C, H))  # all steps at once
    flat = states.reshape(T + 1, C * H)
    back, biases = product.reshape(C * H), bias.reshape(C * H)
    for t in range(T):
        z, y = flat[t + 1], outputs[t]
        if t == 0 and from_zero:
            y[:] = 0
        else:
            np.dot(states[t], _block(V, H, t), y)
            if Wh.size:
                multiply(states[t], Wh, product)
                add(z, back, z)
        stands = t > 0 and V.shape[0] > H
        for i in range(C):
            for o in range(c.size):
                y[i, o] += outputs[t - 1, i, o] if stands else c[o]
        np.dot(y, Wy, product)
        add_activate(activation, z, back, biases)


@kernel
def backward(
    activation, from_zero, Wx, Wh, Wy, b, V, c, dWx, dWh, dWy, db, dV, dc, X, states, outputs,
    doutputs, product, bias, WhT, WyT, VT, part, dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. dV and dc hold the readout's own gradients on
    entry: those through what is fed back are added. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence; on return, that with
    respect to the pre-activations of step ``t``. ``dstates[0]`` becomes the gradient of the
    initial states, unless these are zero for good. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = b.size
    transpose(Wh, WhT)
    transpose(Wy, WyT)
    flat, dflat = states.reshape(T + 1, C * H), dstates.reshape(T + 1, C * H)
    back, dbias = product.reshape(C * H), bias.reshape(C * H)
    flat_dy = doutputs.reshape(T, C * c.size)
    dbias[:] = 0  # row by row, summed over time
    dstates[0] = 0
    for t in range(T - 1, -1, -1):
        dz = dflat[t + 1]
        multiply_derivative(activation, flat[t + 1], dz)
        add(dbias, dz, dbias)
        dy = doutputs[t]
        np.dot(dstates[t + 1], WyT, dy)
        if t < T - 1 and V.shape[0] > H:  # what stands is in the next output, too
            add(flat_dy[t], flat_dy[t + 1], flat_dy[t])
        if t > 0 or not from_zero:
            below = dflat[t]
            transpose(_block(V, H, t), VT)
            np.dot(dy, VT, product)
            add(below, back, below)
            if Wh.size:
                multiply(dstates[t + 1], WhT, product)
                add(below, back, below)
    _add_readout_gradient(states, doutputs, part, dV, dc)
    dZ = dstates[1:].reshape(T * C, H)
    if Wh.size:
        sum_of_products(states[:T].reshape(T * C, H), dZ, dWh)
    sum_of_products(outputs.reshape(T * C, c.size), dZ, dWy)
    sum_of_products(X.reshape(T * C, D), dZ, dWx)
    db[:] = 0
    for i in range(C):
        for j in range(H):
            db[j] += bias[i, j]
    if dX.shape[0]:
        np.dot(dZ, Wx.T, dX.reshape(T * C, D))


@kernel
def _block(V, H, t):
    """The rows of V that take ``states[t]`` to what step t sees; V: (H, O) or (T H, O)."""
    first = (t - 1) * H if t > 0 and V.shape[0] > H else 0
    return V[first : first + H]


@kernel
def _add_readout_gradient(states, doutputs, part, dV, dc):
    """What the outputs that were fed back add to the readout's gradients; shapes as in backward."""
    T, C, O = doutputs.shape
    H = part.shape[0]
    step = part.reshape(H * O)
    stands = dV.shape[0] > H
    if stands:
        for t in range(T):
            np.dot(states[t].T, doutputs[t], part)
            block = _block(dV, H, t).reshape(H * O)
            add(block, step, block)
    else:  # all steps at once
        sum_of_products(states[:T].reshape(T * C, H), doutputs.reshape(T * C, O), part)
        add(dV.reshape(H * O), step, dV.reshape(H * O))
    for t in range(1 if stands else T):  # what stands has its c from the first output
        for i in range(C):
            for o in range(O):
                dc[o] += doutputs[t, i, o]

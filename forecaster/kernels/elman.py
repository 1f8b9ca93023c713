"""The Elman cell, ``h[t] = f(x[t] Wx + h[t-1] Wh + b)``: forward and exact BPTT side by side.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211. Backpropagation
through time: P. Werbos, Proceedings of the IEEE 78 (1990) 1550-1560.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import add_activate, multiply_derivative
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import multiply, sum_of_products, transpose


def shapes(D, H, O):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wh": (H, H), "b": (H,)}


def tape(T, C, D, H, O, dtype):
    """Scratch memory: a product of one step, the bias for every row, the transpose of Wh."""
    return zeros((C, H), dtype), zeros((C, H), dtype), zeros((H, H), dtype)


@kernel
def forward(activation, from_zero, Wx, Wh, b, X, states, product, bias, WhT):
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: code; from_zero: whether the initial states are all zero, which saves a product;
    Wx: (D, H); Wh: (H, H); b: (H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = b.size
    for c in range(C):
        for j in range(H):
            bias[c, j] = b[j]
    multiply(X.reshape(T * C, D), Wx, states[1:].reshape(T * C, H))  # all steps at once
    flat = states.reshape(T + 1, C * H)  # once: a reshape takes a fifth of a small product's time
    back, biases = product.reshape(C * H), bias.reshape(C * H)
    for t in range(T):
        if t == 0 and from_zero:
            product[:] = 0
        else:
            multiply(states[t], Wh, product)
        add_activate(activation, flat[t + 1], back, biases)


@kernel
def backward(
    activation, from_zero, Wx, Wh, b, dWx, dWh, db, X, states, product, bias, WhT, dstates, dX
):
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence; on return, that with
    respect to the pre-activations of step ``t``. ``dstates[0]`` is overwritten by the gradient of
    the initial states, unless these are zero for good. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = b.size
    transpose(Wh, WhT)
    flat, dflat = states.reshape(T + 1, C * H), dstates.reshape(T + 1, C * H)
    back, dbias = product.reshape(C * H), bias.reshape(C * H)
    dbias[:] = 0  # row by row, summed over time
    for t in range(T - 1, -1, -1):
        dz = dflat[t + 1]
        multiply_derivative(activation, flat[t + 1], dz)
        for i in range(C * H):
            dbias[i] += dz[i]
        if t > 0:
            multiply(dstates[t + 1], WhT, product)
            below = dflat[t]
            for i in range(C * H):
                below[i] += back[i]
    if not from_zero:
        multiply(dstates[1], WhT, dstates[0])
    dZ = dstates[1:].reshape(T * C, H)
    sum_of_products(states[:T].reshape(T * C, H), dZ, dWh)
    sum_of_products(X.reshape(T * C, D), dZ, dWx)
    db[:] = 0
    for c in range(C):
        for j in range(H):
            db[j] += bias[c, j]
    if dX.shape[0]:
        np.dot(dZ, Wx.T, dX.reshape(T * C, D))

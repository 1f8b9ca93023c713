"""The Elman cell, ``h[t] = f(x[t] Wx + h[t-1] Wh + b)``: forward and exact BPTT side by side.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211. Backpropagation
through time: P. Werbos, Proceedings of the IEEE 78 (1990) 1550-1560.
"""

import numpy as np

from forecaster._jit import kernel
from forecaster.kernels.activations import add_activate, multiply_derivative


def shapes(D, H):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wh": (H, H), "b": (H,)}


def tape(T, C, D, H, dtype):
    """Scratch memory that forward and backward share: a product of one step, the spread bias."""
    return np.empty((C, H), dtype), np.empty((C, H), dtype)


@kernel
def forward(activation, from_zero, Wx, Wh, b, X, states, product, bias):
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: code; from_zero: whether the initial states are all zero, which saves a product;
    Wx: (D, H); Wh: (H, H); b: (H,); X: (T, C, D); states: (T + 1, C, H); product, bias: (C, H).
    """
    T, C, D = X.shape
    H = b.size
    for c in range(C):
        for j in range(H):
            bias[c, j] = b[j]
    np.dot(X.reshape(T * C, D), Wx, states[1:].reshape(T * C, H))  # all steps in one product
    for t in range(T):
        if t == 0 and from_zero:
            product[:] = 0
        else:
            np.dot(states[t], Wh, product)
        add_activate(
            activation,
            states[t + 1].reshape(C * H),
            product.reshape(C * H),
            bias.reshape(C * H),
        )


@kernel
def backward(activation, from_zero, Wx, Wh, b, dWx, dWh, db, X, states, product, bias, dstates, dX):
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence; on return, that with
    respect to the pre-activations of step ``t``. ``dstates[0]`` is overwritten by the gradient of
    the initial states, unless these are zero for good. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = b.size
    for t in range(T - 1, -1, -1):
        dz = dstates[t + 1].reshape(C * H)
        multiply_derivative(activation, states[t + 1].reshape(C * H), dz)
        if t > 0:
            np.dot(dstates[t + 1], Wh.T, product)
            below, back = dstates[t].reshape(C * H), product.reshape(C * H)
            for i in range(C * H):
                below[i] += back[i]
    if not from_zero:
        np.dot(dstates[1], Wh.T, dstates[0])
    dZ = dstates[1:].reshape(T * C, H)
    np.dot(states[:T].reshape(T * C, H).T, dZ, dWh)
    np.dot(X.reshape(T * C, D).T, dZ, dWx)
    db[:] = 0
    for i in range(T * C):
        for j in range(H):
            db[j] += dZ[i, j]
    if dX.shape[0]:
        np.dot(dZ, Wx.T, dX.reshape(T * C, D))

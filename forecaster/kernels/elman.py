"""The Elman cell, ``h[t] = f(x[t] Wx + h[t-1] Wh + b)``: forward and exact BPTT side by side.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211. Backpropagation
through time: P. Werbos, Proceedings of the IEEE 78 (1990) 1550-1560.
"""

from forecaster._jit import kernel
from forecaster.kernels.activations import activate, multiply_derivative
from forecaster.kernels.memory import zeros
from forecaster.kernels.products import add_product, steps_at_once, transpose


def shapes(D, H, O):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wh": (H, H), "b": (H,)}


def tape(T, C, D, H, O, dtype):
    """Scratch memory: the bias's gradient by rows, the transposes of Wx and Wh; zeros."""
    return zeros((C, H), dtype), zeros((H, D), dtype), zeros((H, H), dtype), zeros((1, H), dtype)


@kernel
def forward(activation, from_zero, Wx, Wh, b, X, states, db_rows, WxT, WhT, nothing):
    """Run the recurrence; ``states[0]`` holds the initial states on entry.

    activation: code; from_zero: whether the initial states are all zero, which saves products;
    Wx: (D, H); Wh: (H, H); b: (H,); X: (T, C, D); states: (T + 1, C, H); the rest: see tape.
    """
    T, C, D = X.shape
    H = b.size
    bias = b.reshape(1, H)
    flat = states.reshape(T + 1, C * H)  # once: a reshape takes a fifth of a small product's time
    n = steps_at_once(C, H)
    for first in range(0, T, n):
        last = min(first + n, T)
        R = (last - first) * C
        new = states[first + 1 : last + 1].reshape(R, H)
        add_product(bias, X[first:last].reshape(R, D), Wx, new)
        for t in range(first, last):
            if t > 0 or not from_zero:
                add_product(states[t + 1], states[t], Wh, states[t + 1])
            activate(activation, flat[t + 1])


@kernel
def backward(
    activation, from_zero, unread, Wx, Wh, b, dWx, dWh, db, X, states, db_rows, WxT, WhT, nothing,
    dstates, dX,
):  # fmt: skip
    """Write the gradients of all parameters, of the inputs and of the initial states.

    Shapes as in forward, ``d`` + name like name. On entry ``dstates[t + 1]`` holds the loss
    gradient with respect to ``states[t + 1]`` from outside the recurrence, for the first ``unread``
    steps anything instead of zeros; on return, that with respect to the pre-activations of step
    ``t``. ``dstates[0]`` becomes the gradient of the initial states, unless these are zero for
    good. dX: (T, C, D), or (0, C, D) for not wanted.
    """
    T, C, D = X.shape
    H = b.size
    transpose(Wx, WxT)
    transpose(Wh, WhT)
    flat, dflat = states.reshape(T + 1, C * H), dstates.reshape(T + 1, C * H)
    db_flat = db_rows.reshape(C * H)
    dWx[:] = 0
    dWh[:] = 0
    db_flat[:] = 0
    dX[:] = 0
    n = steps_at_once(C, H)
    for last in range(T, 0, -n):
        first = max(last - n, 0)
        for t in range(last - 1, first - 1, -1):
            multiply_derivative(activation, flat[t + 1], dflat[t + 1], db_flat)
            if t > 0 or not from_zero:
                outside = dstates[t] if t > unread else nothing
                add_product(outside, dstates[t + 1], WhT, dstates[t])
        R = (last - first) * C
        dZ, inputs = dstates[first + 1 : last + 1].reshape(R, H), X[first:last].reshape(R, D)
        add_product(dWx, inputs.T, dZ, dWx)
        start = max(first, 1) if from_zero else first  # states[0] is zero and adds nothing
        S = (last - start) * C
        before, dZ_after = states[start:last], dstates[start + 1 : last + 1]
        add_product(dWh, before.reshape(S, H).T, dZ_after.reshape(S, H), dWh)
        if dX.shape[0]:
            dinputs = dX[first:last].reshape(R, D)
            add_product(dinputs, dZ, WxT, dinputs)
    db[:] = 0
    for c in range(C):
        for j in range(H):
            db[j] += db_rows[c, j]

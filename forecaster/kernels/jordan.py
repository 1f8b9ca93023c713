"""The Jordan cell, ``h[t] = f(x[t] Wx + y[t-1] Wy + b)``: the network's output is fed back.

M. I. Jordan, "Serial order: a parallel distributed processing approach", ICS Report 8604 (1986),
in: Advances in Psychology 121 (1997) 471-495. It is the hybrid without the states' own way back.
"""

from forecaster._jit import kernel
from forecaster.kernels import elman_jordan
from forecaster.kernels.memory import zeros


def shapes(D, H, O):
    """Shapes of the parameters, in the order in which the kernels take them."""
    return {"Wx": (D, H), "Wy": (O, H), "b": (H,)}


def tape(T, C, D, H, O, dtype):
    """A Wh without rows, and the hybrid's tape."""
    return zeros((0, H), dtype), *elman_jordan.tape(T, C, D, H, O, dtype)


@kernel
def forward(
    activation, from_zero, Wx, Wy, b, V, c, X, states, Wh, outputs, doutputs, db_rows, WxT, WhT,
    WyT, VT, nothing,
):  # fmt: skip
    """Run the recurrence; parameters, shapes and tape as in the hybrid."""
    elman_jordan.forward(
        activation, from_zero, Wx, Wh, Wy, b, V, c, X, states, outputs, doutputs, db_rows, WxT,
        WhT, WyT, VT, nothing,
    )  # fmt: skip


@kernel
def backward(
    activation, from_zero, unread, Wx, Wy, b, V, c, dWx, dWy, db, dV, dc, X, states, Wh, outputs,
    doutputs, db_rows, WxT, WhT, WyT, VT, nothing, dstates, dX,
):  # fmt: skip
    """Write all gradients, to dV and dc add theirs; shapes and tape as in the hybrid."""
    elman_jordan.backward(
        activation, from_zero, unread, Wx, Wh, Wy, b, V, c, dWx, Wh, dWy, db, dV, dc, X, states,
        outputs, doutputs, db_rows, WxT, WhT, WyT, VT, nothing, dstates, dX,
    )  # fmt: skip

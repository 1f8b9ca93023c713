"""The contract that every recurrent cell fulfils, and the registry of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forecaster.kernels import elman, elman_jordan, gru, jordan, lstm
from forecaster.kernels.activations import ACTIVATIONS

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: four functions of one kernel module.

    Parameters
    ----------
    shapes : callable ``(D, H, O) -> {name: shape}``
        Parameters in the order in which the kernels take them. Names starting with ``Wx`` are
        input weights, with ``Wh`` recurrent weights, with ``Wy`` weights of outputs that are fed
        back, with ``b`` biases.
    tape : callable ``(T, C, D, H, O, dtype) -> tuple of arrays``
        Memory that forward fills for backward, allocated once and reused.
    forward : kernel ``(activation, from_zero, *parameters, X, states, *tape)``
    backward : kernel
        ``(activation, from_zero, unread, *parameters, *gradients, X, states, *tape, dstates, dX)``.
        ``dstates[1 : unread + 1]`` hold anything, and count as zeros.
    activations : tuple of str
        Names in ``ACTIVATIONS`` that the cell can use.
    carried : tuple of (int, int)
        For each state that is carried from step to step besides ``h``: where in the tape it lies,
        (T + 1, H, C) with the initial one first, and where backward leaves the gradient of that
        one, (H, C). The initial one is the caller's to set, like ``states[0]``; a new tape holds
        zeros, and with ``from_zero`` both must.
    initial_bias : dict
        For a bias that does not start at zero: its value for each gate.
    feeds_back : bool
        Whether the network's output is fed back. Then the kernels take the readout's ``V`` and
        ``c`` behind the parameters, and add to their gradients behind the gradients.
    below : str or None
        Name in ``CELLS`` of the cell of all layers but the last one; None for the same cell.
    """

    shapes: Callable[[int, int, int], dict[str, Shape]]
    tape: Callable[..., tuple[Any, ...]]
    forward: Callable[..., None]
    backward: Callable[..., None]
    activations: tuple[str, ...] = tuple(ACTIVATIONS)
    carried: tuple[tuple[int, int], ...] = ()
    initial_bias: dict[str, tuple[float, ...]] = field(default_factory=dict)
    feeds_back: bool = False
    below: str | None = None


CELLS = {
    "elman": Cell(elman.shapes, elman.tape, elman.forward, elman.backward),
    "gru": Cell(gru.shapes, gru.tape, gru.forward, gru.backward, activations=("tanh",)),
    "lstm": Cell(
        lstm.shapes,
        lstm.tape,
        lstm.forward,
        lstm.backward,
        activations=("tanh",),
        carried=((0, 1),),
        # An open forget gate: at the start cells remember (Gers et al. 2000; R. Jozefowicz,
        # W. Zaremba, I. Sutskever, ICML 2015).
        initial_bias={"b": (0, 1, 0, 0)},
    ),
    "jordan": Cell(
        jordan.shapes,
        jordan.tape,
        jordan.forward,
        jordan.backward,
        feeds_back=True,
        below="elman",
    ),
    "elman_jordan": Cell(
        elman_jordan.shapes,
        elman_jordan.tape,
        elman_jordan.forward,
        elman_jordan.backward,
        feeds_back=True,
        below="elman",
    ),
}

"""The contract that every recurrent cell fulfils, and the registry of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forecaster.kernels import elman

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: four functions of one kernel module.

    Parameters
    ----------
    shapes : callable ``(D, H) -> {name: shape}``
        Parameters in the order in which the kernels take them. Names starting with ``Wx`` are
        input weights, with ``Wh`` recurrent weights, with ``b`` biases.
    tape : callable ``(T, C, D, H, dtype) -> tuple of arrays``
        Memory that forward fills for backward, allocated once and reused.
    forward : kernel ``(activation, from_zero, *parameters, X, states, *tape)``
    backward : kernel
        ``(activation, from_zero, *parameters, *gradients, X, states, *tape, dstates, dX)``
    """

    shapes: Callable[[int, int], dict[str, Shape]]
    tape: Callable[..., tuple[Any, ...]]
    forward: Callable[..., None]
    backward: Callable[..., None]
    carried: tuple[int, ...] = ()
    feeds_back: bool = False


CELLS = {"elman": Cell(elman.shapes, elman.tape, elman.forward, elman.backward)}

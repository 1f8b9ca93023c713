"""A graph of ONNX under construction."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Graph:
    """Nodes and constants, in the order in which they are added.

    Parameters
    ----------
    prefix : str
        What names begin with: within a loop they must differ from those outside.

    Attributes
    ----------
    nodes : list of NodeProto
        Each with one output, named after its operator and number.
    constants : list of TensorProto
        Weights and sizes.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """Add an array; returns its name, with a number if it is taken."""
        name = f"{name}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype, order="C"), name))
        return name

    def sizes(self, *sizes: int) -> str:
        """Add a vector of integers, which shapes and axes are."""
        return self.constant("sizes", sizes, np.int64)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns the name of its first output."""
        return self.outputs(operator, 1, *inputs, **attributes)[0]

    def outputs(self, operator: str, n: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node; returns the names of its ``n`` outputs."""
        name = f"{self._prefix}{operator}_{len(self.nodes)}"
        outputs = [name, *(f"{name}_{i}" for i in range(1, n))]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))
        return outputs

    def for_every_row(self, inputs: str, row: np.ndarray) -> str:
        """One row for every row of the inputs (T, B, D): (B, n)."""
        n_rows = self.node("Shape", inputs, start=1, end=2)
        shape = self.node("Concat", n_rows, self.sizes(row.size), axis=0)
        return self.node("Expand", self.constant("row", row[None]), shape)

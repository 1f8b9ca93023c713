"""Recurrent layers as nodes of ONNX: RNN, GRU and LSTM.

Time comes first, as ONNX has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from forecaster.exchange.onnx_graph import Graph
from forecaster.nn.network import Network

# Blocks of the gates in ONNX's order, z, r, h and i, o, f, c, by their places in ours: r, z, n and
# i, f, g, o.
_OPERATORS = {"elman": "RNN", "gru": "GRU", "lstm": "LSTM"}
_GATES = {"elman": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
_ACTIVATIONS: dict[str, dict[str, Any]] = {
    "tanh": {"activations": ["Tanh"]},
    "relu": {"activations": ["Relu"]},
    "logistic": {"activations": ["Sigmoid"]},
    "identity": {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]},
}


def recurrent_layer(
    graph: Graph, inputs: str, network: Network, k: int, weights: Mapping[str, np.ndarray]
) -> str:
    """States (T, B, H) of layer ``k``, from inputs (T, B, D)."""
    H, cell = network.hidden_sizes[k], network.layer_cell_names[k]
    order = _GATES[cell]

    def in_order(matrix: np.ndarray) -> np.ndarray:
        """Columns (or elements) to rows, gate by gate in ONNX's order."""
        gates = np.split(matrix.T, len(order))
        return np.concatenate([gates[g] for g in order])

    b = weights[f"{k}.b"]
    bias_h = np.zeros_like(b)
    if cell == "gru":
        bias_h[-H:] = weights[f"{k}.bh"]
    both = np.concatenate([in_order(b), in_order(bias_h)])
    operands = [
        graph.constant("W", in_order(weights[f"{k}.Wx"])[None]),
        graph.constant("R", in_order(weights[f"{k}.Wh"])[None]),
        graph.constant("B", both[None]),
    ]
    if network.learn_initial_state:
        initial = graph.for_every_row(inputs, weights[f"{k}.h0"])
        operands += ["", graph.node("Unsqueeze", initial, graph.sizes(0))]
    attributes: dict[str, Any] = {"hidden_size": H}
    if cell == "elman":
        attributes |= _ACTIVATIONS[network.activation]
    if cell == "gru":
        attributes["linear_before_reset"] = 1  # the reset gate acts on the product
    states = graph.node(_OPERATORS[cell], inputs, *operands, **attributes)
    return graph.node("Squeeze", states, graph.sizes(1))  # the axis of directions

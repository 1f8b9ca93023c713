"""A network as nodes of ONNX: scaling, layers and what stands between them, readout.

A part takes the name of its input and returns that of its output. The network computes in float32,
which is what runtimes have for recurrent nodes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from forecaster.estimators._scaling import Scaler
from forecaster.exchange.onnx_feedback import feedback_layer
from forecaster.exchange.onnx_graph import Graph
from forecaster.exchange.onnx_recurrent import recurrent_layer
from forecaster.kernels.joints import VARIANCE_FLOOR
from forecaster.nn.network import Network


def standardise(graph: Graph, X: str, scaler: Scaler, dtype: np.dtype) -> str:
    """From the inputs' units, (B, T, D) of type ``dtype``, to float32."""
    centred = graph.node("Sub", X, graph.constant("input_center", scaler.center, dtype))
    scaled = graph.node("Div", centred, graph.constant("input_scale", scaler.scale, dtype))
    return scaled if dtype == np.float32 else graph.node("Cast", scaled, to=TensorProto.FLOAT)


def network_outputs(
    graph: Graph, inputs: str, network: Network, weights: Mapping[str, np.ndarray]
) -> str:
    """From standardised inputs (B, T, D) to outputs (B, O) or (B, T, O)."""
    states = _swap(graph, inputs)
    for k in range(len(network.hidden_sizes)):
        states = _layer(graph, states, network, k, weights)
    return _readout(graph, states, inputs, network, weights)


def _swap(graph: Graph, values: str) -> str:
    """(B, T, .) to (T, B, .), or back."""
    return graph.node("Transpose", values, perm=[1, 0, 2])


def _layer(
    graph: Graph, inputs: str, network: Network, k: int, weights: Mapping[str, np.ndarray]
) -> str:
    """Layer ``k`` and what follows it: (T, B, D) to (T, B, H)."""
    T, D, H = network.n_steps, network.layer_inputs[k], network.hidden_sizes[k]
    d = network.layer_dilations[k]
    # A dilated layer runs on d interleaved sequences side by side.
    sequences = graph.node("Reshape", inputs, graph.sizes(T // d, -1, D)) if d > 1 else inputs
    make = feedback_layer if network.layer_cells[k].feeds_back else recurrent_layer
    states = make(graph, sequences, network, k, weights)
    if d > 1:
        states = graph.node("Reshape", states, graph.sizes(T, -1, H))
    if network.residual and D == H:
        states = graph.node("Add", states, inputs)
    if network.layer_norm:
        norm = (graph.constant(name, weights[f"{k}.{name}"]) for name in ("gain", "shift"))
        states = graph.node("LayerNormalization", states, *norm, epsilon=VARIANCE_FLOOR)
    return states


def _readout(
    graph: Graph, states: str, inputs: str, network: Network, weights: Mapping[str, np.ndarray]
) -> str:
    """From states (T, B, H) and standardised inputs (B, T, D) to outputs (B, O) or (B, T, O)."""
    each = network.readout == "each"
    if network.readout == "last":
        last = graph.constant("last", network.n_steps - 1, np.int64)
        features = graph.node("Gather", states, last, axis=0)
    else:
        features = _swap(graph, states)
        features = features if each else graph.node("Flatten", features)
    matrix = weights["V"]
    if network.skip:
        passed = inputs if each else graph.node("Flatten", inputs)
        features = graph.node("Concat", features, passed, axis=-1)
        matrix = np.concatenate([matrix, weights["S"]])
    products = graph.node("MatMul", features, graph.constant("V", matrix))
    return graph.node("Add", products, graph.constant("c", weights["c"]))

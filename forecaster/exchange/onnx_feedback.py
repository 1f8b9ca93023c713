"""A layer that feeds the network's outputs back, as a Scan of ONNX: Jordan's cell and the hybrid.

``h[t] = f(x[t] Wx + y[t-1] Wy + h[t-1] Wh + b)`` with ``y[t] = h[t] V + c``, or with a readout of
all states ``y[t] = y[t-1] + h[t] V[t]``; Jordan's cell has no Wh. Before the first step y is c, and
with a learned initial state h0 it is ``c + h0 V``. See `forecaster.kernels.elman_jordan`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from forecaster.exchange.onnx_graph import Graph
from forecaster.nn.network import Network

_OPERATORS = {"tanh": "Tanh", "relu": "Relu", "logistic": "Sigmoid", "identity": "Identity"}


def feedback_layer(
    graph: Graph, inputs: str, network: Network, k: int, weights: Mapping[str, np.ndarray]
) -> str:
    """States (T, B, H) of layer ``k``, from inputs (T, B, D)."""
    T, H, O = network.n_steps, network.hidden_sizes[k], network.n_outputs
    h0 = weights[f"{k}.h0"] if network.learn_initial_state else np.zeros(H)
    V, c = weights["V"], weights["c"]
    products = graph.node("MatMul", inputs, graph.constant("Wx", weights[f"{k}.Wx"]))
    driven = graph.node("Add", products, graph.constant("b", weights[f"{k}.b"]))
    starts = [graph.for_every_row(inputs, start) for start in (h0, c + h0 @ V[:H])]
    scanned = [driven]
    if network.readout == "all":
        scanned.append(graph.constant("V", V.reshape(T, H, O)))
    body = _body(graph, network, k, weights)
    loop = graph.outputs("Scan", 3, *starts, *scanned, body=body, num_scan_inputs=len(scanned))
    return loop[2]


def _body(
    graph: Graph, network: Network, k: int, weights: Mapping[str, np.ndarray]
) -> onnx.GraphProto:
    """One step: from h, y and what drives it (B, H) to the next h, the next y, and h to keep."""
    H, O = network.hidden_sizes[k], network.n_outputs
    step = Graph(prefix="step_")
    total = step.node("MatMul", "y_before", graph.constant("Wy", weights[f"{k}.Wy"]))
    total = step.node("Add", "driven", total)
    if network.cell == "elman_jordan":
        back = step.node("MatMul", "h_before", graph.constant("Wh", weights[f"{k}.Wh"]))
        total = step.node("Add", total, back)
    h = step.node(_OPERATORS[network.activation], total)
    each_its_own = network.readout == "all"
    V = "V_of_step" if each_its_own else graph.constant("V", weights["V"][:H])
    origin = "y_before" if each_its_own else graph.constant("c", weights["c"])
    y = step.node("Add", step.node("MatMul", h, V), origin)
    kept = step.node("Identity", h)

    def declare(name: str, *shape: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    taken = [declare("h_before", "rows", H), declare("y_before", "rows", O)]
    taken.append(declare("driven", "rows", H))
    if each_its_own:
        taken.append(declare("V_of_step", H, O))
    given = [declare(h, "rows", H), declare(y, "rows", O), declare(kept, "rows", H)]
    return helper.make_graph(step.nodes, "step", taken, given)

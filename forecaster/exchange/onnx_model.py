"""Fitted networks as ONNX models, which run without Python."""

from __future__ import annotations

from importlib.metadata import version
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from forecaster._extras import require
from forecaster.estimators.recurrent import RecurrentEstimator
from forecaster.exchange._estimators import Model, take_apart

if TYPE_CHECKING:
    import onnx

# Of 2022: the first with LayerNormalization, and known to every runtime since.
_OPSET, _IR_VERSION = 17, 8


def to_onnx(
    estimator: RecurrentEstimator,
    path: str | PathLike[str] | None = None,
    *,
    dtype: str = "float32",
) -> onnx.ModelProto:
    """Make an ONNX model that computes what a fitted estimator predicts.

    Parameters
    ----------
    estimator : regressor or classifier on windows, fitted
        With any cell, activation, readout and loss; of an ensemble, all members.
    path : str or path, optional
        Where to write the model, by custom with the ending ``.onnx``. None writes nothing.
    dtype : {"float32", "float64"}, default="float32"
        Type of "X" and "y", and of the scaling between them and the network. The network itself is
        computed in float32, as recurrent operators are in most runtimes. "float64" is for data
        whose level is large next to their spread: float32 has 7 digits.

    Returns
    -------
    model : onnx.ModelProto
        One input "X", (batch, n_steps, n_inputs), in the units of fit; the output "y", which is
        what `predict` returns. Further outputs: "quantiles" for the loss "pinball", the other
        parameters of a distribution ("scale", "df"; "dispersion"), "probabilities" of a classifier.
        The number of rows, ``batch``, is free. Standard operators only (opset 17): RNN, GRU or LSTM
        for each layer, Scan for one that feeds outputs back. Metadata name the library, its version
        and the estimator.

    Raises
    ------
    ImportError
        Without onnx.
    TypeError, ValueError
        For what is no estimator on windows, and another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from forecaster import ElmanRegressor
    >>> from forecaster.exchange import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(64, 8))
    >>> net = ElmanRegressor(random_state=0, tol=0.01).fit(X, X.sum(axis=1))
    >>> model = to_onnx(net)
    >>> [node.op_type for node in model.graph.node if node.op_type in ("RNN", "GRU", "LSTM")]
    ['RNN']

    To run it (rows of a 2-D X are windows of one variable)::

        session = onnxruntime.InferenceSession(model.SerializeToString())
        session.run(["y"], {"X": X[:, :, None].astype(np.float32)})
    """
    parts = take_apart(estimator, "to_onnx")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}.")
    require("onnx", "onnx")
    import onnx

    model = _assemble(parts, np.dtype(dtype))
    onnx.helper.set_model_props(
        model,
        {
            "library": "forecaster",
            "version": version("forecaster"),
            "estimator": type(estimator).__name__,
        },
    )
    if path is not None:
        onnx.save(model, path)
    return model


def _assemble(model: Model, dtype: np.dtype) -> onnx.ModelProto:
    """The graph from "X" to "y" and the other outputs, part by part."""
    from onnx import helper

    from forecaster.exchange import onnx_graph, onnx_heads, onnx_network

    network, graph = model.network, onnx_graph.Graph()
    inputs = onnx_network.standardise(graph, "X", model.inputs, dtype)
    members = [
        onnx_network.network_outputs(graph, inputs, network, network.views(theta))
        for theta in model.thetas
    ]
    head = onnx_heads.regression if model.classes is None else onnx_heads.classification
    outputs = head(graph, members, model, dtype)
    for name, inner in outputs.items():
        graph.nodes.append(helper.make_node("Identity", [inner], [name], name))
    element = helper.np_dtype_to_tensor_dtype(dtype)
    X = helper.make_tensor_value_info("X", element, ["batch", network.n_steps, network.n_inputs])
    proto = helper.make_graph(
        graph.nodes, "forecaster", [X], onnx_heads.signature(model, outputs, dtype), graph.constants
    )
    return helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="forecaster",
        producer_version=version("forecaster"),
    )

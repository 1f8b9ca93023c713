"""What the network's outputs stand for, as nodes of ONNX: the twin of `Loss.link` and `predict`.

A head takes the outputs of every member of an ensemble, (B, O) or (B, T, O), and returns the names
of the model's outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from forecaster.exchange._estimators import Model
from forecaster.exchange.onnx_graph import Graph
from forecaster.kernels.likelihoods import MEAN_FLOOR, SCALE_FLOOR
from forecaster.nn.losses import DISTRIBUTIONS, Loss

_SCALARS = (str, bytes, bool, int, float, np.bool_, np.number)
_OTHER_PARAMETERS = {
    "gaussian": ("scale",),
    "student_t": ("scale", "df"),
    "negative_binomial": ("dispersion",),
}


def regression(
    graph: Graph, members: Sequence[str], model: Model, dtype: np.dtype
) -> dict[str, str]:
    """Predictions "y"; with "pinball" also "quantiles", with a distribution its parameters."""
    loss = model.loss
    parameters = _combined(graph, [_link(graph, outputs, loss) for outputs in members], model)
    parameters = [_cast(graph, values, dtype) for values in parameters]
    n_places = 1 if loss.name in DISTRIBUTIONS else len(parameters)
    scale = graph.constant("target_scale", model.targets.scale, dtype)
    center = graph.constant("target_center", model.targets.center, dtype)
    for p, values in enumerate(parameters):
        if p < n_places or (p == 1 and loss.name in ("gaussian", "student_t")):
            parameters[p] = graph.node("Mul", values, scale)
        if p < n_places:
            parameters[p] = graph.node("Add", parameters[p], center)
    if model.flat:
        parameters = [graph.node("Squeeze", values, graph.sizes(-1)) for values in parameters]
    if loss.name == "pinball":
        levels = list(loss.settings)
        middle = levels.index(0.5) if 0.5 in levels else len(levels) // 2
        along = [graph.node("Unsqueeze", values, graph.sizes(-1)) for values in parameters]
        return {"y": parameters[middle], "quantiles": graph.node("Concat", *along, axis=-1)}
    names = ("y", *_OTHER_PARAMETERS.get(loss.name, ()))
    return dict(zip(names, parameters, strict=True))


def classification(
    graph: Graph, members: Sequence[str], model: Model, dtype: np.dtype
) -> dict[str, str]:
    """Classes "y", and "probabilities" in their order."""
    linked = [[graph.node("Softmax", logits, axis=-1)] for logits in members]
    (probabilities,) = _combined(graph, linked, model)
    total = graph.node("ReduceSum", probabilities, graph.sizes(-1))  # medians need not add up
    probabilities = graph.node("Div", probabilities, total)
    best = graph.node("ArgMax", probabilities, axis=-1, keepdims=0)
    labels = graph.constant("classes", _labels(model), None)
    return {
        "y": graph.node("Gather", labels, best),
        "probabilities": _cast(graph, probabilities, dtype),
    }


def signature(model: Model, outputs: Iterable[str], dtype: np.dtype) -> list[onnx.ValueInfoProto]:
    """Types and shapes of the model's outputs, as they are declared."""
    network = model.network
    rows: list[str | int] = ["batch"]
    if network.readout == "each":
        rows.append(network.n_steps)
    targets = [] if model.flat else [model.loss.n_targets(network.n_outputs)]
    declared = []
    for name in outputs:
        element, shape = int(helper.np_dtype_to_tensor_dtype(dtype)), [*rows, *targets]
        if name == "quantiles":
            shape = [*shape, len(model.loss.settings)]
        elif name == "probabilities":
            shape = [*rows, network.n_outputs]
        elif model.classes is not None:
            element, shape = numpy_helper.from_array(_labels(model)).data_type, rows
        declared.append(helper.make_tensor_value_info(name, element, shape))
    return declared


def _labels(model: Model) -> np.ndarray:
    """A classifier's labels in a type that ONNX has."""
    classes = np.asarray(model.classes)
    if classes.dtype.kind not in "OSUbiuf" or not isinstance(classes[0], _SCALARS):
        raise TypeError(
            f"to_onnx takes classes that are numbers or text, got {classes[0]!r}: fit the "
            "classifier on such labels."
        )
    if classes.dtype.kind == "O":  # numbers or text in an array of objects
        classes = np.array(classes.tolist())
    return classes.astype(object) if classes.dtype.kind in "US" else classes


def _link(graph: Graph, outputs: str, loss: Loss) -> list[str]:
    """The numbers that outputs (..., P * O) stand for: P arrays (..., O)."""
    P = loss.outputs_per_target
    if P == 1:
        return [outputs]
    first, *others = graph.outputs("Split", P, outputs, axis=-1)
    others = [graph.node("Softplus", values) for values in others]
    if loss.name == "pinball":
        quantiles = [first]
        for step in others:
            quantiles.append(graph.node("Add", quantiles[-1], step))
        return quantiles
    if loss.name == "negative_binomial":
        first = graph.node(
            "Mul", graph.node("Softplus", first), graph.constant("mean", loss.settings)
        )
        first = graph.node("Add", first, graph.constant("floor", MEAN_FLOOR))
    others[0] = graph.node("Add", others[0], graph.constant("floor", SCALE_FLOOR))
    others[1:] = [graph.node("Add", df, graph.constant("two", 2.0)) for df in others[1:]]
    return [first, *others]


def _combined(graph: Graph, members: list[list[str]], model: Model) -> list[str]:
    """Mean or median over the members, for each of their P arrays."""
    if len(members) == 1:
        return members[0]
    combined = []
    for parameter in zip(*members, strict=True):
        rows = [graph.node("Unsqueeze", values, graph.sizes(0)) for values in parameter]
        stack, n = graph.node("Concat", *rows, axis=0), len(rows)
        if model.aggregate == "median":  # the one or two in the middle of the rising order
            stack, _ = graph.outputs("TopK", 2, stack, graph.sizes(n), axis=0, largest=0)
            middle = np.arange((n - 1) // 2, n // 2 + 1)
            stack = graph.node("Gather", stack, graph.constant("middle", middle, np.int64), axis=0)
        combined.append(graph.node("ReduceMean", stack, axes=[0], keepdims=0))
    return combined


def _cast(graph: Graph, values: str, dtype: np.dtype) -> str:
    if dtype == np.float32:
        return values
    return graph.node("Cast", values, to=TensorProto.DOUBLE)

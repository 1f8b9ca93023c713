"""Fitted networks to PyTorch, and PyTorch's recurrent networks to fitted estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecaster import _validation as v
from forecaster._extras import require
from forecaster.estimators._scaling import Scaler
from forecaster.estimators.recurrent import RecurrentEstimator
from forecaster.exchange._estimators import CROSS_ENTROPY, Model, put_together, take_apart
from forecaster.exchange.torch_weights import GATES, weights_from_torch
from forecaster.kernels.readout import READOUTS
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network

if TYPE_CHECKING:
    from forecaster.exchange.torch_module import RecurrentModule

_NONLINEARITIES = ("tanh", "relu")  # those of torch.nn.RNN
_LOSSES = ("squared_error", "absolute_error", "huber", CROSS_ENTROPY)  # outputs as they are
_NEEDED = {"recurrent": ("weight_ih_l0", "weight_hh_l0"), "linear": ("weight",)}
_RULES = {
    "n_steps": v.integer(1),
    "activation": v.choice(*_NONLINEARITIES),
    "readout": v.choice(*READOUTS),
    "skip": v.boolean(),
}


def to_torch(estimator: RecurrentEstimator, dtype: str | None = None) -> RecurrentModule:
    """Make a PyTorch module that computes what a fitted network computes.

    Parameters
    ----------
    estimator : regressor or classifier on windows, fitted
        A single network of the cells "elman" (activation "tanh" or "relu"), "gru" or "lstm", whose
        outputs are predictions or logits: not with the loss "pinball" or that of a distribution.
    dtype : {"float32", "float64"}, optional
        Type of weights, scaling and results. None takes that of the training; "float64" gives
        what `predict` gives, to 12 digits, since that computes in float64.

    Returns
    -------
    module : torch.nn.Module
        Maps windows (B, T, D), or (B, T) of one variable, in the units of fit to what `predict`
        returns for them; a classifier's to logits, as `torch.nn.CrossEntropyLoss` takes them.
        Windows must be complete: NaN that fill up a shorter one make its results NaN. It is on the
        CPU, in evaluation mode, and can be trained, moved and saved; ``module.recurrent`` holds
        `torch.nn.RNN`, `GRU` or `LSTM` modules, one for the whole stack where PyTorch can compute
        it, else one for each layer, and ``module.linear`` is a `torch.nn.Linear`: their state dicts
        are the usual ones. Scaling is in buffers.

    Raises
    ------
    ImportError
        Without PyTorch.
    TypeError, ValueError
        For what PyTorch's layers cannot compute.

    See Also
    --------
    from_torch : The way back.

    Examples
    --------
    With X, a float64 array of windows::

        module = to_torch(net, "float64")
        y = module(torch.tensor(X)).detach().numpy()  # net.predict(X)
    """
    model = take_apart(estimator, "to_torch")
    for holds, expected, got in (
        (model.network.cell in GATES, f"a cell of {', '.join(GATES)}", model.network.cell),
        (
            model.network.activation in _NONLINEARITIES,
            f"an activation of {', '.join(_NONLINEARITIES)}",
            model.network.activation,
        ),
        (model.loss.name in _LOSSES, f"a loss of {', '.join(_LOSSES)}", model.loss.name),
        (len(model.thetas) == 1, "a single network, n_estimators=1", len(model.thetas)),
    ):
        if not holds:
            raise ValueError(
                f"to_torch builds on PyTorch's own layers and needs {expected}, got {got!r}: use "
                "to_onnx."
            )
    if dtype not in (None, "float32", "float64"):
        raise ValueError(f"dtype must be 'float32', 'float64' or None, got {dtype!r}.")
    require("torch", "torch")
    import torch

    from forecaster.exchange.torch_module import RecurrentModule

    with torch.random.fork_rng(devices=[]):  # modules draw weights, which are replaced
        return RecurrentModule(model, dtype or model.thetas[0].dtype.name).eval()


def from_torch(
    recurrent: Any,
    linear: Any = None,
    n_steps: int | None = None,
    *,
    activation: str = "tanh",
    readout: str = "last",
    skip: bool = False,
    classes: Any = None,
) -> RecurrentEstimator:
    """Make a fitted estimator of weights that were trained in PyTorch.

    Parameters
    ----------
    recurrent : torch.nn.RNN, GRU or LSTM, or its state dict; or a module of `to_torch`
        Of one direction, with any number of layers. A state dict may hold tensors or NumPy arrays:
        with arrays, PyTorch is not needed. A module of `to_torch` comes back with its scaling, and
        takes no further arguments.
    linear : torch.nn.Linear, or its state dict
        The layer from states to outputs: ``linear(states[:, -1])`` for the readout "last",
        ``linear(states.flatten(1))`` for "all", ``linear(states)`` for "each"; with ``skip``,
        ``linear(torch.cat([..., X.flatten(1)], dim=1))``, or X itself for "each".
    n_steps : int
        Steps of a window, T.
    activation : {"tanh", "relu"}, default="tanh"
        The nonlinearity of an RNN that is given as a state dict, which does not hold it.
    readout : {"last", "all", "each"}, default="last"
        The states that the linear layer reads.
    skip : bool, default=False
        Whether it reads the inputs as well.
    classes : array-like of shape (n_outputs,), optional
        Labels of the outputs, in rising order, if these are logits: makes a classifier.

    Returns
    -------
    estimator
        Of the class for the cell, for example ``ElmanRegressor``, in the weights' own precision,
        float32 or float64. Without scaling: its inputs and predictions are the modules' own. A
        single output has no axis of its own in predictions. It can be trained further with
        ``warm_start`` or `partial_fit`.

    Raises
    ------
    TypeError, ValueError
        If something is missing, or these weights do not fit together.

    See Also
    --------
    to_torch : The other way.

    Examples
    --------
    A state dict of NumPy arrays:

    >>> import numpy as np
    >>> from forecaster.exchange import from_torch
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"weight_ih_l0": (4, 1), "weight_hh_l0": (4, 4), "bias_ih_l0": 4, "bias_hh_l0": 4}
    >>> rnn = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    >>> linear = {"weight": rng.normal(size=(1, 4)), "bias": np.zeros(1)}
    >>> net = from_torch(rnn, linear, n_steps=6)
    >>> net.predict(np.zeros((3, 6))).shape
    (3,)
    """
    if isinstance(getattr(recurrent, "network", None), Network):
        return put_together(recurrent.model())  # made by to_torch
    layers, head = _arrays(recurrent, "recurrent"), _arrays(linear, "linear")
    network = _network(
        layers, head, n_steps, getattr(recurrent, "nonlinearity", activation), readout, skip
    )
    if len(network.hidden_sizes) > 1:  # elsewhere PyTorch has no use for it either
        network = replace(network, dropout=float(getattr(recurrent, "dropout", 0.0)))
    weights = {f"recurrent.0.{name}": values for name, values in layers.items()}
    weights |= {f"linear.{name}": values for name, values in head.items()}
    classifies = classes is not None
    model = Model(
        network,
        [weights_from_torch(network, weights)],
        inputs=Scaler.identity(network.n_inputs),
        targets=Scaler.identity(1 if classifies else network.n_outputs),
        loss=Loss(CROSS_ENTROPY if classifies else "squared_error"),
        flat=network.n_outputs == 1,
        classes=_labels(classes, network.n_outputs) if classifies else None,
    )
    return put_together(model)


def _arrays(source: Any, role: str) -> dict[str, np.ndarray]:
    """The state dict of a module, or a state dict, in NumPy."""
    state = source if isinstance(source, Mapping) else getattr(source, "state_dict", dict)()
    if not set(_NEEDED[role]) <= set(state):
        kinds = "torch.nn.RNN, GRU or LSTM" if role == "recurrent" else "torch.nn.Linear"
        raise TypeError(
            f"{role} must be a {kinds} or its state dict with {' and '.join(_NEEDED[role])}, got "
            f"{type(source).__name__}: give the two modules of a network one by one."
        )
    arrays = {name: _array(values) for name, values in state.items()}
    for name in _NEEDED[role]:
        if arrays[name].ndim != 2:
            raise ValueError(
                f"{name} of {role} must be a matrix, got an array of shape {arrays[name].shape}."
            )
    return arrays


def _array(values: Any) -> np.ndarray:
    """In NumPy, and in float32 what NumPy has no type for, as bfloat16."""
    if not hasattr(values, "detach"):
        return np.asarray(values)
    values = values.detach().cpu()
    return np.asarray(values.float() if values.itemsize < 4 else values)


def _network(
    layers: Mapping[str, np.ndarray],
    head: Mapping[str, np.ndarray],
    n_steps: int | None,
    activation: str,
    readout: str,
    skip: bool,
) -> Network:
    """The architecture that weights of these shapes belong to."""
    foreign = [name for name in layers if name.endswith("_reverse") or "weight_hr" in name]
    if foreign:
        raise ValueError(
            f"PyTorch's weights must be those of one direction, without projections, got "
            f"{min(foreign)!r} as well: leave bidirectional and proj_size at their defaults."
        )
    n_rows, H = layers["weight_hh_l0"].shape
    cells = [cell for cell, n_gates in GATES.items() if n_gates * H == n_rows]
    if not cells:
        raise ValueError(
            "weight_hh_l0 must be (H, H), (3 H, H) or (4 H, H), as RNN, GRU and LSTM have it, got "
            f"{(n_rows, H)}."
        )
    parameters = {"n_steps": n_steps, "activation": activation, "readout": readout, "skip": skip}
    for name, value in parameters.items():
        expected, holds = _RULES[name]
        if not holds(value):
            raise ValueError(f"from_torch: {name} must be {expected}, got {value!r}.")
    assert n_steps is not None  # the rule of n_steps has said so
    n_layers = sum(name.startswith("weight_ih_l") for name in layers)
    return Network(
        n_steps,
        layers["weight_ih_l0"].shape[1],
        (H,) * n_layers,
        head["weight"].shape[0],
        cell=cells[0],
        activation=activation if cells[0] == "elman" else "tanh",
        readout=readout,
        skip=skip,
    )


def _labels(classes: Any, n_outputs: int) -> np.ndarray:
    labels = np.asarray(classes)
    if (
        n_outputs < 2
        or labels.shape != (n_outputs,)
        or not np.array_equal(labels, np.unique(labels))
    ):
        raise ValueError(
            f"classes must be {n_outputs} different labels in rising order, one for each output of "
            f"linear and at least two, got {classes!r}."
        )
    return labels

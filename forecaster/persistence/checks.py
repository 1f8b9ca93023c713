"""What must hold between arrays before compiled loops, which look at no bounds, may run on them.

Whatever a library object does by itself, it does right; only a crafted file gets here with less.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from forecaster.data.panel import Panel
from forecaster.data.series_set import SeriesSet
from forecaster.estimators._scaling import Scaler
from forecaster.forecasting.group import Group
from forecaster.forecasting.model import Model
from forecaster.forecasting.preparation import Preparation
from forecaster.nn.losses import KERNELS
from forecaster.nn.network import Network
from forecaster.nn.order import Order
from forecaster.nn.state import State
from forecaster.persistence.container import FileError


@singledispatch
def check(value: Any) -> Any:
    """Return a value whose parts fit together.

    Raises
    ------
    FileError
        If they do not.
    """
    return value


def _require(holds: object, what: str) -> None:
    if not holds:
        raise FileError(f"holds {what}, as forecaster.save never writes it: do not use it")


def _is_array(value: Any, shape: tuple[int, ...], *kinds: type) -> bool:
    right = isinstance(value, np.ndarray) and value.shape == shape
    return right and value.dtype in [np.dtype(kind) for kind in kinds] and value.dtype.isnative


@check.register
def _(panel: Panel) -> Panel:
    values, indptr = panel.values, panel.indptr
    arrays = _is_array(values, (np.size(values),), np.float64) and _is_array(
        indptr, (np.size(indptr),), np.int64
    )
    _require(
        arrays
        and len(indptr) > 1
        and indptr[0] == 0
        and (indptr[1:] >= indptr[:-1]).all()  # a difference could overflow
        and indptr[-1] == len(values),
        "a panel whose series do not fill it",
    )
    return panel


@check.register
def _(series: SeriesSet) -> SeriesSet:
    n_axes = series.n_series if series.kind == "long" else 1
    _require(
        len(series.ids) == series.n_series and _is_array(series.axis.first, (n_axes,), np.int64),
        "series without ids or times",
    )
    return series


@check.register
def _(scaler: Scaler) -> Scaler:
    shape = np.shape(scaler.center)
    _require(
        len(shape) == 1
        and all(_is_array(x, shape, np.float64) for x in (scaler.center, scaler.scale)),
        "a scaling whose parts differ",
    )
    return scaler


@check.register
def _(preparation: Preparation) -> Preparation:
    names = ["indices", "alpha", "share", "scale", "exact"]
    optional = ["borrowed", "longer"]
    names += [name for name in optional if getattr(preparation, name) is not None]
    parts = [getattr(preparation, name) for name in names]
    _require(
        preparation.indices.ndim == 2
        and len({np.shape(part)[:1] for part in parts}) == 1
        and all(_is_array(part, part.shape, np.float64, np.bool_) for part in parts),
        "a preparation whose parts differ in length",
    )
    longer, m = preparation.longer, preparation.season_length
    _require(
        longer is None or (longer.ndim == 2 and longer.shape[1] in {7 * m, 52 * m} - {0}),
        "a longer season that is not made of whole ones",
    )
    return preparation


@check.register
def _(model: Model) -> Model:
    sizes = {group.unit.shape for group in model.groups}
    _require(
        sizes == {model.preparation.scale.shape} and len(model.groups) == len(model.recipe.views),
        "a model whose parts differ in size",
    )
    n_series, n_views = model.preparation.scale.shape, (len(model.groups),)
    own = [(model.repeating, n_series), (model.of_views, n_series + n_views)]
    _require(
        all(part is None or _is_array(part, shape, np.float64) for part, shape in own),
        "shares that are not those of the series",
    )
    return model


@check.register
def _(group: Group) -> Group:
    _require(
        _is_array(group.unit, group.preparation.scale.shape, np.float64) and group.trained,
        "networks and series that do not belong together",
    )
    for member in group.trained:
        _check_weights(group.network, member.theta)
    return group


@check.register
def _(order: Order) -> Order:
    for part in vars(order).values():
        shuffled = isinstance(part, np.ndarray) and _is_array(part, (part.size,), np.int64)
        right = (np.sort(part) == np.arange(part.size)).all() if shuffled else type(part) is int
        _require(right and np.min(part, initial=0) >= 0, "an order of rows that there are not")
    return order


@check.register
def _(state: State) -> State:
    _require(
        type(state.n_open) is int and state.n_open >= 0 and _is_array(state.sums, (4,), np.float64),
        "a training in an iteration that there is not",
    )
    parts = [state, state.record, state.average, state.solver]
    _check_alike(state.theta, *(part for part in parts if part is not None))
    return state


def _check_alike(theta: Any, *objects: Any) -> None:
    """Whether all that goes through ``theta`` element by element has its size and type."""
    arrays = [array for one in objects for key, array in vars(one).items() if key != "sums"]
    arrays = [array for array in arrays if isinstance(array, np.ndarray)]
    _require(
        all(_is_array(array, theta.shape, theta.dtype.type) for array in arrays),
        "an optimiser of other weights",
    )


@check.register
def _(estimator: BaseEstimator) -> BaseEstimator:
    fitted = vars(estimator)
    if "thetas_" in fitted:
        _check_regression(fitted)
    if "model_" in fitted:
        n_series = len(fitted["model_"].unit)
        _require(fitted["data_"].n_series == n_series, "a model of other series")
    return estimator


def _check_regression(fitted: dict[str, Any]) -> None:
    """What a regressor or classifier keeps."""
    network, loss, scaler = fitted["network_"], fitted["_loss"], fitted["_input_scaler"]
    states = fitted.get("_states", [])
    for theta in [*fitted["thetas_"], *(state.theta for state in states)]:
        _check_weights(network, theta)
    _require(scaler.center.shape == (network.n_inputs,), "a scaling of other variables")
    n_targets = fitted["n_outputs_"]
    n_outputs = n_targets * loss.outputs_per_target
    if loss.name == "cross_entropy":
        n_outputs = len(fitted["classes_"])
    n_settings = {"huber": 1, "negative_binomial": n_targets, "pinball": len(loss.settings)}
    _require(
        loss.name in KERNELS
        and len(loss.settings) == n_settings.get(loss.name, 0)
        and network.n_outputs == n_outputs,
        "a loss of other outputs",
    )
    uncut = fitted["bptt_steps"] is None
    _require(not (uncut and any(s.order.segment for s in states)), "segments of whole sequences")


def _check_weights(network: Network, theta: Any) -> None:
    sizes = [network.n_steps, network.n_inputs, network.n_outputs, *network.hidden_sizes]
    dilations = network.layer_dilations
    right = (
        all(type(size) is int and 0 < size < 2**31 for size in [*sizes, *dilations])
        and len(dilations) == len(network.hidden_sizes)
        and not any(network.n_steps % dilation for dilation in dilations)
    )
    _require(
        right and _is_array(theta, (network.n_parameters,), np.float32, np.float64),
        "weights that do not fit their network",
    )

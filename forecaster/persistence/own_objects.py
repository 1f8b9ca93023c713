"""Codecs of the library's own classes, made from their fields and constructor parameters.

A new field or parameter travels by itself; a file that is older than it leaves it at its default.
A new estimator is found through the ``__all__`` of its package, a new optimiser or schedule in its
module; any other class that an estimator keeps needs its place in ``_RECORDS`` or ``_OBJECTS``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sklearn.base import BaseEstimator

from forecaster import estimators, forecasting
from forecaster.data.panel import Panel
from forecaster.data.series_set import SeriesSet
from forecaster.data.time_axis import TimeAxis
from forecaster.data.time_checks import LongColumns
from forecaster.estimators._scaling import Scaler
from forecaster.forecasting.group import Group
from forecaster.forecasting.intervals import Calibration
from forecaster.forecasting.model import Model
from forecaster.forecasting.preparation import Preparation
from forecaster.forecasting.recipe import Recipe, View
from forecaster.nn import schedules, solvers
from forecaster.nn.averaging import Average
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.order import Order
from forecaster.nn.state import State, Trained
from forecaster.persistence.checks import check
from forecaster.persistence.codec import Codec
from forecaster.persistence.container import FileError
from forecaster.persistence.versions import LIBRARY


def _is_a(kind: Any, family: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, family) and kind is not family


ESTIMATORS = [
    kind
    for package in (estimators, forecasting)
    for kind in (getattr(package, name) for name in package.__all__)
    if _is_a(kind, BaseEstimator)
]
_RECORDS = [
    *(Calibration, Group, Loss, Model, Network, Panel, Preparation, Recipe),
    *(Scaler, SeriesSet, State, TimeAxis, Trained, View),
]
_OBJECTS = [
    *(Average, Order),
    *(kind for kind in vars(solvers).values() if _is_a(kind, solvers.Solver)),
    *(kind for kind in vars(schedules).values() if _is_a(kind, schedules.Schedule)),
]


def _make(kind: type, arguments: dict[str, Any], known: Collection[str]) -> Any:
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        raise FileError(
            f"holds {kind.__name__}.{unknown[0]}, which forecaster {LIBRARY} does not know: load "
            "it with the version that saved it, or a later one"
        )
    return kind(**arguments)


def _record(kind: type) -> Codec:
    """A dataclass."""
    names = [field.name for field in fields(kind) if field.init]

    def put_together(**values: Any) -> Any:
        return check(_make(kind, values, names))

    return Codec(kind, lambda record: {name: getattr(record, name) for name in names}, put_together)


def _object(kind: type) -> Codec:
    """A plain object: all that it keeps."""

    def put_together(**state: Any) -> Any:
        made: Any = object.__new__(kind)
        vars(made).update(state)
        return check(made)

    return Codec(kind, vars, put_together)


def _estimator(kind: type) -> Codec:
    """An estimator: its constructor parameters, and what it keeps besides."""

    def take_apart(estimator: Any) -> dict[str, Any]:
        parameters = estimator.get_params(deep=False)
        fitted = {k: v for k, v in vars(estimator).items() if k not in parameters}
        routing = fitted.pop("_metadata_request", None)
        requests = {} if routing is None else routing._serialize()
        return {"parameters": parameters, "fitted": fitted, "requests": requests}

    def put_together(parameters: dict, fitted: dict, requests: dict) -> Any:
        estimator = _make(kind, parameters, kind._get_param_names())  # type: ignore[attr-defined]
        vars(estimator).update(fitted)
        if requests:
            routing = estimator.get_metadata_routing()
            for method, aliases in requests.items():
                for parameter, alias in aliases.items():
                    getattr(routing, method).add_request(param=parameter, alias=alias)
            estimator._metadata_request = routing
        return check(estimator)

    return Codec(kind, take_apart, put_together)


CODECS = [
    *map(_record, _RECORDS),
    *map(_object, _OBJECTS),
    *map(_estimator, ESTIMATORS),
    Codec(LongColumns, LongColumns._asdict, LongColumns),
]

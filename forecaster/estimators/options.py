"""The parameters that all trained estimators share: their rules, and the plan they make."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from forecaster import _validation as v
from forecaster.kernels.activations import ACTIVATIONS
from forecaster.nn.losses import Loss
from forecaster.nn.solvers import SCHEDULES, SGD, Adam, Solver
from forecaster.nn.training import Plan

SHARED_RULES: dict[str, v.Rule] = {
    "hidden_layer_sizes": v.sizes(),
    "activation": v.choice(*ACTIVATIONS),
    "loss": v.choice("squared_error", "absolute_error"),
    "learn_initial_state": v.boolean(),
    "solver": v.choice("adam", "sgd"),
    "alpha": v.real(0),
    "learning_rate": v.choice(*SCHEDULES),
    "learning_rate_init": v.real(0),
    "verbose": v.either(v.boolean(), v.integer(0)),
    "momentum": v.real(0, 1),
    "nesterovs_momentum": v.boolean(),
    "beta_1": v.real(0, 1),
    "beta_2": v.real(0, 1),
    "epsilon": v.real(0, open_low=True),
    "max_grad_norm": v.either(v.real(0, open_low=True), v.none()),
    "dtype": (
        "'float32' or 'float64'",
        lambda d: d in ("float32", "float64", np.float32, np.float64),
    ),
    "n_jobs": v.either(
        v.none(),
        ("a non-zero integer", lambda n: v.integer(-(10**6))[1](n) and n != 0),
    ),
}
_SOLVER_PARAMETERS = {
    "adam": ("beta_1", "beta_2", "epsilon"),
    "sgd": ("momentum", "nesterovs_momentum"),
}


def hidden_sizes(estimator: Any) -> tuple[int, ...]:
    """``hidden_layer_sizes`` as a tuple."""
    return tuple(int(size) for size in np.atleast_1d(estimator.hidden_layer_sizes))


def settled_by_first_fit(estimator: Any) -> dict[str, Any]:
    """The parameters that training cannot go on with once they are changed."""
    names = (
        "activation",
        "readout",
        "skip",
        "learn_initial_state",
        "scale_inputs",
        "scale_targets",
    )
    return {
        "hidden_layer_sizes": hidden_sizes(estimator),
        **{name: getattr(estimator, name) for name in names},
        "dtype": np.dtype(estimator.dtype),
    }


def settled_by_solver(estimator: Any) -> dict[str, Any]:
    """The parameters that an optimiser keeps as long as it keeps its state."""
    names = ("solver", *_SOLVER_PARAMETERS[estimator.solver])
    return {name: getattr(estimator, name) for name in names}


def check_unchanged(settled: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise a ValueError for the first parameter that is asked to be another than settled."""
    for name, old in settled.items():
        if asked[name] != old:
            raise ValueError(
                f"Training goes on with {name}={old!r}, as in the first fit, got "
                f"{asked[name]!r}: clone the estimator to start afresh."
            )


def make_plan(estimator: Any, **others: Any) -> Plan:
    """The plan that an estimator's parameters describe; ``others`` are those not shared."""
    make_solver: Callable[..., Solver]
    if estimator.solver == "adam":
        make_solver = partial(
            Adam, beta_1=estimator.beta_1, beta_2=estimator.beta_2, epsilon=estimator.epsilon
        )
    else:
        make_solver = partial(
            SGD, momentum=estimator.momentum, nesterov=estimator.nesterovs_momentum
        )
    return Plan(
        make_solver=make_solver,
        loss=Loss(estimator.loss),
        learning_rate=estimator.learning_rate_init,
        schedule=estimator.learning_rate,
        max_grad_norm=estimator.max_grad_norm,
        **others,
    )


def warn_of_outcome(estimator: Any, statuses: Collection[str]) -> None:
    """Say so when a training did not end by itself; to be called from within ``fit``."""
    name = type(estimator).__name__
    if "diverged" in statuses:
        warnings.warn(
            f"{name}: the loss became infinite or NaN; the best weights before that are kept. Try "
            "a smaller learning_rate_init or max_grad_norm.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if "interrupted" in statuses:
        warnings.warn(
            f"{name}: training was interrupted; the best weights so far are kept.", stacklevel=4
        )

"""The parameters that all trained estimators share: their rules, and what they describe."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from forecaster import _validation as v
from forecaster.kernels.activations import ACTIVATIONS
from forecaster.nn.cell import CELLS
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.schedules import SCHEDULES, OneCycle, Plateau, Schedule, Step
from forecaster.nn.solvers import SOLVERS
from forecaster.nn.training import Plan

SHARED_RULES: dict[str, v.Rule] = {
    "hidden_layer_sizes": v.sizes(),
    "activation": v.choice(*ACTIVATIONS),
    "learn_initial_state": v.boolean(),
    "residual": v.boolean(),
    "dilations": v.either(v.sizes(), v.none()),
    "dropout": v.real(0, 1),
    "layer_norm": v.boolean(),
    "solver": v.choice(*SOLVERS),
    "alpha": v.real(0),
    "learning_rate": v.choice(*SCHEDULES),
    "learning_rate_init": v.real(0),
    "ema_decay": v.either(v.real(0, 1), v.none()),
    "max_seconds": v.either(v.real(0, open_low=True), v.none()),
    "callbacks": (
        "None or a sequence of objects with a method on_epoch_end",
        lambda c: (
            c is None
            or (isinstance(c, list | tuple) and all(hasattr(one, "on_epoch_end") for one in c))
        ),
    ),
    "verbose": v.either(v.boolean(), v.integer(0)),
    "momentum": v.either(v.real(0, 1), v.choice("auto")),
    "nesterovs_momentum": v.boolean(),
    "beta_1": v.real(0, 1),
    "beta_2": v.either(v.real(0, 1), v.choice("auto")),
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
# Parameters of the estimator that each solver takes, and what the solver calls them
_SOLVER_PARAMETERS = {
    "adam": {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"},
    "adamw": {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"},
    "rmsprop": {"beta_2": "rho", "momentum": "momentum", "epsilon": "epsilon"},
    "sgd": {"momentum": "momentum", "nesterovs_momentum": "nesterov"},
    "lbfgs": {},
}
# What "auto" stands for. For "rmsprop", whose running mean starts at zero, PyTorch's defaults: with
# those of the others its first steps would be three hundred times as long as the rate says.
_AUTO = {"momentum": 0.9, "beta_2": 0.999}
_AUTO_OF_RMSPROP = {"momentum": 0.0, "beta_2": 0.99}
_SETTLED = (
    "activation",
    "readout",
    "skip",
    "learn_initial_state",
    "residual",
    "dilations",
    "dropout",
    "layer_norm",
    "bptt_steps",
    "n_estimators",
)
_SETTING_OF_LOSS = {"huber_delta": "huber", "quantiles": "pinball"}


def hidden_sizes(estimator: Any) -> tuple[int, ...]:
    """``hidden_layer_sizes`` as a tuple."""
    return tuple(int(size) for size in np.atleast_1d(estimator.hidden_layer_sizes))


def layer_dilations(estimator: Any) -> tuple[int, ...]:
    """``dilations`` as a tuple, empty for none."""
    given = () if estimator.dilations is None else np.atleast_1d(estimator.dilations)
    return tuple(int(dilation) for dilation in given)


def chosen_readout(estimator: Any, cell: str, one_length: bool) -> str:
    """``readout``, for "auto" that which trains well: see the docstrings of the estimators."""
    if estimator.readout != "auto":
        return estimator.readout
    return "all" if CELLS[cell].feeds_back and one_length else "last"


def make_network(
    estimator: Any,
    cell: str,
    n_steps: int,
    n_inputs: int,
    n_outputs: int,
    sizes: tuple[int, ...],
    readout: str,
) -> Network:
    """The network that an estimator's parameters describe; parameters without effect are errors."""
    name = type(estimator).__name__
    dilations = layer_dilations(estimator)
    network = Network(
        n_steps,
        n_inputs,
        sizes,
        n_outputs,
        cell=cell,
        activation=estimator.activation,
        readout=readout,
        skip=estimator.skip,
        learn_initial_state=estimator.learn_initial_state,
        residual=estimator.residual,
        dilations=dilations,
        dropout=float(estimator.dropout),
        layer_norm=estimator.layer_norm,
    )
    if estimator.activation not in CELLS[cell].activations:
        raise ValueError(
            f"{name} has activations of its own: leave activation at 'tanh', got "
            f"{estimator.activation!r}."
        )
    if dilations and len(dilations) != len(sizes):
        raise ValueError(
            f"{name} expects a dilation for each layer, {len(sizes)} in all, got {dilations}."
        )
    if any(n_steps % dilation for dilation in dilations):
        raise ValueError(
            f"{name} expects dilations that divide the {n_steps} steps, got {dilations}: change "
            "them or the length of the windows."
        )
    if estimator.dropout and len(sizes) == 1:
        raise ValueError(
            f"{name}: dropout acts between layers, so with one layer it must be 0: give "
            "hidden_layer_sizes of two layers or more."
        )
    if estimator.residual and not any(
        D == H for D, H in zip(network.layer_inputs, sizes, strict=True)
    ):
        raise ValueError(
            f"{name}: residual connections need a layer with as many units as inputs, got "
            f"{n_inputs} inputs and hidden_layer_sizes={sizes}."
        )
    if network.distorts_feedback:
        raise ValueError(
            f"{name} feeds the output of its last layer back, so that this layer cannot have "
            "layer_norm, a dilation or a residual connection: switch them off."
        )
    return network


def settled_by_first_fit(estimator: Any, scaling: Collection[str]) -> dict[str, Any]:
    """The parameters that training cannot go on with once they are changed."""
    losses = (None, getattr(estimator, "loss", None))
    used = [name for name in scaling if _SETTING_OF_LOSS.get(name) in losses]
    return {
        "hidden_layer_sizes": hidden_sizes(estimator),
        **{name: _comparable(getattr(estimator, name)) for name in (*_SETTLED, *used)},
        "dtype": np.dtype(estimator.dtype),
    }


def _comparable(value: Any) -> Any:
    return tuple(np.atleast_1d(value).tolist()) if isinstance(value, list | np.ndarray) else value


def settled_by_solver(estimator: Any) -> dict[str, Any]:
    """The parameters that an optimiser keeps as long as it keeps its state."""
    names = ["ema_decay", "learning_rate"]
    if estimator.solver == "adamw":  # whose decay is a part of it; others take alpha as it comes
        names.append("alpha")
    others = {name: getattr(estimator, name) for name in names}
    return {"solver": estimator.solver, **_solver_settings(estimator), **others}


def _solver_settings(estimator: Any) -> dict[str, Any]:
    """The estimator's parameters that its solver takes, with what suits it for "auto"."""
    auto = _AUTO_OF_RMSPROP if estimator.solver == "rmsprop" else _AUTO
    asked = {name: getattr(estimator, name) for name in _SOLVER_PARAMETERS[estimator.solver]}
    return {name: auto[name] if value == "auto" else value for name, value in asked.items()}


def check_unchanged(settled: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise a ValueError for the first parameter that is asked to be another than settled."""
    for name, old in settled.items():
        if asked.get(name) != old:
            raise ValueError(
                f"Training goes on with {name}={old!r}, as in the first fit, got "
                f"{asked.get(name)!r}: clone the estimator to start afresh."
            )


def make_plan(estimator: Any, loss: Loss, **others: Any) -> Plan:
    """The plan that an estimator's parameters describe; ``others`` are those not shared."""
    names = _SOLVER_PARAMETERS[estimator.solver]
    options = {names[own]: value for own, value in _solver_settings(estimator).items()}
    make_solver = partial(SOLVERS[estimator.solver], **options)
    decoupled = estimator.solver == "adamw"
    return Plan(
        make_solver=make_solver,
        loss=loss,
        l2=0.0 if decoupled else estimator.alpha,
        weight_decay=estimator.alpha if decoupled else 0.0,
        learning_rate=estimator.learning_rate_init,
        ema_decay=estimator.ema_decay,
        max_seconds=estimator.max_seconds,
        max_grad_norm=estimator.max_grad_norm,
        **others,
    )


def check_full_batch(estimator: Any) -> None:
    """Raise a ValueError for what makes no sense where every step looks at all rows."""
    if estimator.dropout or estimator.ema_decay is not None:
        raise ValueError(
            f'{type(estimator).__name__}: solver="lbfgs" minimises one loss over all rows, so that '
            "dropout must be 0 and ema_decay None: change them or the solver."
        )


def make_schedule(
    estimator: Any, max_iter: int, n_iter_no_change: int, tol: float
) -> Callable[[], Schedule]:
    """The schedule ``learning_rate``, its times measured by those of the training.

    "step" halves the rate three times in ``max_iter``; "plateau" does so when half of
    ``n_iter_no_change`` has passed in vain.
    """
    if estimator.learning_rate == "step":
        return partial(Step, decay=0.5, every=max(1, max_iter // 4))
    if estimator.learning_rate == "plateau":
        return partial(Plateau, decay=0.5, patience=max(1, n_iter_no_change // 2), tol=tol)
    if estimator.learning_rate == "one_cycle":
        return OneCycle
    return SCHEDULES[estimator.learning_rate]


def goes_to_the_end(estimator: Any) -> bool:
    """Whether the schedule pays off at its end only, so that training must not stop before."""
    return estimator.solver != "lbfgs" and estimator.learning_rate in ("one_cycle", "cosine")


def warn_of_outcome(estimator: Any, statuses: Collection[str]) -> None:
    """Say so when a training did not end by itself; to be called from within ``fit``."""
    name = type(estimator).__name__
    if "diverged" in statuses:
        of_steps = "a smaller learning_rate_init or max_grad_norm"
        remedy = of_steps if estimator.solver != "lbfgs" else "another solver or a larger alpha"
        warnings.warn(
            f"{name}: the loss became infinite or NaN; the best weights before that are kept. Try "
            f"{remedy}.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if "interrupted" in statuses:
        warnings.warn(
            f"{name}: training was interrupted; the best weights so far are kept.", stacklevel=4
        )

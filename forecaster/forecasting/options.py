"""The parameters of recurrent forecasters: their rules, and what they mean for training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from forecaster import _validation as v
from forecaster.estimators.options import SHARED_RULES, make_plan, make_schedule
from forecaster.forecasting.measures import MEASURES
from forecaster.forecasting.recipe import Recipe
from forecaster.kernels.readout import READOUTS
from forecaster.nn.losses import Loss
from forecaster.nn.training import Plan

_AUTO = v.choice("auto")


def _are_windows(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    is_sequence = isinstance(value, list | tuple) and len(value) > 0
    return is_sequence and all(map(v.integer(2)[1], value))


RULES = {
    **SHARED_RULES,
    "loss": v.choice("absolute_error", "squared_error", "huber", "pinball", *MEASURES),
    "huber_delta": v.real(0, open_low=True),
    "quantile": v.real(0, 1, open_low=True),
    "solver": v.choice("adam", "adamw", "rmsprop", "sgd"),
    "horizon": v.integer(1),
    "season_length": v.integer(1),
    "window": v.either(v.integer(2), ("a sequence of them", _are_windows), _AUTO),
    "patch_size": v.either(v.integer(1), _AUTO),
    "strategy": v.choice("direct", "recursive"),
    "transform": v.choice("auto", "log", "none"),
    "deseasonalize": v.either(v.boolean(), _AUTO),
    "seasonality_test": v.boolean(),
    "longer_seasons": v.boolean(),
    "blend": v.either(v.real(0, 1, closed_high=True), _AUTO),
    "n_estimators": v.integer(1),
    "calibrate": v.boolean(),
    "hidden_layer_sizes": v.either(v.sizes(), _AUTO),
    "readout": v.choice(*READOUTS),
    "skip": v.boolean(),
    "weight_decay": v.either(v.real(0), _AUTO),
    "batch_size": v.either(v.integer(1), _AUTO),
    "sampling": v.choice("windows", "series"),
    "max_steps": v.either(v.integer(1), _AUTO),
}

_STEPS_PER_ITER = 50  # optimiser steps between two looks at the loss


def check_settings(forecaster: Any) -> None:
    """Raise a ValueError for a setting of something that is not asked for."""
    if forecaster.seasonality_test and not forecaster.deseasonalize:
        raise ValueError(
            f"{type(forecaster).__name__} tests for seasons that it removes, got "
            "seasonality_test=True with deseasonalize=False: leave one of them out."
        )
    for name, loss, default in (("quantile", "pinball", 0.5), ("huber_delta", "huber", 1.0)):
        value = getattr(forecaster, name)
        if value != default and forecaster.loss != loss:
            raise ValueError(
                f'{type(forecaster).__name__} uses {name} with loss="{loss}" only, got '
                f"{name}={value!r} with loss={forecaster.loss!r}: set that loss, or leave {name} "
                f"at {default}."
            )


def off_centre(forecaster: Any) -> bool:
    """Whether forecasts are a quantile other than the median."""
    return forecaster.loss == "pinball" and forecaster.quantile != 0.5


def asked_blend(forecaster: Any) -> float | str:
    """``blend``; trend and last season, which aim at the middle, have no part in a quantile."""
    return 0.0 if off_centre(forecaster) and forecaster.blend == "auto" else forecaster.blend


def make_loss(forecaster: Any) -> Loss:
    """Loss of the scaled values; measures are absolute errors that are weighted."""
    settings = {
        "huber": (float(forecaster.huber_delta),),
        "pinball": (float(forecaster.quantile),),
    }
    name = "absolute_error" if forecaster.loss in MEASURES else forecaster.loss
    return Loss(name, settings.get(name, ()))


def make_training_plans(forecaster: Any, recipe: Recipe, n_models: int) -> list[Plan]:
    """How the networks of each view are trained; models have equal shares of the time."""
    return [
        _make_training_plan(forecaster, recipe, recipe.steps_of(view), n_models)
        for view in recipe.views
    ]


def _make_training_plan(forecaster: Any, recipe: Recipe, max_steps: int, n_models: int) -> Plan:
    max_iter = -(-max_steps // _STEPS_PER_ITER)
    quarters = 4 * -(-max_iter // 4)  # so that short trainings are not cut into more parts
    plan = make_plan(
        forecaster,
        make_loss(forecaster),
        schedule=make_schedule(forecaster, quarters, quarters // 4, 0.0),
        schedule_steps=max_steps,
        batch_size=recipe.batch_size,
        max_iter=max_iter,
        steps_per_iter=_STEPS_PER_ITER,
        max_steps=max_steps,
        drop_last=True,
        readout_decay=recipe.weight_decay,
        n_iter_no_change=0,
    )
    if forecaster.max_seconds is not None:
        plan = replace(plan, max_seconds=forecaster.max_seconds / n_models)
    return plan

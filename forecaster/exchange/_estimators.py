"""Estimators taken apart for other runtimes, and put together from weights made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from forecaster import estimators
from forecaster.estimators._scaling import Scaler
from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.options import settled_by_first_fit
from forecaster.estimators.recurrent import RecurrentEstimator
from forecaster.estimators.regressor import RecurrentRegressor
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network

CROSS_ENTROPY = "cross_entropy"
_SQUARED_ERROR = Loss()


@dataclass(frozen=True)
class Model:
    """All that predictions are computed from.

    Parameters
    ----------
    network : Network
        Architecture.
    thetas : list of array (n_parameters,)
        The flat vector of all weights, of each member of an ensemble.
    inputs, targets : Scaler
        What windows are standardised by, and the targets' units.
    loss : Loss
        What the outputs stand for.
    aggregate : {"mean", "median"}
        How the members are put together.
    flat : bool
        Whether the only target comes without an axis of its own.
    classes : array (n_classes,) or None
        Labels of the outputs of a classifier.
    """

    network: Network
    thetas: list[np.ndarray]
    inputs: Scaler
    targets: Scaler
    loss: Loss = _SQUARED_ERROR
    aggregate: str = "mean"
    flat: bool = False
    classes: np.ndarray | None = None


def take_apart(estimator: Any, goal: str) -> Model:
    """The model within a fitted estimator; ``goal`` names the function that wants it.

    Raises
    ------
    TypeError
        If this is no estimator on windows.
    NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, RecurrentEstimator):
        raise TypeError(
            f"{goal} takes a regressor or classifier on windows, such as ElmanRegressor, got "
            f"{type(estimator).__name__}: what forecasters do besides has no counterpart there."
        )
    check_is_fitted(estimator, "thetas_")
    classifies = isinstance(estimator, RecurrentClassifier)
    n_axes = 2 if estimator.network_.readout == "each" else 1
    return Model(
        estimator.network_,
        estimator.thetas_,
        estimator._input_scaler,
        estimator._target_scaler,
        estimator._loss,
        estimator.aggregate,
        not classifies and estimator._y_ndim == n_axes,
        estimator.classes_ if classifies else None,
    )


def put_together(model: Model) -> RecurrentEstimator:
    """An estimator of the model's cell and kind, as if it had been fitted to these weights."""
    network, dtype = model.network, model.thetas[0].dtype
    base = RecurrentRegressor if model.classes is None else RecurrentClassifier
    kinds = (getattr(estimators, name) for name in estimators.__all__)
    kind = next(k for k in kinds if issubclass(k, base) and k._cell == network.cell)
    parameters = {field.name: getattr(network, field.name) for field in fields(network)}
    parameters |= {
        "hidden_layer_sizes": network.hidden_sizes,
        "dilations": network.dilations or None,
        "loss": model.loss.name,
        "huber_delta": (*model.loss.settings, 1.0)[0],
        "scale_inputs": _scales(model.inputs),
        "scale_targets": _scales(model.targets),
        "dtype": dtype.name,
    }
    known = parameters.keys() & kind().get_params().keys()
    estimator = kind(**{name: parameters[name] for name in known})
    fitted = {
        "network_": network,
        "thetas_": model.thetas,
        "n_features_in_": network.n_steps,
        "n_outputs_": model.loss.n_targets(network.n_outputs),
        "loss_": np.inf,
        "best_loss_": np.inf,
        "loss_curve_": [],
        "gradient_norm_curve_": [],
        "validation_scores_": None,
        "n_iter_": 0,
        "_dtype": dtype,
        "_loss": model.loss,
        "_input_scaler": model.inputs,
        "_target_scaler": model.targets,
        "_settled": settled_by_first_fit(estimator, estimator._scaling),
    }
    if model.classes is None:
        fitted["_y_ndim"] = 1 + (network.readout == "each") + (not model.flat)
    else:
        fitted["classes_"] = model.classes
    for name, value in fitted.items():
        setattr(estimator, name, value)
    return estimator


def _scales(scaler: Scaler) -> bool:
    return bool(scaler.center.any() or (scaler.scale != 1).any())

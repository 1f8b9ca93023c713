"""Regression on windows with any recurrent cell: everything but the cell's name."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from tqdm import tqdm

from forecaster import _validation as v
from forecaster._threads import resolve_n_jobs
from forecaster.estimators._fitted import FittedNetwork
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._windows import read_training_rows
from forecaster.estimators.options import (
    SHARED_RULES,
    check_unchanged,
    hidden_sizes,
    make_plan,
    settled_by_first_fit,
    settled_by_solver,
    warn_of_outcome,
)
from forecaster.kernels.readout import READOUTS
from forecaster.nn.engine import Engine
from forecaster.nn.ensemble import train_ensemble
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from forecaster.nn.training import Plan, Trained, train

_RULES = {
    **SHARED_RULES,
    "readout": v.choice(*READOUTS),
    "skip": v.boolean(),
    "batch_size": v.either(v.integer(1), v.choice("auto")),
    "max_iter": v.integer(1),
    "shuffle": v.boolean(),
    "tol": v.real(0),
    "warm_start": v.boolean(),
    "early_stopping": v.boolean(),
    "validation_fraction": v.real(0, 1, open_low=True),
    "n_iter_no_change": v.integer(1),
    "n_init": v.integer(1),
    "scale_inputs": v.boolean(),
    "scale_targets": v.boolean(),
}


class RecurrentRegressor(
    FittedNetwork, ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressorMixin, BaseEstimator
):
    """Abstract: a subclass names its cell in ``_cell`` and documents the parameters."""

    _cell: str

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (32,),
        activation: str = "tanh",
        *,
        loss: str = "squared_error",
        readout: str = "last",
        skip: bool = False,
        learn_initial_state: bool = False,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 5e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_grad_norm: float | None = 1.0,
        n_init: int = 1,
        scale_inputs: bool = True,
        scale_targets: bool = True,
        dtype: str = "float32",
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.readout = readout
        self.skip = skip
        self.learn_initial_state = learn_initial_state
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_grad_norm = max_grad_norm
        self.n_init = n_init
        self.scale_inputs = scale_inputs
        self.scale_targets = scale_targets
        self.dtype = dtype
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows, in order of time when ``early_stopping`` is used. A 2-D array is a window of
            one variable: its columns are time steps, the oldest first.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. With ``readout="each"``: (n_samples, n_steps) or
            (n_samples, n_steps, n_outputs).
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window; zero leaves it out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For parameters out of range, and for data that are empty, not numeric, not finite, of
            a wrong shape, or too few for the validation part.
        """
        v.check_parameters(self, _RULES)
        continued = self.warm_start and hasattr(self, "theta_")
        for progress in ("_rng", "_solver"):  # of an earlier partial_fit
            self.__dict__.pop(progress, None)
        X, Z, weights = self._read_training_data(X, y, sample_weight, reset=not continued)
        rng = v.make_generator(self.random_state)
        n_validation = self._n_validation_rows(len(X))
        tail = slice(len(X) - n_validation, None)
        head = slice(0, len(X) - n_validation)
        if not continued:
            self._prepare(X[head], Z[head], weights[head])
        source, validation = (self._source(X[s], Z[s], weights[s]) for s in (head, tail))
        plan = self._plan(self.max_iter, len(X) - n_validation)
        n_nets = 1 if continued else self.n_init
        per_iter = -(-source.n_rows // plan.batch_size)
        with tqdm(
            total=n_nets * plan.max_iter * per_iter,
            disable=not self.verbose,
            desc=type(self).__name__,
            unit="step",
        ) as bar:
            results = train_ensemble(
                self.network_,
                source,
                plan,
                rng.spawn(n_nets),
                dtype=self._dtype,
                theta=self.theta_ if continued else None,
                validation=validation if n_validation else None,
                n_threads=resolve_n_jobs(self.n_jobs),
                progress=bar.update,
            )
        best = min(results, key=lambda result: _kept_loss(result, n_validation > 0))
        self._keep(best, n_validation > 0)
        if best.status == "finished" and self.n_iter_ > 1 and self.learning_rate == "constant":
            warnings.warn(
                f"{type(self).__name__}: max_iter={self.max_iter} was reached before the loss "
                f"stopped improving by tol={self.tol}. More iterations may give a better fit.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one pass over the given windows, from the weights reached so far.

        The first call sets architecture, precision, scaling and optimiser, whose state carries over
        from call to call; a ValueError says so if their parameters are changed later. Parameters
        as for `fit`.
        """
        v.check_parameters(self, _RULES)
        first = not hasattr(self, "theta_")
        X, Z, weights = self._read_training_data(X, y, sample_weight, reset=first)
        if first:
            self._prepare(X, Z, weights)
        if not hasattr(self, "_rng"):
            self._rng = v.make_generator(self.random_state)
        if first:
            self.theta_ = self.network_.initial(self._rng, self._dtype)
        plan = self._plan(1, len(X))
        if not hasattr(self, "_solver"):
            n_parameters = self.network_.n_parameters
            self._solver = plan.make_solver(n_parameters, self._dtype, np.zeros(n_parameters))
            self._settled_by_solver = settled_by_solver(self)
        check_unchanged(self._settled_by_solver, settled_by_solver(self))
        history, best = ([], np.inf) if first else (self.loss_curve_, self.best_loss_)
        result = train(
            self.network_,
            self.theta_,
            self._source(X, Z, weights),
            plan,
            self._rng,
            solver=self._solver,
            n_threads=resolve_n_jobs(self.n_jobs),
        )
        result.loss_curve[:0] = history
        result.best_loss = min(best, result.best_loss)
        self._keep(result, validated=False)
        return self

    def _read_training_data(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs (N, T, D), targets (N, steps, O) and weights (N,), all float64."""
        if not reset:
            check_unchanged(self._settled, settled_by_first_fit(self))
        X, y, weights = read_training_rows(
            self, X, y, sample_weight, each=self.readout == "each", reset=reset
        )
        Z = y.reshape(len(y), X.shape[1] if self.readout == "each" else 1, -1)
        if reset:
            self._y_ndim = y.ndim
            self.n_outputs_ = Z.shape[2]
        elif (X.shape[2], Z.shape[2]) != (self.network_.n_inputs, self.n_outputs_):
            raise ValueError(
                f"Training goes on with {self.network_.n_inputs} inputs a step and "
                f"{self.n_outputs_} outputs, got {X.shape[2]} and {Z.shape[2]}: clone the "
                "estimator to start afresh."
            )
        return X, Z, weights

    def _n_validation_rows(self, n_rows: int) -> int:
        if not self.early_stopping:
            return 0
        n_validation = max(1, round(self.validation_fraction * n_rows))
        if n_validation >= n_rows:
            raise ValueError(
                f"early_stopping holds out {n_validation} of {n_rows} samples, which leaves none "
                "to train on: give more samples or a smaller validation_fraction."
            )
        return n_validation

    def _prepare(self, X: np.ndarray, Z: np.ndarray, weights: np.ndarray) -> None:
        """Scaling and architecture, from the training rows alone."""
        n_steps, n_inputs = X.shape[1:]
        self._settled = settled_by_first_fit(self)
        self._dtype = np.dtype(self.dtype)
        self._input_scaler = (
            Scaler.fit(X, weights) if self.scale_inputs else Scaler.identity(n_inputs)
        )
        self._target_scaler = (
            Scaler.fit(Z, weights) if self.scale_targets else Scaler.identity(Z.shape[2])
        )
        self.network_ = Network(
            n_steps,
            n_inputs,
            hidden_sizes(self),
            Z.shape[2],
            cell=self._cell,
            activation=self.activation,
            readout=self.readout,
            skip=self.skip,
            learn_initial_state=self.learn_initial_state,
        )

    def _source(self, X: np.ndarray, Z: np.ndarray, weights: np.ndarray) -> ArraySource:
        of_targets = np.broadcast_to(weights[:, None, None], Z.shape)
        return ArraySource(
            self._input_scaler.transform(X, self._dtype),
            self._target_scaler.transform(Z, self._dtype),
            np.ascontiguousarray(of_targets, self._dtype),
        )

    def _plan(self, max_iter: int, n_rows: int) -> Plan:
        return make_plan(
            self,
            max_iter=max_iter,
            batch_size=min(64 if self.batch_size == "auto" else self.batch_size, n_rows),
            shuffle=self.shuffle,
            l2=self.alpha,
            tol=self.tol,
            # a cycle pays off at its end only
            n_iter_no_change=0 if self.learning_rate == "one_cycle" else self.n_iter_no_change,
        )

    def _keep(self, result: Trained, validated: bool) -> None:
        self.theta_ = result.theta
        self.loss_curve_ = result.loss_curve
        self.loss_ = result.loss_curve[-1] if result.loss_curve else np.inf
        self.best_loss_ = result.best_loss
        self.n_iter_ = len(result.loss_curve)
        self.validation_scores_ = [-loss for loss in result.validation_curve] if validated else None
        warn_of_outcome(self, {result.status})

    def predict(self, X: Any) -> np.ndarray:
        """Predict the targets of windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on.

        Returns
        -------
        y : ndarray
            Predictions on the targets' scale, with the shape that ``y`` had in `fit`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For data that do not match those of `fit`.
        """
        outputs, _ = self._compute(X, Engine.outputs)
        y = self._target_scaler.inverse(outputs)
        if self.network_.readout != "each":
            y = y[:, 0]
        return y[..., 0] if y.ndim > self._y_ndim else y

    def transform(self, X: Any) -> np.ndarray:
        """Last hidden state of each window: features learned from sequences.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows.

        Returns
        -------
        states : ndarray of shape (n_samples, n_hidden)
            State of the last layer after the last step.
        """
        states, dtype = self._compute(X, Engine.states)
        return states[:, -1].astype(dtype)

    @property
    def _n_features_out(self) -> int:
        return self.network_.hidden_sizes[-1]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination R^2, averaged over outputs and output steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows.
        y : array-like
            Targets, of the shape that `fit` takes.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window.

        Returns
        -------
        float
            1 for perfect predictions, 0 for those of the mean.
        """
        predicted = self.predict(X)
        by_output = (len(predicted), -1)
        return r2_score(
            np.reshape(y, by_output), predicted.reshape(by_output), sample_weight=sample_weight
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        return tags


def _kept_loss(result: Trained, validated: bool) -> float:
    """Loss of the weights that a training has kept."""
    last_counts = not validated and result.status in {"finished", "converged"}
    return result.loss_curve[-1] if last_counts else result.best_loss

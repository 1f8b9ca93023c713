"""Regression on windows with any recurrent cell: everything but the cell's name."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from forecaster import _validation as v
from forecaster.estimators._distributions import distribution, quantiles_of
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._windows import TrainingRows, Windows, is_ragged, read_numeric_targets
from forecaster.estimators.recurrent import RULES, RecurrentEstimator
from forecaster.nn.losses import DISTRIBUTIONS, Loss

LOSSES = ("squared_error", "absolute_error", "huber", "pinball", *DISTRIBUTIONS)


class RecurrentRegressor(RegressorMixin, RecurrentEstimator):
    """Abstract: a subclass names its cell in ``_cell`` and documents the parameters."""

    _rules = {
        **RULES,
        "loss": v.choice(*LOSSES),
        "huber_delta": v.real(0, open_low=True),
        "quantiles": v.levels(),
        "scale_targets": v.boolean(),
    }
    _scaling = ("scale_inputs", "scale_targets", "loss", "huber_delta", "quantiles")

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (32,),
        activation: str = "tanh",
        *,
        loss: str = "squared_error",
        huber_delta: float = 1.0,
        quantiles: tuple[float, ...] = (0.1, 0.5, 0.9),
        readout: str = "last",
        skip: bool = False,
        learn_initial_state: bool = False,
        residual: bool = False,
        dilations: int | tuple[int, ...] | None = None,
        dropout: float = 0.0,
        layer_norm: bool = False,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        bptt_steps: int | None = None,
        learning_rate: str = "constant",
        learning_rate_init: float = 5e-3,
        max_iter: int = 200,
        max_seconds: float | None = None,
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
        ema_decay: float | None = None,
        callbacks: Any = None,
        n_init: int = 1,
        n_estimators: int = 1,
        aggregate: str = "mean",
        scale_inputs: bool = True,
        scale_targets: bool = True,
        dtype: str = "float32",
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.huber_delta = huber_delta
        self.quantiles = quantiles
        self.readout = readout
        self.skip = skip
        self.learn_initial_state = learn_initial_state
        self.residual = residual
        self.dilations = dilations
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.bptt_steps = bptt_steps
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.max_seconds = max_seconds
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
        self.ema_decay = ema_decay
        self.callbacks = callbacks
        self.n_init = n_init
        self.n_estimators = n_estimators
        self.aggregate = aggregate
        self.scale_inputs = scale_inputs
        self.scale_targets = scale_targets
        self.dtype = dtype
        self.n_jobs = n_jobs

    def _read_targets(self, y: Any, windows: Windows, reset: bool) -> np.ndarray:
        each = self.readout == "each"
        Z, y_ndim = read_numeric_targets(self, y, windows, each)
        if reset:
            self._y_ndim = y_ndim
        if self.loss == "negative_binomial":
            known = Z[~np.isnan(Z)]
            if (known < 0).any() or (known != np.round(known)).any():
                raise ValueError(
                    'loss="negative_binomial" needs counts, which are integers >= 0, got '
                    f"{known[(known < 0) | (known != np.round(known))][0]:g}: choose another loss."
                )
        return Z

    def _make_loss(self, rows: TrainingRows) -> tuple[Loss, int]:
        settings: tuple[float, ...] = ()
        if self.loss == "huber":
            settings = (float(self.huber_delta),)
        elif self.loss == "pinball":
            settings = tuple(map(float, np.atleast_1d(self.quantiles)))
        elif self.loss == "negative_binomial":
            means = np.average(rows.Z, axis=(0, 1), weights=rows.W)
            settings = tuple(float(mean) for mean in np.where(means > 0, means, 1.0))
        loss = Loss(self.loss, settings)
        return loss, loss.outputs_per_target * rows.Z.shape[2]

    def _fit_target_scaler(self, rows: TrainingRows) -> Scaler:
        if self.scale_targets and self.loss != "negative_binomial":
            return Scaler.fit(rows.Z, rows.W)
        return Scaler.identity(rows.Z.shape[2])

    def _parameters(self, X: Any) -> np.ndarray:
        """What the outputs stand for on the targets' scale, (P, *shape of predictions)."""
        linked, windows = self._linked(X)
        scaler = self._target_scaler
        parameters = np.moveaxis(linked, 2, 0)
        n_places = len(parameters) if self.loss not in DISTRIBUTIONS else 1
        parameters[:n_places] = scaler.inverse(parameters[:n_places])
        if self.loss in ("gaussian", "student_t"):
            parameters[1] *= scaler.scale
        if self.network_.readout != "each":
            parameters = parameters[:, :, 0]
        else:
            parameters[:, ~windows.observed] = np.nan
        return parameters[..., 0] if parameters.ndim - 1 > self._y_ndim else parameters

    def predict(self, X: Any) -> np.ndarray:
        """Predict the targets of windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or a list of sequences.

        Returns
        -------
        y : ndarray
            Predictions on the targets' scale, with the shape that ``y`` had in `fit`; NaN behind
            the ends of samples that are shorter than others. With ``loss="pinball"`` the median,
            or if it is not among ``quantiles`` the middle one of these; with a distribution its
            mean.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For data that do not match those of `fit`.
        """
        parameters = self._parameters(X)
        if self.loss != "pinball":
            return parameters[0]
        levels = list(self._loss.settings)
        return parameters[levels.index(0.5) if 0.5 in levels else len(levels) // 2]

    def predict_quantiles(self, X: Any) -> np.ndarray:
        """Predict the quantiles ``quantiles`` of the targets.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        quantiles : ndarray
            As from `predict`, with the levels along a new last axis; they never cross.

        Raises
        ------
        ValueError
            If ``loss`` is neither "pinball" nor a distribution's.
        """
        if self.loss == "pinball":
            return np.moveaxis(self._parameters(X), 0, -1)
        return quantiles_of(self.predict_dist(X), np.atleast_1d(self.quantiles))

    def predict_dist(self, X: Any) -> Any:
        """Predict the distribution of the targets.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        distribution : frozen distribution of scipy.stats
            `scipy.stats.norm`, `t` or `nbinom` with parameters of the shape that `predict` has:
            ``.mean()``, ``.ppf(q)``, ``.interval(0.9)``, ``.logpdf(y)`` (counts: ``.logpmf(y)``),
            ``.rvs(random_state=0)`` and so on.

        Raises
        ------
        ValueError
            If ``loss`` is not a distribution's.
        """
        if self.loss not in DISTRIBUTIONS:
            raise ValueError(
                f"A distribution needs loss={', '.join(map(repr, DISTRIBUTIONS))}, got "
                f"{self.loss!r}: set it and fit again."
            )
        return distribution(self.loss, self._parameters(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination R^2, averaged over outputs and output steps.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.
        y : array-like
            Targets, of the shape that `fit` takes; NaN is left out.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window.

        Returns
        -------
        float
            1 for perfect predictions, 0 for those of the mean.
        """
        predicted = self.predict(X)
        if is_ragged(y):
            y = np.concatenate([np.reshape(one, (len(one), -1)) for one in y])
            predicted = predicted.reshape(-1, y.shape[1])
            predicted = predicted[~np.isnan(predicted).any(axis=1)]
        predicted = predicted.reshape(len(predicted), -1)
        y = np.reshape(np.asarray(y, float), predicted.shape)
        scores = []
        for column, truth in zip(predicted.T, y.T, strict=True):
            known = ~(np.isnan(truth) | np.isnan(column))
            weights = None if sample_weight is None else np.asarray(sample_weight)[known]
            scores.append(r2_score(truth[known], column[known], sample_weight=weights))
        return float(np.mean(scores))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

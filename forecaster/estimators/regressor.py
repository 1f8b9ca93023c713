"""Regression on windows with any recurrent cell: everything but the cell's name."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from forecaster import _validation as v
from forecaster.estimators._distributions import distribution, quantiles_of
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._windows import TrainingRows, Windows, read_numeric_targets, read_weights
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
        readout: str = "auto",
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
        momentum: float | str = "auto",
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float | str = "auto",
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows, in order of time when ``early_stopping`` is used. A 2-D array is a window of
            one variable: its columns are time steps, the oldest first. Samples may have different
            lengths: a list of arrays (n_steps_i,) or (n_steps_i, n_inputs), or a 3-D array filled
            up with NaN at the samples' ends.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. With ``readout="each"``: (n_samples, n_steps) or
            (n_samples, n_steps, n_outputs), or a list of such arrays for samples of different
            lengths. NaN marks a target that is not known: it is left out of the loss.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window, or with ``readout="each"`` of each step, (n_samples, n_steps)
            or a list of arrays; zero leaves it out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For parameters out of range, or that the cell or the layers have no use for (those of
            another solver or loss are passed over, as in scikit-learn's `MLPRegressor`); for data
            that are empty, not numeric, not finite, of a wrong shape, or too few for the
            validation part.
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one pass over the given windows, from the weights reached so far.

        The first call sets the scaling, if there was no `fit`. The state of the optimiser carries
        over from call to call: ``fit`` with ``max_iter=5`` and then five calls on the same windows
        equal ``fit`` with ``max_iter=10`` to the bit. After early stopping, it starts anew at the
        weights that were best. Each call runs through a "cosine" or "one_cycle" schedule once.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For what `fit` refuses; for another number of steps, inputs or outputs, another loss or
            solver than before; for ``solver="lbfgs"``, which needs all rows at once.
        """
        return self._partial_fit(X, y, sample_weight)

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

    def _parameters(self, X: Any) -> tuple[np.ndarray, Windows]:
        """What the outputs stand for on the targets' scale, (P, N, steps, O); NaN behind ends."""
        linked, windows = self._linked(X)
        scaler = self._target_scaler
        parameters = np.moveaxis(linked, 2, 0)
        n_places = 1 if self._loss.name in DISTRIBUTIONS else len(parameters)
        parameters[:n_places] = scaler.inverse(parameters[:n_places])
        if self._loss.name in ("gaussian", "student_t"):
            parameters[1] *= scaler.scale
        if self.network_.readout == "each":
            parameters[:, ~windows.observed] = np.nan
        return parameters, windows

    def _like_targets(self, values: np.ndarray) -> np.ndarray:
        """Values (..., N, steps, O) in the shape that targets had in `fit`."""
        if self.network_.readout != "each":
            values = values[..., 0, :]
            return values[..., 0] if self._y_ndim == 1 else values
        return values[..., 0] if self._y_ndim == 2 else values

    def _central(self, parameters: np.ndarray) -> np.ndarray:
        """The forecast itself among all ``parameters`` (P, ...)."""
        if self._loss.name != "pinball":
            return parameters[0]
        levels = list(self._loss.settings)
        return parameters[levels.index(0.5) if 0.5 in levels else len(levels) // 2]

    def predict(self, X: Any) -> np.ndarray:
        """Predict the targets of windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or of any length if it was
            trained on samples of different ones, or a list of sequences.

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
        return self._like_targets(self._central(self._parameters(X)[0]))

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
            If ``loss`` is neither "pinball" nor a distribution's, or ``quantiles`` are none.
        """
        check_is_fitted(self, "thetas_")
        if self._loss.name == "pinball":
            return np.moveaxis(self._like_targets(self._parameters(X)[0]), 0, -1)
        v.check_parameters(self, {"quantiles": self._rules["quantiles"]})
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
        check_is_fitted(self, "thetas_")
        if self._loss.name not in DISTRIBUTIONS:
            raise ValueError(
                f"A distribution needs loss to be one of {', '.join(map(repr, DISTRIBUTIONS))}, "
                f"got {self._loss.name!r}: set it and fit again. For quantiles alone, "
                "predict_quantiles takes 'pinball', too."
            )
        return distribution(self._loss.name, self._like_targets(self._parameters(X)[0]))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination R^2, averaged over outputs.

        With ``readout="each"`` the steps of all samples count together.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.
        y : array-like
            Targets, of the shape that `fit` takes; NaN is left out.
        sample_weight : array-like, optional
            Weights, of the shape that `fit` takes.

        Returns
        -------
        float
            1 for perfect predictions, 0 for those of the mean.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For windows or targets that are not numbers, or not of the shapes of `fit`, or if no
            target of an output is known.
        """
        parameters, windows = self._parameters(X)
        predicted = self._central(parameters)
        each = self.network_.readout == "each"
        truth, _ = read_numeric_targets(self, y, windows, each)
        if truth.shape != predicted.shape:
            raise ValueError(
                f"y must have {predicted.shape[2]} outputs, as in fit, got {truth.shape[2]}."
            )
        weights = read_weights(sample_weight, windows, truth.shape[1])
        scores = []
        for o in range(self.n_outputs_):
            known = ~(np.isnan(truth[..., o]) | np.isnan(predicted[..., o]))
            if not known.any():
                raise ValueError(
                    f"score needs a target that is known, got only NaN for output {o}: drop it."
                )
            scores.append(
                r2_score(
                    truth[..., o][known], predicted[..., o][known], sample_weight=weights[known]
                )
            )
        return float(np.mean(scores))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

"""Classification of windows, or of their steps, with any recurrent cell."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from forecaster.estimators._windows import TrainingRows, Windows, is_ragged
from forecaster.estimators.recurrent import RULES, RecurrentEstimator
from forecaster.nn.losses import Loss


class RecurrentClassifier(ClassifierMixin, RecurrentEstimator):
    """Abstract: a subclass names its cell in ``_cell`` and documents the parameters."""

    _rules = {
        **RULES,
        "class_weight": (
            "None, 'balanced' or a dict of class -> weight",
            lambda w: w is None or w == "balanced" or isinstance(w, dict),
        ),
    }

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (32,),
        activation: str = "tanh",
        *,
        class_weight: Any = None,
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
        dtype: str = "float32",
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.class_weight = class_weight
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
        self.dtype = dtype
        self.n_jobs = n_jobs

    def partial_fit(  # type: ignore[override]  # scikit-learn's place for the classes
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one pass over the given windows, from the weights reached so far.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.
        classes : array-like of shape (n_classes,), optional
            All classes that will ever come, needed in the first call if ``y`` lacks some; later
            calls leave it out.

        Returns
        -------
        self
        """
        if classes is not None:
            self._asked_classes = np.unique(classes)
        return super().partial_fit(X, y, sample_weight)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows, in order of time when ``early_stopping`` is used. Samples may have different
            lengths: a list of arrays, or a 3-D array filled up with NaN at the samples' ends.
        y : array-like of shape (n_samples,)
            Classes: numbers or strings. With ``readout="each"`` one for every step, (n_samples,
            n_steps), or a list of arrays.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window, or with ``readout="each"`` of each step; zero leaves it out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For parameters out of range or without effect, for data that are empty, not numeric,
            not finite or of a wrong shape, and for targets that are no classes.
        """
        self.__dict__.pop("_asked_classes", None)
        return super().fit(X, y, sample_weight)

    def _read_targets(self, y: Any, windows: Windows, reset: bool) -> np.ndarray:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None: it "
                "learns to tell classes."
            )
        labels, known = self._labels(y, windows)
        check_classification_targets(labels[known])
        if reset:
            asked = getattr(self, "_asked_classes", None)
            self.classes_: np.ndarray = np.unique(labels[known]) if asked is None else asked
            if len(self.classes_) < 2:
                raise ValueError(
                    f"{type(self).__name__} needs at least two classes, got only one class: "
                    f"{self.classes_[0]!r}."
                )
        codes = np.searchsorted(self.classes_, labels[known])
        codes = np.minimum(codes, len(self.classes_) - 1)
        strange = self.classes_[codes] != labels[known]
        if strange.any():
            raise ValueError(
                f"y has the class {labels[known][strange][0]!r}, which is not among classes_: name "
                "all classes in the first call of partial_fit."
            )
        Z = np.full(labels.shape, np.nan)
        Z[known] = codes
        return Z[..., None]

    def _labels(self, y: Any, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
        """Labels (N, S), and which of them count."""
        N, T = windows.X.shape[:2]
        if self.readout != "each":
            labels = column_or_1d(y, warn=True)[:, None]
            check_consistent_length(windows.X, labels)
            return labels, np.ones(labels.shape, bool)
        if is_ragged(y):
            flat = np.concatenate([np.asarray(one) for one in y])
            lengths = np.array([len(one) for one in y])
            if not np.array_equal(lengths, windows.observed.sum(axis=1)):
                raise ValueError("y must have one class for every step of every sample of X.")
            labels = np.full((N, T), flat[0])
            labels[windows.observed] = flat
        else:
            labels = np.asarray(y)
            if labels.shape != (N, T):
                raise ValueError(
                    'readout="each" needs a class for every step: y of shape '
                    f"({N}, {T}), got {labels.shape}."
                )
        missing = labels.dtype.kind == "f" and np.isnan(labels)
        return labels, windows.observed & ~np.asarray(missing)

    def _make_loss(self, rows: TrainingRows) -> tuple[Loss, int]:
        return Loss("cross_entropy"), len(self.classes_)

    def _weigh(self, W: np.ndarray, Z: np.ndarray) -> np.ndarray:
        if self.class_weight is None:
            return W
        known = ~np.isnan(Z)
        codes = Z[known].astype(int)
        weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_[codes]
        )
        weighed = W.copy()
        weighed[known] *= weights[codes]
        return weighed

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or a list of sequences.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``. With ``readout="each"``: (n_samples, n_steps, n_classes),
            NaN behind the ends of samples that are shorter than others.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For data that do not match those of `fit`.
        """
        linked, windows = self._linked(X)
        probabilities = linked[:, :, 0]
        if self.network_.readout != "each":
            return probabilities[:, 0] / probabilities[:, 0].sum(axis=1, keepdims=True)
        probabilities[~windows.observed] = np.nan
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Predict classes: the most probable ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or a list of sequences.

        Returns
        -------
        y : ndarray of shape (n_samples,) or, with ``readout="each"``, (n_samples, n_steps)
            Classes. Behind the end of a sample that is shorter than others: the first class, to
            be left out.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(np.nan_to_num(probabilities), axis=-1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the classes that are right, over samples or over all their steps.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.
        y : array-like
            Classes, of the shape that `fit` takes.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each window.

        Returns
        -------
        float
        """
        predicted = self.predict(X)
        if predicted.ndim == 1:
            return float(accuracy_score(y, predicted, sample_weight=sample_weight))
        observed = ~np.isnan(self.predict_proba(X)[..., 0])
        truth = np.concatenate([np.asarray(one) for one in y]) if is_ragged(y) else None
        truth = np.asarray(y)[observed] if truth is None else truth
        weights = None
        if sample_weight is not None:
            N = len(predicted)
            by_step = np.broadcast_to(np.reshape(sample_weight, (N, -1)), observed.shape)
            weights = by_step[observed]
        return float(accuracy_score(truth, predicted[observed], sample_weight=weights))

"""Classification of windows, or of their steps, with any recurrent cell."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets

from forecaster.estimators._labels import is_missing, read_labels
from forecaster.estimators._windows import TrainingRows, Windows, read_weights
from forecaster.estimators.recurrent import RULES, RecurrentEstimator
from forecaster.nn.losses import Loss


class RecurrentClassifier(ClassifierMixin, RecurrentEstimator):
    """Abstract: a subclass names its cell in ``_cell`` and documents the parameters."""

    _asked_classes: np.ndarray | None
    _rules = {
        **RULES,
        "class_weight": (
            "None, 'balanced' or a dict of class -> weight >= 0",
            lambda w: (
                w is None
                or (isinstance(w, str) and w == "balanced")
                or (
                    isinstance(w, dict)
                    and all(
                        isinstance(one, Real) and 0 <= float(one) < np.inf for one in w.values()
                    )
                )
            ),
        ),
    }

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (32,),
        activation: str = "tanh",
        *,
        class_weight: Any = None,
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows, in order of time when ``early_stopping`` is used. A 2-D array is a window of
            one variable: its columns are time steps, the oldest first. Samples may have different
            lengths: a list of arrays (n_steps_i,) or (n_steps_i, n_inputs), or a 3-D array filled
            up with NaN at the samples' ends.
        y : array-like of shape (n_samples,)
            Classes: numbers or strings. With ``readout="each"`` one for every step, (n_samples,
            n_steps), or a list of arrays for samples of different lengths; there, NaN among
            numbers, or None in an array of objects, marks a step whose class is not known: it is
            left out of the loss.
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
            another solver are passed over, as in scikit-learn's `MLPClassifier`); for data that
            are empty, not numeric, not finite or of a wrong shape, and for targets that are no
            classes.
        """
        self._asked_classes = None
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one pass over the given windows, from the weights reached so far.

        The first call sets the scaling, if there was no `fit`. The state of the optimiser carries
        over from call to call: ``fit`` with ``max_iter=5`` and then five calls on the same windows
        equal ``fit`` with ``max_iter=10`` to the bit. After early stopping, it starts anew at the
        weights that were best. Each call runs through a "cosine" or "one_cycle" schedule once.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.
        classes : array-like of shape (n_classes,), optional
            All classes that will ever come, needed in the first call if ``y`` lacks some; later
            calls may leave it out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For what `fit` refuses; for ``class_weight="balanced"``, which needs all classes; for
            another number of steps or inputs, another loss or solver, other classes than before.
        """
        if classes is not None and is_missing(np.asarray(classes)).any():
            raise ValueError(
                f"classes expects classes that are known, got {classes!r}: leave NaN out."
            )
        asked = None if classes is None else np.unique(classes)
        if hasattr(self, "thetas_"):
            if asked is not None and not np.array_equal(asked, self.classes_):
                raise ValueError(
                    f"classes must stay those of the first call, {self.classes_}, got {asked}."
                )
        else:
            self._asked_classes = asked
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all windows at once: give partial_fit a dict of '
                "class -> weight."
            )
        return self._partial_fit(X, y, sample_weight)

    def _read_targets(self, y: Any, windows: Windows, reset: bool) -> np.ndarray:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None: it "
                "learns to tell classes."
            )
        labels, known = read_labels(y, windows, self.readout == "each")
        if not known.any():
            raise ValueError("All classes in y are NaN: give at least two that are known.")
        check_classification_targets(labels[known])
        if reset:
            asked = self._asked_classes
            self.classes_: np.ndarray = np.unique(labels[known]) if asked is None else asked
            if len(self.classes_) < 2:
                raise ValueError(
                    f"{type(self).__name__} needs at least two classes, got only one class: "
                    f"{self.classes_.tolist()[0]!r}."
                )
        codes = np.searchsorted(self.classes_, labels[known])
        codes = np.minimum(codes, len(self.classes_) - 1)
        strange = self.classes_[codes] != labels[known]
        if strange.any():
            raise ValueError(
                f"y has the class {labels[known][strange].tolist()[0]!r}, which is not among "
                "classes_: name all classes in the first call of partial_fit."
            )
        Z = np.full(labels.shape, np.nan)
        Z[known] = codes
        return Z[..., None]

    def _make_loss(self, rows: TrainingRows) -> tuple[Loss, int]:
        return Loss("cross_entropy"), len(self.classes_)

    def _weigh(self, weights: np.ndarray, Z: np.ndarray) -> np.ndarray:
        if self.class_weight is None:
            return weights
        Z = Z[..., 0]
        counts = ~np.isnan(Z) & (weights > 0)
        if self.class_weight == "balanced":
            used = np.flatnonzero(counts.any(axis=1))
            seen = used[: len(used) - self._n_validation_rows(len(used))]
            codes, shares = Z[seen][counts[seen]].astype(int), weights[seen][counts[seen]]
            totals = np.bincount(codes, shares, minlength=len(self.classes_))
            mean = np.full(len(totals), totals.sum() / len(totals))
            by_class = np.divide(mean, totals, where=totals > 0, out=np.ones(len(totals)))
        else:
            strange = set(self.class_weight).difference(self.classes_.tolist())
            if strange:
                raise ValueError(
                    f"class_weight names {sorted(strange, key=str)}, not among the classes "
                    f"{self.classes_.tolist()}."
                )
            by_class = np.array([self.class_weight.get(k, 1.0) for k in self.classes_.tolist()])
        weighed = np.zeros_like(weights)
        weighed[counts] = weights[counts] * by_class[Z[counts].astype(int)]
        if not weighed.any():
            raise ValueError("class_weight is zero for every class in y: give one a weight > 0.")
        return weighed / weighed.max()

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or of any length if it was
            trained on samples of different ones, or a list of sequences.

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
        probabilities, _ = self._probabilities(X)
        return probabilities if self.network_.readout == "each" else probabilities[:, 0]

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Predict the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict_proba`.

        Returns
        -------
        ndarray
            Of the shape that `predict_proba` gives.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For windows that `predict_proba` refuses.
        """
        with np.errstate(divide="ignore"):  # a probability may underflow to zero
            return np.log(self.predict_proba(X))

    def _probabilities(self, X: Any) -> tuple[np.ndarray, Windows]:
        """Probabilities (N, steps, classes), NaN behind ends."""
        linked, windows = self._linked(X)
        probabilities = linked[:, :, 0]
        probabilities /= probabilities.sum(axis=-1, keepdims=True)  # medians need not add up to 1
        if self.network_.readout == "each":
            probabilities[~windows.observed] = np.nan
        return probabilities, windows

    def predict(self, X: Any) -> np.ndarray:
        """Predict classes: the most probable ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows of the length that the network was trained on, or of any length if it was
            trained on samples of different ones, or a list of sequences.

        Returns
        -------
        y : ndarray of shape (n_samples,) or, with ``readout="each"``, (n_samples, n_steps)
            Classes. Behind the end of a sample that is shorter than others: the first class, to
            be left out.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For windows that `predict_proba` refuses.
        """
        best = np.argmax(np.nan_to_num(self.predict_proba(X)), axis=-1)
        return self.classes_[best]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the classes that are right, over samples or over all their steps.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.
        y : array-like
            Classes, of the shape that `fit` takes.
        sample_weight : array-like, optional
            Weights, of the shape that `fit` takes.

        Returns
        -------
        float

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For windows or classes that are not of the shapes of `fit`, or of which none is known.
        """
        probabilities, windows = self._probabilities(X)
        predicted = self.classes_[np.argmax(np.nan_to_num(probabilities), axis=-1)]
        truth, known = read_labels(y, windows, self.network_.readout == "each")
        if not known.any():
            raise ValueError("score needs a class that is known, got none: give at least one.")
        weights = read_weights(sample_weight, windows, truth.shape[1])
        return float(accuracy_score(truth[known], predicted[known], sample_weight=weights[known]))

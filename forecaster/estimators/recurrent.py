"""Training of any recurrent network on windows: what regressors and classifiers share."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

from forecaster import _validation as v
from forecaster._threads import resolve_n_jobs
from forecaster.estimators import options
from forecaster.estimators._fitted import FittedNetwork, check_ends
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._segments import cut
from forecaster.estimators._windows import (
    TrainingRows,
    Windows,
    read_weights,
    read_windows,
    training_rows,
)
from forecaster.kernels.readout import READOUTS
from forecaster.nn.ensemble import resume_ensemble, train_ensemble
from forecaster.nn.lbfgs import FullBatchPlan
from forecaster.nn.losses import Loss
from forecaster.nn.source import ArraySource
from forecaster.nn.state import State, Trained
from forecaster.nn.training import Plan

RULES = {
    **options.SHARED_RULES,
    "readout": v.choice(*READOUTS),
    "skip": v.boolean(),
    "solver": v.choice("adam", "adamw", "rmsprop", "sgd", "lbfgs"),
    "batch_size": v.either(v.integer(1), v.choice("auto")),
    "bptt_steps": v.either(v.integer(1), v.none()),
    "max_iter": v.integer(1),
    "shuffle": v.boolean(),
    "tol": v.real(0),
    "warm_start": v.boolean(),
    "early_stopping": v.boolean(),
    "validation_fraction": v.real(0, 1, open_low=True),
    "n_iter_no_change": v.integer(1),
    "n_init": v.integer(1),
    "n_estimators": v.integer(1),
    "aggregate": v.choice("mean", "median"),
    "scale_inputs": v.boolean(),
}


class RecurrentEstimator(
    FittedNetwork, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC
):
    """Abstract: a subclass lists its parameters and says what its targets are."""

    _cell: str
    _rules: dict[str, v.Rule]
    _scaling: tuple[str, ...] = ("scale_inputs",)
    _settled: dict[str, Any]
    _settled_by_solver: dict[str, Any]
    _states: list[State]

    @abstractmethod
    def _read_targets(self, y: Any, windows: Windows, reset: bool) -> np.ndarray:
        """Targets (N, S, O) in float64, NaN where there is none."""

    @abstractmethod
    def _make_loss(self, rows: TrainingRows) -> tuple[Loss, int]:
        """The loss, and the number of the network's outputs."""

    def _fit_target_scaler(self, rows: TrainingRows) -> Scaler:
        return Scaler.identity(rows.Z.shape[2])

    def _weigh(self, W: np.ndarray, Z: np.ndarray) -> np.ndarray:
        """Weights of the targets, given those that follow from the samples'."""
        return W

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
            Weight of each window, or with ``readout="each"`` of each step, (n_samples, n_steps);
            zero leaves it out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For parameters out of range or without effect, and for data that are empty, not
            numeric, not finite, of a wrong shape, or too few for the validation part.
        """
        v.check_parameters(self, self._rules)
        continued = self.warm_start and hasattr(self, "thetas_")
        rows = self._read_rows(X, y, sample_weight, reset=not continued)
        n_validation = self._n_validation_rows(len(rows))
        training, held_out = rows[: len(rows) - n_validation], rows[len(rows) - n_validation :]
        if not continued:
            self._prepare(training)
        n_nets = len(self.thetas_) if continued else self.n_estimators * self.n_init
        plan = self._plan(self.max_iter, len(training))
        source = self._source(training)
        with tqdm(
            total=n_nets * plan.n_steps(source.n_rows),
            disable=not self.verbose,
            desc=type(self).__name__,
            unit="step",
        ) as bar:
            results = self._train(
                source,
                plan,
                n_nets,
                validation=self._source(held_out) if n_validation else None,
                progress=bar.update,
            )
        self._keep(results, n_nets // (len(self.thetas_) if continued else self.n_estimators))
        ended = {result.status for result in results}
        if ended == {"finished"} and self.n_iter_ > 1 and not options.goes_to_the_end(self):
            warnings.warn(
                f"{type(self).__name__}: max_iter={self.max_iter} was reached before the loss "
                f"stopped improving by tol={self.tol}. More iterations may give a better fit.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one pass over the given windows, from the weights reached so far.

        The first call sets the scaling, and the state of the optimiser carries over from call to
        call. Parameters as for `fit`.
        """
        v.check_parameters(self, self._rules)
        if self.solver == "lbfgs":
            raise ValueError(
                'partial_fit needs a solver that goes batch by batch, and "lbfgs" looks at all '
                "rows at once: choose another solver, or call fit."
            )
        first = not hasattr(self, "thetas_")
        rows = self._read_rows(X, y, sample_weight, reset=first)
        if first:
            self._prepare(rows)
        n_nets = self.n_estimators if first else len(self.thetas_)
        plan = self._plan(1, len(rows))
        self._keep(self._train(self._source(rows), plan, n_nets, resumable=True), 1)
        return self

    def _read_rows(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> TrainingRows:
        asked = options.settled_by_first_fit(self, self._scaling)
        if not reset:
            options.check_unchanged(self._settled, asked)
        windows, _ = read_windows(self, X, reset=reset)
        Z = self._read_targets(y, windows, reset)
        W = self._weigh(read_weights(sample_weight, windows, Z), Z)
        if reset:
            self._settled = asked
            self.__dict__.pop("thetas_", None)  # what follows is another network
            self.__dict__.pop("_states", None)
        else:
            network = self.network_
            if (windows.X.shape[2], Z.shape[2]) != (network.n_inputs, self.n_outputs_):
                raise ValueError(
                    f"Training goes on with {network.n_inputs} inputs a step and "
                    f"{self.n_outputs_} outputs, got {windows.X.shape[2]} and {Z.shape[2]}: "
                    "clone the estimator to start afresh."
                )
            check_ends(network, windows)
        return training_rows(windows, Z, W)

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

    def _prepare(self, rows: TrainingRows) -> None:
        """Scaling, loss and architecture, from the training rows alone."""
        windows = rows.windows
        n_steps, n_inputs = windows.X.shape[1:]
        self._dtype = np.dtype(self.dtype)
        self.n_outputs_ = rows.Z.shape[2]
        self._loss, n_outputs = self._make_loss(rows)
        sizes = options.hidden_sizes(self)
        self.network_ = options.make_network(self, self._cell, n_steps, n_inputs, n_outputs, sizes)
        check_ends(self.network_, windows)
        share = rows.W.mean(axis=(1, 2))[:, None, None]
        self._input_scaler = (
            Scaler.fit(windows.X, share * windows.observed[..., None])
            if self.scale_inputs
            else Scaler.identity(n_inputs)
        )
        self._target_scaler = self._fit_target_scaler(rows)

    def _source(self, rows: TrainingRows) -> ArraySource:
        windows = rows.windows
        X = self._input_scaler.transform(windows.X, self._dtype)
        X *= windows.observed[..., None]
        Z = self._target_scaler.transform(rows.Z, self._dtype)
        W = np.ascontiguousarray(rows.W, self._dtype)
        if self.bptt_steps is not None:
            return cut(X, Z, W, self.bptt_steps)
        return ArraySource(X, Z, W, windows.ends)

    @property
    def _n_segments(self) -> int:
        """Pieces of a sequence for truncated backpropagation through time."""
        if self.bptt_steps is None:
            return 1
        if self.readout != "each" or self.skip or self.solver == "lbfgs":
            raise ValueError(
                "bptt_steps cuts sequences that have a target at every step: it needs "
                'readout="each", skip=False and a solver other than "lbfgs".'
            )
        if any(self.bptt_steps % dilation for dilation in self.network_.layer_dilations):
            raise ValueError(
                f"bptt_steps={self.bptt_steps} must be a multiple of every dilation, got "
                f"{self.network_.layer_dilations}."
            )
        return -(-self.network_.n_steps // self.bptt_steps)

    def _plan(self, max_iter: int, n_rows: int) -> Plan | FullBatchPlan:
        patience = 0 if options.goes_to_the_end(self) else self.n_iter_no_change
        if self.solver == "lbfgs":
            return FullBatchPlan(
                loss=self._loss,
                max_iter=max_iter,
                max_seconds=self.max_seconds,
                l2=self.alpha,
                tol=self.tol,
                n_iter_no_change=patience,
            )
        return options.make_plan(
            self,
            self._loss,
            schedule=options.make_schedule(self, max_iter, self.n_iter_no_change, self.tol),
            max_iter=max_iter,
            batch_size=min(64 if self.batch_size == "auto" else self.batch_size, n_rows),
            n_segments=self._n_segments,
            shuffle=self.shuffle,
            tol=self.tol,
            n_iter_no_change=patience,
        )

    def _train(
        self,
        source: ArraySource,
        plan: Plan | FullBatchPlan,
        n_nets: int,
        *,
        resumable: bool = False,
        **others: Any,
    ) -> list[Trained]:
        """Train from the states there are, from the weights there are, or from fresh ones."""
        network, thetas = self.network_, getattr(self, "thetas_", None)
        if self.bptt_steps is not None:
            network = replace(network, n_steps=self.bptt_steps)
        others["n_threads"] = resolve_n_jobs(self.n_jobs)
        others["callbacks"] = self.callbacks or ()
        rngs = v.make_generator(self.random_state).spawn(n_nets)
        if isinstance(plan, FullBatchPlan):
            return train_ensemble(
                network, source, plan, rngs, dtype=self._dtype, thetas=thetas, **others
            )
        settled = options.settled_by_solver(self)
        states = getattr(self, "_states", None)
        if states is None:
            starts = thetas or [network.initial(rng, self._dtype) for rng in rngs]
            pairs = zip(starts, rngs, strict=True)
            states = [State.begin(network, theta, plan, rng) for theta, rng in pairs]
        else:
            options.check_unchanged(self._settled_by_solver, settled)
            for state in states:
                state.record.n_stale = 0  # whoever calls again insists
        if resumable or self.warm_start:
            self._states, self._settled_by_solver = states, settled
        return resume_ensemble(network, source, plan, states, **others)

    def _keep(self, results: list[Trained], n_starts: int) -> None:
        """Keep the best of every ``n_starts`` trainings."""
        groups = [results[k : k + n_starts] for k in range(0, len(results), n_starts)]
        best = [min(group, key=_kept_loss) for group in groups]
        if hasattr(self, "_states"):
            kept = {id(result) for result in best}
            pairs = zip(self._states, results, strict=True)
            self._states = [state for state, result in pairs if id(result) in kept]
        first = best[0]
        self.thetas_ = [result.theta for result in best]
        self.loss_curve_ = first.loss_curve
        self.loss_ = first.loss_curve[-1] if first.loss_curve else np.inf
        self.best_loss_ = first.best_loss
        self.n_iter_ = len(first.loss_curve)
        self.gradient_norm_curve_ = first.gradient_norm_curve
        scores = [-loss for loss in first.validation_curve]
        self.validation_scores_ = scores or None
        options.warn_of_outcome(self, {result.status for result in best})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


def _kept_loss(result: Trained) -> float:
    """Loss of the weights that a training has kept."""
    last_counts = not result.validation_curve and result.status not in ("diverged", "interrupted")
    return result.loss_curve[-1] if last_counts and result.loss_curve else result.best_loss

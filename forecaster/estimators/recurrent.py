"""Training of any recurrent network on windows: what regressors and classifiers share."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

from forecaster import _validation as v
from forecaster._threads import resolve_n_jobs
from forecaster.estimators import options
from forecaster.estimators._fitted import (
    AGGREGATE_RULE,
    FittedNetwork,
    check_ends,
    scaled_inputs,
)
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._segments import cut
from forecaster.estimators._windows import (
    TrainingRows,
    Windows,
    merged,
    read_weights,
    read_windows,
    training_rows,
)
from forecaster.kernels.readout import READOUTS
from forecaster.nn.ensemble import resume_ensemble, train_ensemble
from forecaster.nn.lbfgs import FullBatchPlan
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from forecaster.nn.state import State, Trained
from forecaster.nn.training import Plan

RULES = {
    **options.SHARED_RULES,
    "readout": v.choice("auto", *READOUTS),
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
    **AGGREGATE_RULE,
    "scale_inputs": v.boolean(),
}


class RecurrentEstimator(FittedNetwork, BaseEstimator, ABC):
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

    def _weigh(self, weights: np.ndarray, Z: np.ndarray) -> np.ndarray:
        """Weights (N, S) of the targets, given those of the samples or steps."""
        return weights

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train; called by ``fit`` itself, so that warnings point to the line that called that."""
        v.check_parameters(self, self._rules)
        continued = self.warm_start and hasattr(self, "thetas_")
        rows = self._read_rows(X, y, sample_weight, reset=not continued)
        n_validation = self._n_validation_rows(len(rows))
        training, held_out = rows[: len(rows) - n_validation], rows[len(rows) - n_validation :]
        if not continued:
            self._prepare(training)
        n_nets = len(self.thetas_) if continued else self.n_estimators * self.n_init
        plan = self._plan(self.max_iter, training)
        source = self._source(training)
        with tqdm(
            total=n_nets * plan.n_steps(source.n_rows),
            disable=not self.verbose,
            desc=type(self).__name__,
            unit="step",
        ) as bar:
            statuses = self._train(
                training,
                source,
                plan,
                n_nets,
                continued
                and self._solver_is_unchanged()
                and self._weights_are_those(by_partial_fit=False),
                validation=self._source(held_out) if n_validation else None,
                progress=bar.update,
            )
        options.warn_of_outcome(self, statuses)
        if "finished" in statuses and not options.goes_to_the_end(self):
            warnings.warn(
                f"{type(self).__name__}: max_iter={self.max_iter} was reached before the loss "
                f"stopped improving by tol={self.tol}. More iterations may give a better fit.",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """One pass; called by ``partial_fit`` itself."""
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
        elif hasattr(self, "_states"):
            options.check_unchanged(self._settled_by_solver, options.settled_by_solver(self))
        plan = self._plan(1, rows)
        n_nets = self.n_estimators if first else len(self.thetas_)
        go_on = not first and self._weights_are_those(by_partial_fit=True)
        statuses = self._train(rows, self._source(rows), plan, n_nets, go_on)
        options.warn_of_outcome(self, statuses)
        return self

    def _read_rows(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> TrainingRows:
        asked = options.settled_by_first_fit(self, self._scaling)
        if not reset:
            options.check_unchanged(self._settled, asked)
        multiple = math.lcm(*options.layer_dilations(self))
        windows, _ = read_windows(self, X, reset=reset, multiple=multiple)
        Z = self._read_targets(y, windows, reset)
        weights = self._weigh(read_weights(sample_weight, windows, Z.shape[1]), Z)
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
        rows = training_rows(windows, Z, weights)
        return merged(rows) if self._is_one_batch(len(rows)) else rows

    def _is_one_batch(self, n_rows: int) -> bool:
        """Whether each step sees all rows, so that their order does not matter."""
        in_pieces = self.early_stopping or self.bptt_steps is not None
        return not in_pieces and n_rows <= self._rows_of_a_batch

    @property
    def _rows_of_a_batch(self) -> int:
        return 64 if self.batch_size == "auto" else self.batch_size

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
        unknown = np.flatnonzero(~rows.W.any(axis=(0, 1)))
        if unknown.size:
            raise ValueError(
                f"Output {unknown[0]} of y is NaN wherever the network is trained: give at least "
                "one target of it that is known, or leave it out."
            )
        self._dtype = np.dtype(self.dtype)
        self.n_outputs_ = rows.Z.shape[2]
        self._loss, n_outputs = self._make_loss(rows)
        sizes = options.hidden_sizes(self)
        readout = options.chosen_readout(self, self._cell, one_length=windows.ends is None)
        self.network_ = options.make_network(
            self, self._cell, n_steps, n_inputs, n_outputs, sizes, readout
        )
        check_ends(self.network_, windows)
        share = rows.W.mean(axis=(1, 2))[:, None, None]
        self._input_scaler = (
            Scaler.fit(windows.X, share * windows.observed[..., None])
            if self.scale_inputs
            else Scaler.identity(n_inputs)
        )
        self._target_scaler = self._fit_target_scaler(rows)

    def _source(self, rows: TrainingRows) -> ArraySource:
        X = scaled_inputs(self._input_scaler, rows.windows, self._dtype)
        Z = self._target_scaler.transform(rows.Z, self._dtype)
        W = np.ascontiguousarray(rows.W, self._dtype)
        if self.bptt_steps is not None:
            return cut(X, Z, W, self._training_network(rows).n_steps)
        return ArraySource(X, Z, W, rows.windows.ends)

    def _training_network(self, rows: TrainingRows) -> Network:
        """The network on as many steps as backpropagation runs through."""
        n_steps = rows.windows.X.shape[1]
        if self.bptt_steps is not None:
            n_steps = min(n_steps, self.bptt_steps)
        return replace(self.network_, n_steps=n_steps)

    def _n_segments(self, rows: TrainingRows) -> int:
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
        return -(-rows.windows.X.shape[1] // self._training_network(rows).n_steps)

    def _plan(self, max_iter: int, rows: TrainingRows) -> Plan | FullBatchPlan:
        patience = 0 if options.goes_to_the_end(self) else self.n_iter_no_change
        n_segments = self._n_segments(rows)
        if self.solver == "lbfgs":
            options.check_full_batch(self)
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
            schedule=options.make_schedule(self, self.max_iter, self.n_iter_no_change, self.tol),
            max_iter=max_iter,
            batch_size=min(self._rows_of_a_batch, len(rows)),
            n_segments=n_segments,
            shuffle=self.shuffle,
            tol=self.tol,
            n_iter_no_change=patience,
        )

    def _train(
        self,
        rows: TrainingRows,
        source: ArraySource,
        plan: Plan | FullBatchPlan,
        n_nets: int,
        go_on: bool,
        **others: Any,
    ) -> set[str]:
        """Train from fresh weights or from those there are; say how it ended.

        ``go_on``: whether an earlier training is continued, or a new one starts at its weights.
        """
        network, first = self._training_network(rows), not hasattr(self, "thetas_")
        thetas = None if first else self._weights_to_go_on_from()
        n_starts = n_nets // self.n_estimators if first else 1
        others["n_threads"] = resolve_n_jobs(self.n_jobs)
        others["callbacks"] = self.callbacks or ()
        rngs = v.make_generator(self.random_state).spawn(n_nets)
        if isinstance(plan, FullBatchPlan):
            self.__dict__.pop("_states", None)
            results = train_ensemble(
                network, source, plan, rngs, dtype=self._dtype, thetas=thetas, **others
            )
            return self._keep(results, n_starts, None)
        if thetas is None:
            thetas = [network.initial(rng, self._dtype) for rng in rngs]
        pairs = list(zip(thetas, rngs, strict=True))
        if not hasattr(self, "_states"):
            states = [State.begin(network, theta, plan, rng) for theta, rng in pairs]
        elif go_on:
            states = self._states
        else:
            states = [
                _begin_anew(network, theta, plan, rng, state.record)
                for (theta, rng), state in zip(pairs, self._states, strict=True)
            ]
        for state in states:
            state.record.n_stale = 0  # whoever calls again insists
        self._settled_by_solver = options.settled_by_solver(self)
        try:
            results = resume_ensemble(network, source, plan, states, **others)
        except Exception:
            if not first:  # the states have gone on, and the next call goes on from there
                last = others.get("validation") is None
                reached = [s.record.outcome("stopped", s.weights if last else None) for s in states]
                self._keep(reached, n_starts, states)
            raise
        return self._keep(results, n_starts, states)

    def _weights_to_go_on_from(self) -> list[np.ndarray]:
        n, states = self.network_.n_parameters, getattr(self, "_states", self.thetas_)
        if len(self.thetas_) != len(states):
            raise ValueError(
                f"Training goes on with {len(states)} networks, got {len(self.thetas_)} in "
                "thetas_: clone the estimator to start afresh."
            )
        for theta in self.thetas_:
            if np.shape(theta) != (n,):
                raise ValueError(
                    f"Training goes on from thetas_, vectors of {n} weights, got one of shape "
                    f"{np.shape(theta)}: put the weights back, or clone the estimator."
                )
        return [np.asarray(theta, self._dtype) for theta in self.thetas_]

    def _weights_are_those(self, by_partial_fit: bool) -> bool:
        """Whether ``thetas_`` are the weights that the states have come to, and nobody's own.

        After early stopping they are the best ones, at which `partial_fit` starts anew.
        """
        return all(
            np.array_equal(state.weights, theta)
            or (not by_partial_fit and np.array_equal(state.record.theta, theta))
            for state, theta in zip(getattr(self, "_states", ()), self.thetas_, strict=False)
        )

    def _solver_is_unchanged(self) -> bool:
        return getattr(self, "_settled_by_solver", None) == options.settled_by_solver(self)

    def _keep(self, results: list[Trained], n_starts: int, states: list[State] | None) -> set[str]:
        """Keep the best of every ``n_starts`` trainings; say how these ended."""
        groups = (range(k, k + n_starts) for k in range(0, len(results), n_starts))
        kept = [min(group, key=lambda k: _kept_loss(results[k])) for group in groups]
        # An interrupt may come before some networks have begun: random ones would spoil the rest.
        begun = [k for k in kept if results[k].n_steps or results[k].status != "interrupted"]
        kept = begun or kept[:1]
        best = [results[k] for k in kept]
        statuses = {result.status for result in best}
        statuses |= {"interrupted"} & {result.status for result in results}
        if states is not None:
            self._states = [states[k] for k in kept]
        if "diverged" in statuses:  # what follows begins anew, from weights that are finite
            self.__dict__.pop("_states", None)
        first = best[0]
        self.thetas_ = [result.theta for result in best]
        self.loss_curve_ = first.loss_curve
        self.loss_ = first.loss_curve[-1] if first.loss_curve else np.inf
        self.best_loss_ = first.best_loss
        self.n_iter_ = len(first.loss_curve)
        self.gradient_norm_curve_ = first.gradient_norm_curve
        self.validation_scores_ = [-loss for loss in first.validation_curve] or None
        return statuses

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


def _kept_loss(result: Trained) -> float:
    """Loss of the weights that a training has kept."""
    last_counts = not result.validation_curve and result.status not in ("diverged", "interrupted")
    return result.loss_curve[-1] if last_counts and result.loss_curve else result.best_loss


def _begin_anew(
    network: Network, theta: np.ndarray, plan: Plan, rng: np.random.Generator, history: Trained
) -> State:
    """A training that starts at ``theta``, where another one led, whose history goes on."""
    state = State.begin(network, theta, plan, rng)
    state.record = replace(history, theta=theta.copy(), best_loss=math.inf, n_steps=0)
    return state

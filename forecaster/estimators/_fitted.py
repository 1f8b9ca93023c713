"""A fitted network: its weights by name, and what it computes for new windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from forecaster import _validation as v
from forecaster._threads import resolve_n_jobs, single_threaded_blas
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._windows import Windows, read_windows
from forecaster.kernels.readout import ALL
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArrayInputs

AGGREGATES: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "median": np.median}
AGGREGATE_RULE = {"aggregate": v.choice(*AGGREGATES)}
_PREDICTION_BATCH = 1024  # rows computed at a time; results do not depend on it


class FittedNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Mixin for estimators with a ``network_`` and the weights of its members, ``thetas_``."""

    aggregate: str
    n_jobs: int | None
    network_: Network
    thetas_: list[np.ndarray]
    validation_scores_: list[float] | None
    _input_scaler: Scaler
    _loss: Loss

    @property
    def theta_(self) -> np.ndarray:
        """The flat vector of all weights, of the first network of an ensemble."""
        check_is_fitted(self, "thetas_")
        return self.thetas_[0]

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """Copies of all weights: ``0.Wx`` (D, H), ``0.Wh`` (H, H), ``0.b`` (H,), ``V``, ``c``.

        The number is that of the layer, and the widths are those of the cell: a GRU's matrices
        hold its three gates side by side, an LSTM's its four. ``Wy`` feeds outputs back, ``V`` maps
        states to outputs, ``S`` (with ``skip``) inputs to outputs, ``c`` is the outputs' bias. All
        act on standardised values. Of an ensemble, these are the first network's.
        """
        theta = self.theta_.copy()
        return self.network_.views(theta)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weight matrices, from the inputs to the outputs."""
        return [w for w in self.weights_.values() if w.ndim == 2]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Bias vectors of the layers and of the outputs."""
        named = ((name.rpartition(".")[2], w) for name, w in self.weights_.items())
        return [w for name, w in named if name.startswith("b") or name == "c"]

    @property
    def best_validation_score_(self) -> float | None:
        """The highest of ``validation_scores_``; None without validation."""
        check_is_fitted(self, "thetas_")
        return None if self.validation_scores_ is None else max(self.validation_scores_)

    def _compute(self, X: Any, compute: Any) -> tuple[list[np.ndarray], Windows, np.dtype]:
        """What the engine computes for validated windows, by member.

        Also the windows, and the type that the user expects.
        """
        check_is_fitted(self, "thetas_")
        # In float64 whatever the training was in: there a row's result does not feel, beyond
        # 1e-15, which other rows stand beside it in a matrix product.
        dtype = np.dtype(np.float64)
        multiple = math.lcm(*self.network_.layer_dilations)
        windows, user_dtype = read_windows(self, X, reset=False, multiple=multiple)
        network = self._network_for(windows)
        inputs = scaled_inputs(self._input_scaler, windows, dtype)
        source = ArrayInputs(inputs, windows.ends)
        n_threads = resolve_n_jobs(self.n_jobs)
        blocks = np.array_split(np.arange(len(inputs)), -(-len(inputs) // _PREDICTION_BATCH))
        results = []
        with (
            single_threaded_blas(),
            Engine(network, _PREDICTION_BATCH, dtype, n_threads) as engine,
        ):
            for theta in self.thetas_:
                parameters = network.bind(theta.astype(dtype))
                parts = [compute(engine, parameters, source, rows) for rows in blocks]
                results.append(np.concatenate(parts))
        return results, windows, user_dtype

    def _network_for(self, windows: Windows) -> Network:
        """The network on windows of this length."""
        n_inputs, n_steps = self.network_.n_inputs, windows.X.shape[1]
        if windows.X.shape[2] != n_inputs:
            raise ValueError(
                f"X must have {n_inputs} inputs a step, as in fit, got {windows.X.shape[2]}."
            )
        check_ends(self.network_, windows)
        return replace(self.network_, n_steps=n_steps)

    def _linked(self, X: Any) -> tuple[np.ndarray, Windows]:
        """What the outputs stand for, (N, steps, P, O) as in `Loss.link`, over all members."""
        outputs, windows, _ = self._compute(X, Engine.outputs)
        linked = [self._loss.link(member) for member in outputs]
        if len(linked) == 1:
            return linked[0], windows
        v.check_parameters(self, AGGREGATE_RULE)  # it may have been set after fit
        return AGGREGATES[self.aggregate](linked, axis=0), windows

    def transform(self, X: Any) -> np.ndarray:
        """Last hidden state of each window: features learned from sequences.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
            Windows, or a list of sequences.

        Returns
        -------
        states : ndarray of shape (n_samples, n_hidden)
            What the last layer puts out after the last step of each sample; of an ensemble, that
            of each network, side by side.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For windows that are not finite numbers, or not of the shape of `fit`.
        """
        members, windows, dtype = self._compute(X, Engine.states)
        rows, last = np.arange(len(windows.X)), windows.lengths - 1
        return np.hstack([states[rows, last] for states in members]).astype(dtype)

    @property
    def _n_features_out(self) -> int:
        return self.network_.hidden_sizes[-1] * len(self.thetas_)


class TextbookWeights(FittedNetwork):
    """The weights of an Elman network as textbooks write them."""

    @property
    def U_(self) -> np.ndarray:
        """Input weights of the first layer, (n_hidden, n_inputs)."""
        return self.weights_["0.Wx"].T

    @property
    def W_(self) -> np.ndarray:
        """Recurrent weights of the first layer, (n_hidden, n_hidden)."""
        return self.weights_["0.Wh"].T

    @property
    def V_(self) -> np.ndarray:
        """Weights from the states that the readout sees to the outputs, (n_outputs, n_states)."""
        return self.weights_["V"].T


def scaled_inputs(scaler: Scaler, windows: Windows, dtype: np.dtype) -> np.ndarray:
    """Inputs as the network sees them, zero behind the ends."""
    inputs = scaler.transform(windows.X, dtype)
    if windows.ends is not None:
        inputs *= windows.observed[..., None]
    return inputs


def check_ends(network: Network, windows: Windows) -> None:
    """Raise a ValueError where a network cannot read samples of different lengths."""
    same = windows.ends is None and windows.X.shape[1] == network.n_steps
    if not same and (network.readout_code == ALL or network.skip):
        raise ValueError(
            'Samples of different lengths need readout="last" or "each" and skip=False: other '
            "readouts look at a fixed number of steps."
        )

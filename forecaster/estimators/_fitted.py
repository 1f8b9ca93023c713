"""A fitted network: its weights by name, and what it computes for new windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from forecaster._threads import resolve_n_jobs, single_threaded_blas
from forecaster.estimators._scaling import Scaler
from forecaster.estimators._windows import read_inputs
from forecaster.nn.engine import Engine
from forecaster.nn.network import Network
from forecaster.nn.source import ArrayInputs

_PREDICTION_BATCH = 1024  # rows computed at a time; results do not depend on it


class FittedNetwork:
    """Mixin for estimators with a ``network_`` and its flat vector of weights, ``theta_``."""

    n_jobs: int | None
    network_: Network
    theta_: np.ndarray
    _input_scaler: Scaler

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """Copies of all weights: ``0.Wx`` (D, H), ``0.Wh`` (H, H), ``0.b`` (H,), ``V``, ``c``.

        The number is that of the layer; ``V`` maps states to outputs, ``S`` (with ``skip``) inputs
        to outputs, ``c`` is the outputs' bias. All act on standardised values.
        """
        check_is_fitted(self)
        return self.network_.views(self.theta_.copy())

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weight matrices, from the inputs to the outputs."""
        return [w for w in self.weights_.values() if w.ndim == 2]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Bias vectors of the layers and of the outputs."""
        return [w for name, w in self.weights_.items() if name.rpartition(".")[2] in ("b", "c")]

    def _compute(self, X: Any, compute: Any) -> tuple[np.ndarray, np.dtype]:
        """What the engine computes for validated windows, and the type that the user expects."""
        check_is_fitted(self)
        # In float64 whatever the training was in: there a row's result does not feel, beyond
        # 1e-15, which other rows stand beside it in a matrix product.
        dtype = np.dtype(np.float64)
        X, user_dtype = read_inputs(self, X, self.network_.n_inputs)
        source = ArrayInputs(self._input_scaler.transform(X, dtype))
        parameters = self.network_.bind(self.theta_.astype(dtype))
        n_threads = resolve_n_jobs(self.n_jobs)
        with (
            single_threaded_blas(),
            Engine(self.network_, _PREDICTION_BATCH, dtype, n_threads) as engine,
        ):
            blocks = np.array_split(np.arange(len(X)), -(-len(X) // _PREDICTION_BATCH))
            parts = [compute(engine, parameters, source, rows) for rows in blocks]
        return np.concatenate(parts), user_dtype

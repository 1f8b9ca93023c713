"""How far back a trained network's gradient reaches: vanishing and exploding made visible."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from forecaster._threads import resolve_n_jobs, single_threaded_blas
from forecaster.estimators._fitted import FittedNetwork, scaled_inputs
from forecaster.estimators._windows import Windows, read_windows
from forecaster.nn.engine import Engine
from forecaster.nn.source import ArraySource

_BATCH = 256  # rows computed at a time; results do not depend on it


def gradient_by_lag(estimator: Any, X: Any, y: Any = None) -> pd.Series:
    """Norm of the gradient by time lag: how much of what lies how far back can be learned.

    For each sample, the gradient with respect to the inputs of each step; its norm over the
    inputs of the step; the mean of these norms over the samples (and over the networks of an
    ensemble). Where the curve falls as a straight line on a logarithmic scale, the gradient
    vanishes: training does not notice what lies further back. Where it rises, the gradient
    explodes, which `max_grad_norm` tames.

    Parameters
    ----------
    estimator : fitted regressor or classifier
        Of any cell, as from `forecaster.GRURegressor`. To look at a net before training, fit it by
        `partial_fit` with ``learning_rate_init=0``.
    X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_inputs)
        Windows as for `predict`, also a list of samples of different lengths.
    y : array-like, optional
        Targets as for `fit`. With them, the gradient is that of each sample's training loss,
        averaged over its targets. It shrinks as the fit gets better, whatever the lag. None, the
        default, takes the network's outputs (before softmax or any other link) instead of a loss:
        the norm is that of their Jacobian, which no target and no error enters, and which suits
        comparisons of models.

    Returns
    -------
    Series of shape (n_steps,)
        Name "gradient_norm"; the index "lag" counts steps back from the last one of a sample,
        which has lag 0, up to the first one of the longest sample. In float64 whatever the
        training was in, so that norms down to 1e-300 are told from zero. Units are those of the
        network: standardised inputs, and with ``scale_targets`` standardised targets.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError
        For something else than a regressor or classifier on windows, such as a forecaster or a
        pipeline.
    ValueError
        For data that do not match those of `fit`, and if no target is known.

    Notes
    -----
    Textbooks look at hidden states. Inputs are chosen here since they make cells comparable: what
    enters at a step reaches the loss by all ways that lead from there (the states, an LSTM's cell
    beside them, an output that is fed back, every layer and dilation), while the gradient of
    ``h[t]`` misses what an LSTM carries in its cell. For an Elman layer it is the textbook's
    quantity times the input weights, ``f'(z[t]) Wx``.

    With ``readout="each"`` only the last step's outputs or targets count, or else each step would
    have a loss of lag 0. With ``readout="all"`` every state is read directly, and with ``skip``
    every input: there the gradient need not travel, and says little about memory.

    References
    ----------
    Y. Bengio, P. Simard, P. Frasconi, "Learning long-term dependencies with gradient descent is
    difficult", IEEE Transactions on Neural Networks 5 (1994) 157-166.

    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
    ICML 2013.

    Examples
    --------
    An Elman net with the starting weights, whose gradient vanishes:

    >>> import numpy as np
    >>> from forecaster import ElmanRegressor
    >>> from forecaster.evaluation import gradient_by_lag
    >>> X = np.random.default_rng(0).standard_normal((50, 30))
    >>> net = ElmanRegressor(8, learning_rate_init=0, random_state=0).partial_fit(X, X[:, 0])
    >>> norms = gradient_by_lag(net, X)
    >>> bool(norms[29] < 0.01 * norms[0])
    True
    """
    if not isinstance(estimator, FittedNetwork):
        raise TypeError(
            "gradient_by_lag expects a regressor or classifier on windows, such as GRURegressor, "
            f"got {type(estimator).__name__}: give the network itself, and windows as it sees them."
        )
    check_is_fitted(estimator, "thetas_")
    windows, Z, W = _last_targets(estimator, X, y)
    n_lags = windows.lengths.max()
    sums, counts = np.zeros(n_lags), np.zeros(n_lags)
    for norms, ends in _norms(estimator, windows, Z, W, of_outputs=y is None):
        lags = ends[:, None] - 1 - np.arange(norms.shape[1])
        np.add.at(sums, lags[lags >= 0], norms[lags >= 0])
        np.add.at(counts, lags[lags >= 0], 1)
    index = pd.RangeIndex(n_lags, name="lag")
    return pd.Series(sums / counts, index, name="gradient_norm")


def _last_targets(estimator: Any, X: Any, y: Any) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Windows, and the targets and weights of each one's last step; zero weight elsewhere."""
    if y is None:
        multiple = math.lcm(*estimator.network_.layer_dilations)
        windows, _ = read_windows(estimator, X, reset=False, multiple=multiple)
        Z = np.zeros((len(windows.X), 1, 1))
        W = np.ones_like(Z)
    else:
        rows = estimator._read_rows(X, y, None, reset=False)
        windows, W = rows.windows, rows.W / rows.W.shape[2]
        Z = estimator._target_scaler.transform(rows.Z, W.dtype)
    if estimator.network_.readout == "each":
        last = np.arange(windows.X.shape[1]) == windows.lengths[:, None] - 1
        Z, W = np.broadcast_to(Z, (*last.shape, Z.shape[2])), W * last[..., None]
    known = W.any(axis=(1, 2))
    if not known.any():
        raise ValueError(
            "No target at the last step of a sample is known: give some, or y=None for the "
            "gradient of the outputs."
        )
    return windows[known], np.ascontiguousarray(Z[known]), W[known]


def _norms(
    estimator: Any, windows: Windows, Z: np.ndarray, W: np.ndarray, of_outputs: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Norms by sample and step, (n, T), and the samples' lengths, block by block."""
    dtype = np.dtype(np.float64)
    network = estimator._network_for(windows)
    inputs = scaled_inputs(estimator._input_scaler, windows, dtype)
    source = ArraySource(inputs, Z, W, windows.ends)
    ends = windows.lengths
    n_threads = resolve_n_jobs(estimator.n_jobs)
    if of_outputs:
        losses = [_output(o) for o in range(network.n_outputs)]
    else:
        losses = [estimator._loss.bind(dtype)]
    with (
        single_threaded_blas(),
        Engine(network, _BATCH, dtype, n_threads, Z.shape[2], input_gradient=True) as engine,
    ):
        for theta in estimator.thetas_:
            parameters = network.bind(theta.astype(dtype))
            for start in range(0, len(ends), _BATCH):
                rows = np.arange(start, min(start + _BATCH, len(ends)))
                parts = [engine.input_gradients(parameters, source, rows, k) for k in losses]
                # by hypot, since squares of tiny gradients would be zero
                yield np.hypot.reduce(np.concatenate(parts, axis=2), axis=2), ends[rows]


def _output(o: int) -> Callable[..., tuple[float, float]]:
    """A loss that is the network's o-th output, where there is weight."""

    def output(Y: np.ndarray, Z: np.ndarray, W: np.ndarray, dY: np.ndarray) -> tuple[float, float]:
        dY[:] = 0
        dY[:, o] = W[:, 0]
        return float(dY[:, o] @ Y[:, o]), float(W.sum())

    return output

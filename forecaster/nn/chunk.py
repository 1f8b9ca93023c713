"""Memory for one chunk of rows, and forward and backward through the whole network on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecaster.kernels import readout
from forecaster.nn.network import Bound, Network


class Chunk:
    """All arrays of ``n_rows`` rows, allocated once; a source fills ``X``, ``Z`` and ``W``.

    Attributes
    ----------
    X : array (T, C, D)
        Inputs.
    Z, W : arrays (R, O)
        Targets and their weights; R is C, or T * C in time-major order for outputs at every step.
    """

    def __init__(self, network: Network, n_rows: int, dtype: np.dtype) -> None:
        T, C, O = network.n_steps, n_rows, network.n_outputs
        R = C * network.n_output_steps
        self.network = network
        self.X = np.zeros((T, C, network.n_inputs), dtype)
        self.Z = np.zeros((R, O), dtype)
        self.W = np.zeros((R, O), dtype)
        self._states = [np.zeros((T + 1, C, H), dtype) for H in network.hidden_sizes]
        self._dstates = [np.zeros((T + 1, C, H), dtype) for H in network.hidden_sizes]
        self._tapes = [
            network.cell_functions.tape(T, C, D, H, dtype)
            for D, H in zip(network.layer_inputs, network.hidden_sizes, strict=True)
        ]
        self._features = np.zeros((R, network.n_state_features + network.n_skip_features), dtype)
        self._dfeatures = np.zeros((R, network.n_state_features), dtype)
        self._Y = np.zeros((R, O), dtype)
        self._dY = np.zeros((R, O), dtype)
        self._no_dX = np.zeros((0, C, network.n_inputs), dtype)

    def states(self, parameters: Bound) -> np.ndarray:
        """States of the last layer, (T + 1, C, H), the initial ones first."""
        network = self.network
        layer_input = self.X
        for k, weights in enumerate(parameters.layers):
            states = self._states[k]
            if network.learn_initial_state:
                states[0] = parameters.initial_states[k]
            network.cell_functions.forward(
                network.activation_code,
                not network.learn_initial_state,
                *weights,
                layer_input,
                states,
                *self._tapes[k],
            )
            layer_input = states[1:]
        return states

    def predict(self, parameters: Bound) -> np.ndarray:
        """Outputs (R, O); the array is reused by the next call."""
        states = self.states(parameters)
        readout.forward(
            self.network.readout_code,
            parameters.readout,
            parameters.bias,
            states,
            self.X,
            self._features,
            self._Y,
        )
        return self._Y

    def loss(self, parameters: Bound, loss: Callable) -> tuple[float, float]:
        """Weighted sum of losses, and the sum of weights."""
        return loss(self.predict(parameters), self.Z, self.W, self._dY)

    def gradient(self, parameters: Bound, gradients: Bound, loss: Callable) -> tuple[float, float]:
        """Write the gradient of the weighted sum of losses; return that sum and the weights'."""
        network = self.network
        total, weight = self.loss(parameters, loss)
        readout.backward(
            network.readout_code,
            parameters.readout,
            gradients.readout,
            gradients.bias,
            self._features,
            self._dY,
            self._dfeatures,
            self._dstates[-1],
        )
        for k in reversed(range(len(self._states))):
            network.cell_functions.backward(
                network.activation_code,
                not network.learn_initial_state,
                *parameters.layers[k],
                *gradients.layers[k],
                self._states[k - 1][1:] if k else self.X,
                self._states[k],
                *self._tapes[k],
                self._dstates[k],
                self._dstates[k - 1][1:] if k else self._no_dX,
            )
            if network.learn_initial_state:
                self._dstates[k][0].sum(axis=0, out=gradients.initial_states[k])
        return total, weight

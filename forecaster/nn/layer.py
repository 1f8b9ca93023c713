"""One recurrent layer and what follows it, on a chunk of rows: forward and backward."""

from __future__ import annotations

import numpy as np

from forecaster.kernels import joints
from forecaster.kernels.memory import zeros
from forecaster.nn.network import Bound, Network


class Layer:
    """Memory of layer ``k`` for ``n_rows`` rows, allocated once.

    A layer with dilation d links step t to step t - d: that is d interleaved sequences side by
    side, hence the same arrays in another shape, (T / d, d * C, .).

    Attributes
    ----------
    outputs, doutputs : array (T, C, H)
        What the layer above sees, and its gradient, which `backward` uses up.
    may_be_unread : bool
        Whether `backward` can be told of first steps that nothing reads, which then need no
        gradient of 0.
    """

    def __init__(self, network: Network, k: int, n_rows: int, dtype: np.dtype) -> None:
        T, C, d = network.n_steps, n_rows, network.layer_dilations[k]
        D, H = network.layer_inputs[k], network.hidden_sizes[k]
        self._network, self._k = network, k
        self._cell = network.layer_cells[k]
        self._code, self._learned = network.activation_code, network.learn_initial_state
        self._dilation = d
        self._states = zeros((T // d + 1, d * C, H), dtype)
        self._dstates = zeros(self._states.shape, dtype)
        self._tape = self._cell.tape(T // d, d * C, D, H, network.n_outputs, dtype)
        self._residual = network.residual and D == H
        self._drops = network.dropout > 0 and k < len(network.hidden_sizes) - 1
        self._joined = self._residual or self._drops or network.layer_norm
        self.may_be_unread = d == 1 and not self._joined
        self.outputs = self._states[1:].reshape(T, C, H)
        self.doutputs = self._dstates[1:].reshape(T, C, H)
        if self._joined:
            self.outputs = zeros((T, C, H), dtype)  # else the states themselves
        if network.layer_norm:
            self._standard = zeros((T * C, H), dtype)
            self._spread = zeros(T * C, dtype)
        if self._residual:
            self._passed = zeros(T * C * H, dtype)

    @property
    def carried(self) -> list[np.ndarray]:
        """Arrays (T / d + 1, d * C, H) of all that goes from step to step, the start first."""
        return [self._states, *(self._tape[i] for i, _ in self._cell.carried)]

    def forward(self, parameters: Bound, inputs: np.ndarray, fresh: bool, seed: int) -> None:
        """Compute ``outputs`` of inputs (T, C, D).

        ``fresh``: whether sequences start here, or else go on from ``carried``; ``seed``: that of
        dropout, or -1 for none.
        """
        if self._learned and fresh:
            self._states[0] = parameters.initial_states[self._k]
        self._cell.forward(
            self._code,
            fresh and not self._learned,
            *parameters.layers[self._k],
            *self._feedback(parameters),
            self._interleaved(inputs),
            self._states,
            *self._tape,
        )
        if self._joined:
            self._join(parameters, inputs, seed)

    def _join(self, parameters: Bound, inputs: np.ndarray, seed: int) -> None:
        """From the states to the outputs."""
        flat, states = self.outputs.reshape(-1), self._states[1:].reshape(-1)
        if self._residual:
            joints.add(states, inputs.reshape(-1), flat)
        else:
            flat[:] = states
        if self._network.layer_norm:
            rows = flat.reshape(len(self._spread), -1)
            norm = parameters.norms[self._k]
            joints.normalise(rows, *norm, self._standard, self._spread, rows)
        self._drop(flat, seed)

    def _drop(self, values: np.ndarray, seed: int) -> None:
        if self._drops and seed >= 0:
            rate = self._network.dropout
            joints.drop(values, int(rate * 2**32), values.dtype.type(1 / (1 - rate)), seed)

    def backward(
        self,
        parameters: Bound,
        gradients: Bound,
        inputs: np.ndarray,
        dinputs: np.ndarray,
        fresh: bool,
        unread: int,
        seed: int,
    ) -> None:
        """From ``doutputs`` to the gradients of the weights and, unless empty, of the inputs.

        ``unread``: how many of the first steps nothing reads; 0 unless `may_be_unread`.
        """
        if self._joined:
            self._join_backward(parameters, gradients, seed)
        self._cell.backward(
            self._code,
            fresh and not self._learned,
            unread,
            *parameters.layers[self._k],
            *self._feedback(parameters),
            *gradients.layers[self._k],
            *self._feedback(gradients),
            self._interleaved(inputs),
            self._states,
            *self._tape,
            self._dstates,
            self._interleaved(dinputs),
        )
        if self._learned and fresh:
            self._dstates[0].sum(axis=0, out=gradients.initial_states[self._k])
        if self._residual and dinputs.size:
            joints.add(dinputs.reshape(-1), self._passed, dinputs.reshape(-1))

    def _join_backward(self, parameters: Bound, gradients: Bound, seed: int) -> None:
        """From the outputs' gradient to the states', in place."""
        flat = self.doutputs.reshape(-1)
        self._drop(flat, seed)
        if self._network.layer_norm:
            rows = flat.reshape(len(self._spread), -1)
            gain, norm = parameters.norms[self._k][0], gradients.norms[self._k]
            joints.normalise_backward(gain, *norm, self._standard, self._spread, rows)
        if self._residual:
            self._passed[:] = flat

    def _interleaved(self, values: np.ndarray) -> np.ndarray:
        """Values (T, C, D) as they are seen by the sequences that a dilation makes of each."""
        if self._dilation == 1:
            return values
        T, C, D = values.shape
        return values.reshape(T // self._dilation, self._dilation * C, D)

    def _feedback(self, parameters: Bound) -> tuple:
        """What a cell that feeds the network's outputs back needs of the readout."""
        if not self._cell.feeds_back:
            return ()
        states = parameters.readout[: self._network.n_state_features]
        return states, parameters.bias

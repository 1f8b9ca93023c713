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

    Parameters
    ----------
    inputs, dinputs : array (T, C, D)
        What the layer sees, and where `backward` leaves the gradient of it; the latter (0, C, D)
        for not wanted.

    Attributes
    ----------
    outputs, doutputs : array (T, C, H)
        What the layer above sees, and its gradient, which `backward` uses up.
    takes_unread : bool
        Whether `backward` can be told of first steps that nothing reads, and does not look at
        ``doutputs`` there: not where it passes through a joint first, or steps are interleaved.
    """

    def __init__(
        self,
        network: Network,
        k: int,
        n_rows: int,
        dtype: np.dtype,
        inputs: np.ndarray,
        dinputs: np.ndarray,
    ) -> None:
        T, C, d = network.n_steps, n_rows, network.layer_dilations[k]
        D, H = network.layer_inputs[k], network.hidden_sizes[k]
        self._network, self._k = network, k
        cell = network.layer_cells[k]
        self._forward, self._backward, self._carried = cell.forward, cell.backward, cell.carried
        self._code, self._learned = network.activation_code, network.learn_initial_state
        self._states = zeros((T // d + 1, d * C, H), dtype)
        self._dstates = zeros(self._states.shape, dtype)
        self._tape = cell.tape(T // d, d * C, D, H, network.n_outputs, dtype)
        X, dX = (array.reshape(len(array) // d, d * C, D) for array in (inputs, dinputs))
        self._forward_arguments = X, self._states, *self._tape
        self._backward_arguments = *self._forward_arguments, self._dstates, dX
        self._flat_inputs, self._flat_dinputs = inputs.reshape(-1), dinputs.reshape(-1)
        self._residual = network.residual and D == H
        self._drops = network.dropout > 0 and k < len(network.hidden_sizes) - 1
        self._joined = self._residual or self._drops or network.layer_norm
        self.takes_unread = d == 1 and not self._joined
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
        return [self._states, *(self._tape[i] for i, _ in self._carried)]

    def forward(self, parameters: Bound, fresh: bool, seed: int) -> None:
        """Compute ``outputs``.

        ``fresh``: whether sequences start here, or else go on from ``carried``; ``seed``: that of
        dropout, or -1 for none.
        """
        if self._learned and fresh:
            self._states[0] = parameters.initial_states[self._k]
        from_zero = fresh and not self._learned
        weights = parameters.layers[self._k]
        self._forward(self._code, from_zero, *weights, *self._forward_arguments)
        if self._joined:
            self._join(parameters, seed)

    def _join(self, parameters: Bound, seed: int) -> None:
        """From the states to the outputs."""
        flat, states = self.outputs.reshape(-1), self._states[1:].reshape(-1)
        if self._residual:
            joints.add(states, self._flat_inputs, flat)
        else:
            flat[:] = states
        if self._network.layer_norm:
            rows = flat.reshape(len(self._spread), -1)
            norm = parameters.norms[self._k]
            joints.normalise(rows, *norm, self._standard, self._spread, rows)
        self._drop(flat, seed)

    def _drop(self, values: np.ndarray, seed: int) -> None:
        if self._drops and seed >= 0:
            seed = (seed + 0x632BE5AB * (self._k + 1)) & 0xFFFFFFFF  # each layer has its own
            rate = self._network.dropout
            joints.drop(values, int(rate * 2**32), values.dtype.type(1 / (1 - rate)), seed)

    def backward(
        self,
        parameters: Bound,
        gradients: Bound,
        fresh: bool,
        unread: int,
        seed: int,
    ) -> None:
        """From ``doutputs`` to the gradients of the weights and, if wanted, of the inputs.

        ``unread``: how many of the first steps nothing reads; 0 unless `takes_unread`.
        """
        if self._joined:
            self._join_backward(parameters, gradients, seed)
        weights, dweights = parameters.layers[self._k], gradients.layers[self._k]
        from_zero = fresh and not self._learned
        arguments = self._backward_arguments
        self._backward(self._code, from_zero, unread, *weights, *dweights, *arguments)
        if self._learned and fresh:
            self._dstates[0].sum(axis=0, out=gradients.initial_states[self._k])
        if self._residual and self._flat_dinputs.size:
            joints.add(self._flat_dinputs, self._passed, self._flat_dinputs)

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

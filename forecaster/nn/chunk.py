"""Memory for one chunk of rows, and forward and backward through the whole network on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecaster.kernels import readout
from forecaster.kernels.memory import zeros
from forecaster.kernels.readout import EACH
from forecaster.nn.layer import Layer
from forecaster.nn.network import Bound, Network

Carry = list[list[np.ndarray]]  # for each layer, arrays (d * C, H) to go on from
NO_DROPOUT = -1  # a seed


class Chunk:
    """All arrays of ``n_rows`` rows, allocated once; a source fills ``X``, ``Z``, ``W``, ``ends``.

    Parameters
    ----------
    network : Network
        Architecture.
    n_rows : int
        C.
    n_targets : int
        O', columns of the targets; a loss may read several outputs for one target.
    input_gradient : bool
        Whether `gradient` leaves that of the inputs in ``dX``.

    Attributes
    ----------
    X : array (T, C, D)
        Inputs.
    ends : array (C,)
        Steps of each row: what lies behind is not looked at. T unless a source says otherwise.
    Z, W : arrays (S, C, O')
        Targets and their weights; S is 1, or T for outputs at every step.
    dX : array (T, C, D), or (0, C, D)
        Gradient of the inputs.
    """

    def __init__(
        self,
        network: Network,
        n_rows: int,
        dtype: np.dtype,
        n_targets: int,
        input_gradient: bool = False,
    ) -> None:
        T, C, D, O = network.n_steps, n_rows, network.n_inputs, network.n_outputs
        R = network.n_output_steps * C
        self.network = network
        self.X = zeros((T, C, D), dtype)
        self.ends = np.full(C, T)
        self.Z = zeros((network.n_output_steps, C, n_targets), dtype)
        self.W = zeros(self.Z.shape, dtype)
        self._targets = self.Z.reshape(R, n_targets), self.W.reshape(R, n_targets)
        self.dX = zeros((T if input_gradient else 0, C, D), dtype)
        self._layers: list[Layer] = []
        for k in range(len(network.hidden_sizes)):
            below = self._layers[-1] if k else None
            inputs, dinputs = (below.outputs, below.doutputs) if below else (self.X, self.dX)
            self._layers.append(Layer(network, k, C, dtype, inputs, dinputs))
        H, last = network.hidden_sizes[-1], self._layers[-1]
        F = zeros((R, network.n_state_features + network.n_skip_features), dtype)
        self._Y, self._dY = zeros((R, O), dtype), zeros((R, O), dtype)
        scratch = [zeros((n, H), dtype) for n in (O, C, 1)]  # turned, part, nothing
        self._readout = network.readout_code
        self._forward_arguments = last.outputs, self.X, self.ends, F, self._Y
        self._backward_arguments = (
            self.ends,
            F,
            self._dY,
            *scratch,
            last.takes_unread,
            last.doutputs,
        )

    @property
    def carried_shapes(self) -> list[list[tuple[int, ...]]]:
        """Shapes of the arrays in a `Carry` of this chunk."""
        return [[array[0].shape for array in layer.carried] for layer in self._layers]

    def states(
        self, parameters: Bound, carry: Carry | None = None, seed: int = NO_DROPOUT
    ) -> np.ndarray:
        """Outputs of the last layer, (T, C, H).

        ``carry`` holds the states to go on from, nothing at the start of the sequences; on return,
        those at the end. All calls of one chunk have a carry, or none has.
        """
        for k, layer in enumerate(self._layers):
            if carry is not None:
                for i, array in enumerate(layer.carried):
                    array[0] = carry[k][i] if carry else 0
            layer.forward(parameters, not carry, seed)
        if carry is not None:
            carry[:] = [[array[-1].copy() for array in layer.carried] for layer in self._layers]
        return self._layers[-1].outputs

    def predict(
        self, parameters: Bound, carry: Carry | None = None, seed: int = NO_DROPOUT
    ) -> np.ndarray:
        """Outputs (S * C, O); the array is reused by the next call."""
        self.states(parameters, carry, seed)
        weights, bias = parameters.readout, parameters.bias
        readout.forward(self._readout, weights, bias, *self._forward_arguments)
        return self._Y

    def loss(
        self,
        parameters: Bound,
        loss: Callable,
        carry: Carry | None = None,
        seed: int = NO_DROPOUT,
    ) -> tuple[float, float]:
        """Weighted sum of losses, and the sum of weights."""
        return loss(self.predict(parameters, carry, seed), *self._targets, self._dY)

    def gradient(
        self,
        parameters: Bound,
        gradients: Bound,
        loss: Callable,
        carry: Carry | None = None,
        seed: int = NO_DROPOUT,
    ) -> tuple[float, float]:
        """Write the gradient of the weighted sum of losses; return that sum and the weights'."""
        fresh = not carry
        total, weight = self.loss(parameters, loss, carry, seed)
        unread = readout.backward(
            self._readout,
            parameters.readout,
            gradients.readout,
            gradients.bias,
            *self._backward_arguments,
        )
        for layer in reversed(self._layers):
            layer.backward(parameters, gradients, fresh, unread, seed)
            unread = 0  # each step of a layer below is an input of one above
        if self.network.skip and self.dX.size:
            self._add_direct_gradient(parameters)
        return total, weight

    def _add_direct_gradient(self, parameters: Bound) -> None:
        """What reaches the inputs by the skip path alone."""
        T, C, D = self.X.shape
        direct = self._dY @ parameters.readout[self.network.n_state_features :].T
        by_row = self._readout != EACH
        self.dX += direct.reshape(C, T, D).swapaxes(0, 1) if by_row else direct.reshape(T, C, D)

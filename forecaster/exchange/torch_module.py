"""A fitted network as a module of PyTorch, built from its standard parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from forecaster.estimators._scaling import Scaler
from forecaster.exchange._estimators import Model
from forecaster.exchange.torch_weights import (
    adds_inputs,
    blocks,
    weights_from_torch,
    weights_to_torch,
)
from forecaster.kernels.joints import VARIANCE_FLOOR
from forecaster.nn.network import Network


class RecurrentModule(torch.nn.Module):
    """Windows in, predictions in the targets' units out; differentiable, trainable.

    Attributes
    ----------
    recurrent : ModuleList of RNN, GRU or LSTM
        A single one with all layers, if PyTorch's can hold them; else one for each layer.
    linear : Linear
        From states (and inputs, with a skip path) to standardised outputs.
    initial_states : ParameterList
        For each of ``recurrent``, learned states before the first step, (n_layers, H).
    norms : ModuleList of LayerNorm
        One for each layer that is normalised.
    input_center, input_scale, target_center, target_scale : buffer
        Scaling of each input variable and of each output.
    """

    def __init__(self, model: Model, dtype: str) -> None:
        super().__init__()
        network = model.network
        self.network = network
        self._made_from = replace(model, thetas=[])  # the weights are those of the module
        self.recurrent = torch.nn.ModuleList(_recurrent(network, part) for part in blocks(network))
        self.dropout = torch.nn.Dropout(network.dropout)
        self.initial_states = torch.nn.ParameterList()
        self.norms = torch.nn.ModuleList()
        for block in blocks(network):
            H = network.hidden_sizes[block[0]]
            if network.learn_initial_state:
                self.initial_states.append(torch.zeros(len(block), H))
            if network.layer_norm:
                self.norms.append(torch.nn.LayerNorm(H, eps=VARIANCE_FLOOR))
        n_features = network.n_state_features + network.n_skip_features
        self.linear = torch.nn.Linear(n_features, network.n_outputs)
        kind = getattr(torch, dtype)
        self.to(kind)
        weights = weights_to_torch(network, model.thetas[0])
        tensors = {name: torch.tensor(array) for name, array in weights.items()}
        self.load_state_dict(tensors)
        for name, scaler in (("input", model.inputs), ("target", model.targets)):
            self.register_buffer(f"{name}_center", torch.tensor(scaler.center, dtype=kind))
            self.register_buffer(f"{name}_scale", torch.tensor(scaler.scale, dtype=kind))

    def model(self) -> Model:
        """What `to_torch` was given, with the weights as they are now."""
        state = {name: values.detach().cpu().numpy() for name, values in self.state_dict().items()}

        def scaler(name: str) -> Scaler:
            center, scale = (state.pop(f"{name}_{part}") for part in ("center", "scale"))
            return Scaler(center.astype(np.float64), scale.astype(np.float64))

        inputs, targets = scaler("input"), scaler("target")
        theta = weights_from_torch(self.network, state)
        return replace(self._made_from, thetas=[theta], inputs=inputs, targets=targets)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Predict.

        Parameters
        ----------
        X : tensor (B, T, D) or, of one variable, (B, T)
            Windows, in the units of fit.

        Returns
        -------
        y : tensor
            Predictions, of the shape that `predict` gives them; those of a classifier are logits,
            (B, classes) or (B, T, classes).
        """
        network = self.network
        X = X.to(self.linear.weight.dtype)
        inputs = (X.reshape(*X.shape[:2], -1) - self.input_center) / self.input_scale
        states = inputs
        for i, block in enumerate(blocks(network)):
            below = self.dropout(states) if i > 0 else states
            states = self._run(i, below, network.layer_dilations[block[0]])
            if adds_inputs(network, block[0]):
                states = states + below
            if network.layer_norm:
                states = self.norms[i](states)
        if network.readout == "each":
            features = [states, inputs]
        else:
            last = states.flatten(1) if network.readout == "all" else states[:, -1]
            features = [last, inputs.flatten(1)]
        outputs = self.linear(torch.cat(features[: 1 + network.skip], dim=-1))
        y = outputs * self.target_scale + self.target_center
        return y.squeeze(-1) if self._made_from.flat else y

    def _run(self, i: int, inputs: torch.Tensor, dilation: int) -> torch.Tensor:
        """The states of one recurrent module; a dilated one runs on interleaved sequences."""
        B, T, _ = inputs.shape
        sequences = inputs.unflatten(1, (T // dilation, dilation)).transpose(1, 2).flatten(0, 1)
        start: Any = None
        if self.network.learn_initial_state:
            start = self.initial_states[i][:, None].expand(-1, len(sequences), -1).contiguous()
            if self.network.cell == "lstm":
                start = (start, torch.zeros_like(start))
        states, _ = self.recurrent[i](sequences, start)
        return states.unflatten(0, (B, dilation)).transpose(1, 2).flatten(1, 2)


def _recurrent(network: Network, block: range) -> torch.nn.Module:
    """PyTorch's recurrent layers for some of the network's."""
    make = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[network.cell]
    return make(
        network.layer_inputs[block[0]],
        network.hidden_sizes[block[0]],
        len(block),
        batch_first=True,
        dropout=network.dropout if len(block) > 1 else 0.0,
        **({"nonlinearity": network.activation} if network.cell == "elman" else {}),
    )

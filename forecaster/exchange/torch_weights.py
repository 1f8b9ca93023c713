"""Weights in PyTorch's names and layout, in NumPy alone.

PyTorch's matrices are the transposes of ours; gates have the same order (r, z, n and i, f, g, o).
Its recurrent layers have two biases, which are added up; only that of the GRU's candidate is apart
from the other, within the reset product. Ours have one, and the GRU its ``bh`` besides.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecaster.nn.network import Network

GATES = {"elman": 1, "gru": 3, "lstm": 4}  # the cells that PyTorch has: blocks of their matrices


def blocks(network: Network) -> list[range]:
    """The layers that one recurrent module of PyTorch holds: all, if it can compute such a stack.

    It can where layers have one size and nothing between them but dropout.
    """
    n_layers = len(network.hidden_sizes)
    plain = (
        len(set(network.hidden_sizes)) == 1
        and set(network.layer_dilations) == {1}
        and not network.layer_norm
        and not any(adds_inputs(network, k) for k in range(n_layers))
    )
    return [range(n_layers)] if plain else [range(k, k + 1) for k in range(n_layers)]


def adds_inputs(network: Network, k: int) -> bool:
    """Whether layer ``k`` has a residual connection."""
    return network.residual and network.layer_inputs[k] == network.hidden_sizes[k]


def weights_to_torch(network: Network, theta: np.ndarray) -> dict[str, np.ndarray]:
    """The state dict of the module that `to_torch` makes, without its scaling.

    Parameters
    ----------
    network : Network
        Architecture, of a cell that PyTorch has.
    theta : array (n_parameters,)
        The flat vector of all weights.

    Returns
    -------
    dict of str to ndarray
        ``recurrent.0.weight_ih_l0`` and so on, named and laid out as `torch.nn.RNN`,
        `torch.nn.GRU` and `torch.nn.LSTM` have them, one module for each of `blocks`;
        ``initial_states.0`` (n_layers, H); ``norms.0.weight`` and ``norms.0.bias``;
        ``linear.weight`` (O, features) and ``linear.bias``.

    Examples
    --------
    >>> import numpy as np
    >>> from forecaster.nn.network import Network
    >>> network = Network(n_steps=5, n_inputs=2, hidden_sizes=(4,), n_outputs=1, cell="gru")
    >>> weights = weights_to_torch(network, np.zeros(network.n_parameters))
    >>> {name: array.shape for name, array in weights.items() if "weight" in name}
    {'recurrent.0.weight_ih_l0': (12, 2), 'recurrent.0.weight_hh_l0': (12, 4),
     'linear.weight': (1, 4)}
    """
    own = network.views(theta)
    weights = {}
    for i, layers in enumerate(blocks(network)):
        for position, k in enumerate(layers):
            b = own[f"{k}.b"]
            bias_hh = np.zeros_like(b)
            if network.cell == "gru":
                bias_hh[-own[f"{k}.bh"].size :] = own[f"{k}.bh"]
            layer = f"recurrent.{i}.{{}}_l{position}"
            weights[layer.format("weight_ih")] = own[f"{k}.Wx"].T.copy()
            weights[layer.format("weight_hh")] = own[f"{k}.Wh"].T.copy()
            weights[layer.format("bias_ih")] = b.copy()
            weights[layer.format("bias_hh")] = bias_hh
        if network.learn_initial_state:
            weights[f"initial_states.{i}"] = np.stack([own[f"{k}.h0"] for k in layers])
        if network.layer_norm:
            weights[f"norms.{i}.weight"] = own[f"{layers[0]}.gain"].copy()
            weights[f"norms.{i}.bias"] = own[f"{layers[0]}.shift"].copy()
    readout = [own["V"], own["S"]] if network.skip else [own["V"]]
    weights["linear.weight"] = np.concatenate(readout).T.copy()
    weights["linear.bias"] = own["c"].copy()
    return weights


def weights_from_torch(network: Network, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """The inverse of `weights_to_torch`; biases that are missing are zero.

    Parameters
    ----------
    network : Network
        Architecture, of a cell that PyTorch has.
    weights : mapping of str to ndarray
        A state dict as `weights_to_torch` makes it, whichever way the biases are shared out.

    Returns
    -------
    theta : array (n_parameters,)
        In the precision of the weights, float32 or float64.

    Raises
    ------
    ValueError
        If a matrix is missing, an array has another shape than the network needs, or there are
        arrays that it has no place for.

    Examples
    --------
    >>> import numpy as np
    >>> from forecaster.nn.network import Network
    >>> network = Network(n_steps=5, n_inputs=2, hidden_sizes=(4,), n_outputs=1, cell="gru")
    >>> theta = network.initial(np.random.default_rng(0), np.float64)
    >>> back = weights_from_torch(network, weights_to_torch(network, theta))
    >>> bool((back == theta).all())
    True
    """
    unread = set(weights)

    def read(name: str, *shape: int) -> np.ndarray:
        unread.discard(name)
        if name not in weights and name.rpartition(".")[2].startswith("bias"):
            return np.zeros(shape)
        if name not in weights or weights[name].shape != shape:
            got = f"one of shape {weights[name].shape}" if name in weights else "none of that name"
            raise ValueError(
                f"PyTorch's weights must have an array {name!r} of shape {shape} for windows of "
                f"{network.n_steps} steps of {network.n_inputs} inputs and "
                f"readout={network.readout!r}, got {got}: check n_steps, readout and skip."
            )
        return weights[name].astype(np.float64)

    theta = np.zeros(network.n_parameters)
    own = network.views(theta)
    for i, layers in enumerate(blocks(network)):
        for position, k in enumerate(layers):
            D, H = network.layer_inputs[k], network.hidden_sizes[k]
            rows = GATES[network.cell] * H
            layer = f"recurrent.{i}.{{}}_l{position}"
            own[f"{k}.Wx"][:] = read(layer.format("weight_ih"), rows, D).T
            own[f"{k}.Wh"][:] = read(layer.format("weight_hh"), rows, H).T
            own[f"{k}.b"][:] = read(layer.format("bias_ih"), rows)
            bias_hh = read(layer.format("bias_hh"), rows)
            if network.cell == "gru":
                own[f"{k}.bh"][:] = bias_hh[-H:]
                bias_hh[-H:] = 0
            own[f"{k}.b"][:] += bias_hh
        if network.learn_initial_state:
            initial = read(f"initial_states.{i}", len(layers), network.hidden_sizes[layers[0]])
            for position, k in enumerate(layers):
                own[f"{k}.h0"][:] = initial[position]
        if network.layer_norm:
            H = network.hidden_sizes[layers[0]]
            own[f"{layers[0]}.gain"][:] = read(f"norms.{i}.weight", H)
            own[f"{layers[0]}.shift"][:] = read(f"norms.{i}.bias", H)
    n_features = network.n_state_features + network.n_skip_features
    readout = read("linear.weight", network.n_outputs, n_features).T
    own["V"][:] = readout[: network.n_state_features]
    if network.skip:
        own["S"][:] = readout[network.n_state_features :]
    own["c"][:] = read("linear.bias", network.n_outputs)
    if unread:
        raise ValueError(
            f"PyTorch's weights must be those of this network alone, got {min(unread)!r} as well: "
            "check cell, layers and skip."
        )
    return theta.astype(np.result_type(np.float32, *{w.dtype for w in weights.values()}))

"""Where parameters lie in the flat vector, and where they start."""

import numpy as np
import pytest

from forecaster.nn.cell import CELLS
from forecaster.nn.network import READOUT_GAIN, RECURRENT_GAIN, Network

NETWORKS = [
    Network(3, 2, (4,), 1),
    Network(3, 2, (4, 3), 2, readout="all", skip=True, learn_initial_state=True),
    Network(3, 2, (4, 3), 2, readout="each", skip=True),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.readout)
def test_views_cover_the_vector_once(network):
    theta = np.zeros(network.n_parameters)
    for name, view in network.views(theta).items():
        assert view.shape == network.shapes[name]
        view += 1
    np.testing.assert_array_equal(theta, 1)


def test_names_and_shapes_of_elman():
    network = Network(5, 2, (4, 3), 6, readout="all", skip=True, learn_initial_state=True)
    assert list(network.shapes.items()) == [
        ("0.Wx", (2, 4)),
        ("0.Wh", (4, 4)),
        ("0.b", (4,)),
        ("0.h0", (4,)),
        ("1.Wx", (4, 3)),
        ("1.Wh", (3, 3)),
        ("1.b", (3,)),
        ("1.h0", (3,)),
        ("V", (5 * 3, 6)),
        ("S", (5 * 2, 6)),
        ("c", (6,)),
    ]


def test_bound_arrays_are_views_of_the_named_ones():
    network = NETWORKS[1]
    theta = np.arange(float(network.n_parameters))
    views, bound = network.views(theta), network.bind(theta)
    for k, layer in enumerate(bound.layers):
        for name, array in zip(network.cell_functions.shapes(1, 1), layer, strict=True):
            np.testing.assert_array_equal(array, views[f"{k}.{name}"])
        np.testing.assert_array_equal(bound.initial_states[k], views[f"{k}.h0"])
    np.testing.assert_array_equal(bound.readout, np.concatenate([views["V"], views["S"]]))
    np.testing.assert_array_equal(bound.bias, views["c"])
    theta += 1
    assert bound.readout[0, 0] == views["V"][0, 0] == theta[network.slices["V"]][0]


def test_mask():
    network = NETWORKS[1]
    masked = network.views(network.mask("W", "V", "S"))
    for name, view in masked.items():
        np.testing.assert_array_equal(view, float(name[-2:] in ("Wx", "Wh") or name in "VS"))


@pytest.mark.parametrize("cell", CELLS)
def test_initial_weights(cell):
    network = Network(6, 3, (8, 5), 2, cell, readout="all", skip=True, learn_initial_state=True)
    theta = network.initial(np.random.default_rng(0), np.dtype("float64"))
    for name, view in network.views(theta).items():
        kind = name.rpartition(".")[2]
        if kind.startswith("Wh"):  # blocks that keep lengths, times the gain
            H = len(view)
            for block in np.split(view, view.shape[1] // H, axis=1):
                np.testing.assert_allclose(
                    block.T @ block, RECURRENT_GAIN**2 * np.eye(H), atol=1e-14
                )
        elif kind.startswith("Wx"):
            limit = np.sqrt(6 / (len(view) + network.hidden_sizes[int(name[0])]))
            assert 0.5 * limit < np.abs(view).max() <= limit
        elif kind == "V":
            limit = READOUT_GAIN * np.sqrt(6 / sum(view.shape))
            assert 0.5 * limit < np.abs(view).max() <= limit
        elif cell == "lstm" and kind == "b":
            for gate, block in enumerate(np.split(view, 4)):  # i, f, g, o
                np.testing.assert_array_equal(block, gate == 1)
        else:
            np.testing.assert_array_equal(view, 0)


def test_initial_weights_depend_on_the_generator_alone():
    network = NETWORKS[0]
    first, same, other = (network.initial(np.random.default_rng(s), np.float32) for s in (0, 0, 1))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)

"""Where parameters lie in the flat vector, and where they start."""

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from forecaster._threads import single_threaded_blas
from forecaster.nn.cell import CELLS
from forecaster.nn.network import READOUT_GAIN, RECURRENT_GAIN, Network

NETWORKS = [
    Network(3, 2, (4,), 1),
    Network(3, 2, (4, 3), 2, readout="all", skip=True, learn_initial_state=True),
    Network(3, 2, (4, 3), 2, readout="each", skip=True),
]


def test_work_of_a_row_counts_the_readout_as_often_as_it_is_used():
    of_step = (2 * 4 + 4 * 4 + 4) + (4 * 3 + 3 * 3 + 3)
    readout = 3 * 2 + 2
    last, each = (Network(5, 2, (4, 3), 2, readout=name).row_work for name in ("last", "each"))
    assert last == 5 * of_step + readout
    assert each == 5 * of_step + 5 * readout


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


def test_only_the_last_layer_feeds_the_outputs_back():
    network = Network(5, 2, (4, 3), 6, "jordan")
    assert network.layer_cell_names == ("elman", "jordan")
    assert list(network.shapes.items()) == [
        ("0.Wx", (2, 4)),
        ("0.Wh", (4, 4)),
        ("0.b", (4,)),
        ("1.Wx", (4, 3)),
        ("1.Wy", (6, 3)),
        ("1.b", (3,)),
        ("V", (3, 6)),
        ("c", (6,)),
    ]


@pytest.mark.parametrize(
    "options, distorts",
    [
        ({}, False),
        ({"dilations": (5, 1)}, False),
        ({"dilations": (1, 5)}, True),
        ({"hidden_sizes": (2, 3), "residual": True}, False),
        ({"hidden_sizes": (3, 3), "residual": True}, True),
        ({"layer_norm": True}, True),
    ],
)
def test_what_changes_the_outputs_that_are_fed_back(options, distorts):
    network = replace(Network(5, 2, (4, 3), 6), **options)
    assert replace(network, cell="jordan").distorts_feedback == distorts
    assert not network.distorts_feedback


@pytest.mark.parametrize("cell", CELLS)
def test_bound_arrays_are_views_of_the_named_ones(cell):
    network = replace(NETWORKS[1], cell=cell)
    theta = np.arange(float(network.n_parameters))
    views, bound = network.views(theta), network.bind(theta)
    for k, layer in enumerate(bound.layers):
        layer_cell = network.layer_cells[k]
        own = [views[f"{k}.{name}"] for name in layer_cell.shapes(1, 1, 1)]
        fed_back = [views["V"], views["c"]] if layer_cell.feeds_back else []
        for array, view in zip(layer, own + fed_back, strict=True):
            np.testing.assert_array_equal(array, view)
        np.testing.assert_array_equal(bound.initial_states[k], views[f"{k}.h0"])
    np.testing.assert_array_equal(bound.readout, np.concatenate([views["V"], views["S"]]))
    np.testing.assert_array_equal(bound.bias, views["c"])
    theta += 1
    assert bound.readout[0, 0] == views["V"][0, 0] == theta[network.slices["V"]][0]


def test_mask():
    network = replace(NETWORKS[1], cell="elman_jordan")
    masked = network.views(network.mask("W", "V", "S"))
    for name, view in masked.items():
        np.testing.assert_array_equal(view, float(name[-2:] in ("Wx", "Wh", "Wy") or name in "VS"))


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
        elif kind.startswith(("Wx", "Wy")):
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


def test_initial_weights_are_drawn_on_one_thread_of_blas(monkeypatch):
    """Its own threads wait for each other longer than they compute."""
    threads, qr = [], np.linalg.qr

    def recorded(matrix):
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        threads.extend(pool["num_threads"] for pool in pools)
        return qr(matrix)

    monkeypatch.setattr(np.linalg, "qr", recorded)
    with single_threaded_blas():  # loads what there is
        pass
    with threadpool_limits(limits=2, user_api="blas"):
        Network(3, 2, (4,), 1, "gru").initial(np.random.default_rng(0), np.dtype("float32"))
    assert threads
    assert set(threads) == {1}


def test_initial_weights_depend_on_the_generator_alone():
    network = NETWORKS[0]
    first, same, other = (network.initial(np.random.default_rng(s), np.float32) for s in (0, 0, 1))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)

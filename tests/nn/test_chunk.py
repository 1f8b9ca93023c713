"""Sequences that go on from one chunk to the next, and the gradient of the inputs."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.cell import CELLS
from forecaster.nn.chunk import Chunk
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from tests import reference
from tests.reference import assert_close

WHOLE = Network(  # with what a cell bears that feeds the outputs back
    6, 2, (2, 3), 1, readout="each", learn_initial_state=True, residual=True, dilations=(3, 1)
)
HALF = replace(WHOLE, n_steps=3)
C = 4


@pytest.fixture(params=CELLS)
def cell(request):
    return request.param


def arrays(network):
    rng = np.random.default_rng(0)
    theta = 0.5 * rng.standard_normal(network.n_parameters)
    return network.bind(theta), theta, rng.standard_normal((network.n_steps, C, network.n_inputs))


@pytest.mark.parametrize("learned", [True, False])
def test_two_halves_make_a_whole(cell, learned):
    whole, half = (replace(n, cell=cell, learn_initial_state=learned) for n in (WHOLE, HALF))
    parameters, _, X = arrays(whole)
    at_once, by_parts = Chunk(whole, C, X.dtype, 1), Chunk(half, C, X.dtype, 1)
    at_once.X[:] = X
    expected = at_once.states(parameters).copy()
    for _ in range(2):  # the second time from a start of its own, not from where it ended
        carry = []
        for part in (slice(0, 3), slice(3, 6)):
            by_parts.X[:] = X[part]
            assert_close(by_parts.states(parameters, carry), expected[part])


def test_gradients_do_not_reach_what_was_carried_over(cell):
    """Only the first part moves the learned initial states."""
    network = replace(HALF, cell=cell)
    parameters, theta, X = arrays(network)
    chunk, gradient = Chunk(network, C, X.dtype, 1), np.zeros_like(theta)
    chunk.X[:], chunk.W[:] = X, 1
    carry, loss, where = [], Loss().bind(X.dtype), network.slices["0.h0"]
    chunk.gradient(parameters, network.bind(gradient), loss, carry)
    assert gradient[where].all()
    gradient[:] = 0
    chunk.gradient(parameters, network.bind(gradient), loss, carry)
    assert not gradient[where].any()
    assert gradient[network.slices["0.Wx"]].all()


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("readout", ["last", "all", "each"])
def test_gradient_of_the_inputs(cell, readout, skip, n_threads):
    network = replace(WHOLE, cell=cell, readout=readout, skip=skip)
    _, theta, X = arrays(network)
    X = X.swapaxes(0, 1).copy()
    Z, W = np.ones((2, C, network.n_output_steps, 1))
    engine = Engine(network, C, X.dtype, n_threads, input_gradient=True)
    source, loss = ArraySource(X, Z, W), Loss()
    actual = engine.input_gradients(network.bind(theta), source, np.arange(C), loss.bind(X.dtype))

    def scalar(X):
        losses = reference.element_losses(loss, reference.outputs(network, theta, X), Z)
        return np.sum(losses)

    assert_close(actual, reference.gradient(scalar, X), 100)


@pytest.mark.parametrize(
    "options, unread",
    [
        ({}, 5),
        ({"readout": "each"}, 0),
        ({"readout": "all"}, 0),
        ({"dilations": (3,)}, 0),
        ({"layer_norm": True}, 0),
        ({"residual": True}, 0),
    ],
    ids=str,
)
def test_a_layer_is_told_what_nothing_reads(options, unread):
    network = Network(6, 2, (2,), 1, **options)
    parameters, theta, X = arrays(network)
    chunk, told = Chunk(network, C, X.dtype, 1), []
    chunk.X[:] = X
    backward = chunk._layers[0]._backward
    chunk._layers[0]._backward = lambda *arguments: (
        told.append(arguments[2]),
        backward(*arguments),
    )
    chunk.gradient(parameters, network.bind(np.zeros_like(theta)), Loss().bind(X.dtype))
    assert told == [unread]


def test_each_layer_drops_others():
    network = Network(6, 2, (8, 8, 8), 1, dropout=0.5)
    parameters, _, X = arrays(network)
    chunk = Chunk(network, C, X.dtype, 1)
    chunk.X[:] = X
    chunk.states(parameters, seed=3)
    first, second, last = (layer.outputs == 0 for layer in chunk._layers)
    assert 0.3 < (first == second).mean() < 0.7
    assert not last.any()


def test_dropout_is_for_training_alone():
    network = replace(WHOLE, dropout=0.5, residual=False)
    parameters, _, X = arrays(network)
    chunk = Chunk(network, C, X.dtype, 1)
    chunk.X[:] = X
    plain, dropped = chunk.states(parameters).copy(), chunk.states(parameters, seed=3).copy()
    assert not np.array_equal(plain, dropped)
    np.testing.assert_array_equal(chunk.states(parameters, seed=3), dropped)
    np.testing.assert_array_equal(chunk.states(parameters), plain)

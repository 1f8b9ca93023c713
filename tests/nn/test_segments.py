"""Truncated backpropagation through time: segments of sequences, states carried, gradients not."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.order import Order
from forecaster.nn.plan import Plan
from forecaster.nn.scoring import mean_loss
from forecaster.nn.solvers import Adam
from forecaster.nn.source import ArraySource
from forecaster.nn.training import train

WHOLE = Network(6, 2, (3,), 1, readout="each")
HALF = replace(WHOLE, n_steps=3)
PLAN = Plan(Adam, batch_size=4, max_iter=3, n_segments=2, learning_rate=0.05)
N = 10


def sources():
    """Ten sequences, as a whole and as halves."""
    rng = np.random.default_rng(0)
    X, Z = rng.standard_normal((N, 6, 2)), rng.standard_normal((N, 6, 1))
    W = rng.uniform(0.5, 2, Z.shape)
    return ArraySource(X, Z, W), ArraySource(
        X.reshape(2 * N, 3, 2), Z.reshape(2 * N, 3, 1), W.reshape(2 * N, 3, 1)
    )


def test_batches_go_through_the_segments_of_their_sequences_one_after_the_other():
    order, rng, seen = Order(), np.random.default_rng(0), []
    for _ in range(PLAN.batches_per_pass(2 * N)):
        rows = order.batch(2 * N, PLAN, rng)
        assert (rows % 2 == order.segment).all()
        seen.append(rows)
        order.advance(len(rows), PLAN)
    for first, second in zip(seen[::2], seen[1::2]):
        np.testing.assert_array_equal(first + 1, second)
    assert sorted(np.concatenate(seen)) == list(range(2 * N))


@pytest.mark.parametrize("cell", CELLS)
def test_the_loss_of_segments_is_that_of_the_whole(cell):
    """Hidden states go on: the network is the same one, read to the end."""
    whole, half = (replace(network, cell=cell) for network in (WHOLE, HALF))
    theta = whole.initial(np.random.default_rng(1), np.dtype("float64"))
    long, short = sources()
    loss = Loss().bind(theta.dtype)
    with Engine(whole, N, theta.dtype) as engine:
        expected = mean_loss(whole, engine, whole.bind(theta), long, loss)
    with Engine(half, 4, theta.dtype) as engine:
        found = mean_loss(half, engine, half.bind(theta), short, loss, n_segments=2)
        cut = mean_loss(half, engine, half.bind(theta), short, loss)
    assert found / 3 == pytest.approx(expected / 6, rel=1e-13)
    assert cut != pytest.approx(found, rel=1e-6)


def test_training_carries_states_over():
    theta = HALF.initial(np.random.default_rng(1), np.dtype("float64"))
    _, short = sources()
    carried, cut = (
        train(HALF, theta, short, replace(PLAN, n_segments=n), np.random.default_rng(2))
        for n in (2, 1)
    )
    assert carried.n_steps == 3 * 2 * 3
    assert not np.allclose(carried.theta, cut.theta)
    again = train(HALF, theta, short, PLAN, np.random.default_rng(2), n_threads=2)
    np.testing.assert_array_equal(again.theta, carried.theta)

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
from forecaster.nn.state import State
from forecaster.nn.training import resume, train

WHOLE = Network(6, 2, (3,), 1, readout="each")
HALF = replace(WHOLE, n_steps=3)
PLAN = Plan(Adam, batch_size=4, max_iter=3, n_segments=2, learning_rate=0.05)
N = 10


def theta():
    return HALF.initial(np.random.default_rng(1), np.dtype("float64"))


def segment_weights():
    """Of four sequences, the second half of each is padding."""
    weights = np.ones((4, 2, 3, 1))
    weights[:, 1] = 0
    return weights.reshape(8, 3, 1)


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


def test_a_pass_that_has_ended_leaves_nothing_behind():
    """Nothing for pickles and files to hold."""
    order, rng = Order(), np.random.default_rng(0)
    for _ in range(PLAN.batches_per_pass(2 * N)):
        order.advance(len(order.batch(2 * N, PLAN, rng)), PLAN)
    assert vars(order)["_sequences"].size == 0
    state = State.begin(HALF, theta(), PLAN, rng)
    resume(HALF, state, sources()[1], PLAN)
    assert state.carries == []


def test_a_pass_in_more_segments_than_there_are_now_begins_anew():
    """Or else rows would be asked for that there are not."""
    order, rng, plan = Order(), np.random.default_rng(0), replace(PLAN, n_segments=4)
    for _ in range(3):
        order.advance(len(order.batch(4 * N, plan, rng)), plan)
    assert order.segment == 3
    assert (order.batch(2 * N, PLAN, rng) < 2 * N).all()
    assert order.segment == 0


@pytest.mark.parametrize("batch_size", [3, 6])
def test_batches_of_another_size_begin_a_new_pass(batch_size):
    """The states that were carried are those of other rows."""
    state = State.begin(HALF, theta(), PLAN, np.random.default_rng(0))
    _, short = sources()
    resume(HALF, state, short, replace(PLAN, max_steps=1))
    assert state.order.segment == 1
    assert resume(HALF, state, short, replace(PLAN, batch_size=batch_size)).status == "finished"


def test_sequences_of_a_single_segment_take_nothing_over():
    state = State.begin(HALF, theta(), PLAN, np.random.default_rng(0))
    _, short = sources()
    resume(HALF, state, short, replace(PLAN, max_steps=1))
    assert state.carries != []
    plan = replace(PLAN, n_segments=1, learning_rate=0.0, batch_size=2 * N, max_iter=1)
    found = resume(HALF, state, short, plan).loss_curve[-1]
    expected = train(HALF, state.theta, short, plan, np.random.default_rng(0)).loss_curve[-1]
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("ema_decay", [None, 0.5])
def test_a_segment_behind_all_ends_moves_nothing(ema_decay):
    """Not by the momentum of earlier steps, nor by the penalty; time goes on."""
    rng = np.random.default_rng(0)
    X, Z = rng.standard_normal((8, 3, 2)), rng.standard_normal((8, 3, 1))
    rows = ArraySource(X, Z, segment_weights())
    plan = replace(PLAN, l2=0.1, shuffle=False, max_iter=2, ema_decay=ema_decay)
    state = State.begin(HALF, theta(), plan, rng)
    resume(HALF, state, rows, replace(plan, max_steps=1))
    before, kept = state.theta.copy(), state.weights.copy()
    trained = resume(HALF, state, rows, replace(plan, max_steps=1))
    np.testing.assert_array_equal(state.theta, before)
    np.testing.assert_array_equal(state.weights, kept)
    assert trained.n_steps == 2


def test_without_a_step_there_is_nothing_to_average():
    _, short = sources()
    short._weights[::2] = 0
    state = State.begin(HALF, theta(), replace(PLAN, ema_decay=0.5), np.random.default_rng(0))
    trained = resume(HALF, state, short, replace(PLAN, ema_decay=0.5, max_steps=1))
    np.testing.assert_array_equal(trained.theta, theta())


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
    with Engine(half, 4, theta.dtype) as engine:
        cut = mean_loss(half, engine, half.bind(theta), short, loss)
    assert found / 3 == pytest.approx(expected / 6, rel=1e-13)
    assert cut != pytest.approx(found, rel=1e-6)


def test_training_carries_states_over():
    _, short = sources()
    carried, cut = (
        train(HALF, theta(), short, replace(PLAN, n_segments=n), np.random.default_rng(2))
        for n in (2, 1)
    )
    assert carried.n_steps == 3 * 2 * 3
    assert not np.allclose(carried.theta, cut.theta)
    again = train(HALF, theta(), short, PLAN, np.random.default_rng(2), n_threads=2)
    np.testing.assert_array_equal(again.theta, carried.theta)

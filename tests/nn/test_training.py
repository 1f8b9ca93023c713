"""Training step by step: what every setting of a plan does, and that nothing else matters."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from forecaster.nn import engine as engine_module
from forecaster.nn.cell import CELLS
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.solvers import SOLVERS, Adam, RMSprop
from forecaster.nn.source import ArraySource
from tests import reference
from tests.nn.common import (
    ADAM,
    N_ROWS,
    NETWORK,
    ONE_STEP,
    Rows,
    fit,
    full_gradient,
    plain_sgd,
    start,
)
from tests.reference import assert_close

# --- Steps --------------------------------------------------------------------------------------


def test_a_step_of_gradient_descent():
    source, theta = Rows(), start()
    trained = fit(ONE_STEP, source, theta=theta)
    assert_close(trained.theta, theta - 0.1 * full_gradient(theta, source), 30)
    expected = reference.loss(NETWORK, theta, source.X, source.Z, source.weights, Loss())
    assert trained.loss_curve == pytest.approx([expected], rel=1e-13)
    assert trained.best_loss == trained.loss_curve[0]
    assert trained.n_steps == 1
    assert trained.status == "finished"


def test_outputs_at_every_step_add_up():
    """The loss is the mean over rows and outputs, and the sum over output steps."""
    network = Network(3, 2, (3,), 2, readout="each")
    source, theta = Rows(network), start(network)
    trained = fit(ONE_STEP, source, network, theta)
    assert_close(trained.theta, theta - 0.1 * full_gradient(theta, source, network), 30)


@pytest.mark.parametrize("max_norm", [0.1, 1e9])
def test_long_gradients_are_shortened(max_norm):
    source, theta = Rows(), start()
    g = full_gradient(theta, source)
    norm = np.linalg.norm(g)
    assert 0.1 < norm < 1e9
    trained = fit(replace(ONE_STEP, max_grad_norm=max_norm), source, theta=theta)
    assert_close(trained.theta, theta - 0.1 * g * min(1, max_norm / norm), 30)


def test_l2_pulls_weights_but_not_biases():
    network = replace(NETWORK, learn_initial_state=True)
    source, theta, l2 = Rows(), start(network), 0.3
    weights = np.zeros_like(theta)
    for name in ("0.Wx", "0.Wh", "V", "S"):
        weights[network.slices[name]] = 1
    trained = fit(replace(ONE_STEP, l2=l2), source, network, theta)
    g = full_gradient(theta, source, network) + l2 * weights * theta
    assert_close(trained.theta, theta - 0.1 * g, 30)
    plain = fit(ONE_STEP, source, network, theta)
    penalty = l2 / 2 * np.sum(weights * theta**2)
    assert trained.loss_curve[0] == pytest.approx(plain.loss_curve[0] + penalty, rel=1e-13)
    still = replace(ONE_STEP, l2=l2, learning_rate=0.0, steps_per_iter=3)
    assert fit(still, source, network, theta).loss_curve == pytest.approx(trained.loss_curve)


@pytest.mark.parametrize("make_solver", [plain_sgd, Adam, RMSprop])
def test_weight_decay_shrinks_all_weights_but_biases(make_solver):
    """Decoupled: it does not pass through the solver's own scaling, nor is it in the loss."""
    network = replace(NETWORK, learn_initial_state=True)
    theta, plan = start(network), replace(ONE_STEP, make_solver=make_solver)
    weights = np.zeros_like(theta)
    for name in ("0.Wx", "0.Wh", "V", "S"):
        weights[network.slices[name]] = 1
    plain = fit(plan, Rows(), network, theta)
    decayed = fit(replace(plan, weight_decay=0.3), Rows(), network, theta)
    assert_close(decayed.theta, plain.theta - 0.1 * 0.3 * weights * theta, 4)
    assert decayed.loss_curve == plain.loss_curve


@pytest.mark.parametrize("make_solver", [plain_sgd, Adam])
def test_readout_decay_shrinks_the_readout_alone(make_solver):
    theta, plan = start(), replace(ONE_STEP, make_solver=make_solver)
    readout = np.zeros_like(theta)
    for name in ("V", "S"):
        readout[NETWORK.slices[name]] = 1
    plain = fit(plan, theta=theta)
    decayed = fit(replace(plan, readout_decay=0.3), theta=theta)
    assert_close(decayed.theta, plain.theta - 0.1 * 0.3 * readout * theta, 4)
    assert decayed.loss_curve == plain.loss_curve


def test_curves_of_rates_and_gradients():
    """Norms are means over the steps of an iteration, before gradients are shortened."""
    source, theta = Rows(), start()
    plan = replace(ONE_STEP, max_iter=2, steps_per_iter=2, learning_rate=0.0, max_grad_norm=0.1)
    trained = fit(plan, source, theta=theta)
    assert trained.learning_rate_curve == [0.0, 0.0]
    norm = np.linalg.norm(full_gradient(theta, source))
    assert trained.gradient_norm_curve == pytest.approx([norm, norm], rel=1e-13)
    moved = fit(replace(plan, learning_rate=0.1, max_iter=1), source, theta=theta)
    after = theta - 0.1 * 0.1 / norm * full_gradient(theta, source)
    norms = [norm, np.linalg.norm(full_gradient(after, source))]
    assert moved.gradient_norm_curve == pytest.approx([np.mean(norms)], rel=1e-13)


def test_loss_by_name():
    absolute = fit(replace(ONE_STEP, loss=Loss("absolute_error")))
    assert absolute.loss_curve != fit(ONE_STEP).loss_curve


@pytest.mark.parametrize("make_solver", SOLVERS.values(), ids=SOLVERS)
def test_a_learning_rate_of_zero_changes_nothing(make_solver):
    theta = start()
    plan = replace(ADAM, make_solver=make_solver, learning_rate=0.0, weight_decay=0.1, l2=0.1)
    np.testing.assert_array_equal(fit(plan, theta=theta).theta, theta)


def test_rows_of_weight_zero_do_not_count():
    source = Rows()
    source.weights[3:] = 0
    few = ArraySource(source.X[:3], source.Z[:3], source.weights[:3])
    assert_close(fit(ONE_STEP, source).theta, fit(ONE_STEP, few).theta, 30)
    source.weights[:] = 0
    np.testing.assert_array_equal(fit(ONE_STEP, source).theta, start())


# --- Learning -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_overfits_eight_windows(cell):
    network = Network(4, 1, (8,), 1, cell)
    plan = replace(ADAM, batch_size=8, learning_rate=0.03, max_iter=300)
    theta = network.initial(np.random.default_rng(0), np.dtype("float64"))
    trained = fit(plan, Rows(network, n_rows=8), network, theta)
    assert trained.loss_curve[0] > 0.1
    assert trained.loss_curve[-1] < 1e-4


# --- Reproducible -------------------------------------------------------------------------------


def test_same_seed_same_bits():
    first, same, other = (fit(ADAM, rng=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.theta, same.theta)
    assert first.loss_curve == same.loss_curve
    assert not np.array_equal(first.theta, other.theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [2, 3])
def test_number_of_threads_does_not_change_a_bit(n_threads, dtype, monkeypatch):
    monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size, _: min(batch_size, 2))
    monkeypatch.setattr(engine_module, "_MIN_WORK_FOR_THREADS", 0)
    validation = Rows(n_rows=6, dtype=dtype, seed=3)
    one, many = (
        fit(ADAM, Rows(dtype=dtype), theta=start(dtype=dtype), validation=validation, n_threads=n)
        for n in (1, n_threads)
    )
    assert one.theta.dtype == dtype
    np.testing.assert_array_equal(one.theta, many.theta)
    assert one.loss_curve == many.loss_curve
    assert one.validation_curve == many.validation_curve


def test_global_random_state_is_not_touched():
    before = np.random.get_state()  # noqa: NPY002
    fit(ADAM)
    for a, b in zip(before, np.random.get_state(), strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(a, b)


def test_weights_at_the_start_are_left_alone():
    theta = start()
    fit(ADAM, theta=theta)
    np.testing.assert_array_equal(theta, start())


# --- Batches ------------------------------------------------------------------------------------


def test_without_shuffling_rows_come_in_order():
    source = Rows()
    fit(replace(ADAM, shuffle=False, max_iter=2), source)
    assert source.batches == 2 * [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_shuffling_reorders_every_pass():
    source = Rows()
    fit(replace(ADAM, max_iter=2), source)
    passes = [[*chain(*batches)] for batches in (source.batches[:3], source.batches[3:])]
    assert [len(batch) for batch in source.batches] == [4, 4, 2, 4, 4, 2]
    for order in passes:
        assert sorted(order) == list(range(N_ROWS))
        assert order != sorted(order)
    assert passes[0] != passes[1]


def test_drop_last_leaves_out_the_rows_of_a_short_batch():
    source = Rows()
    trained = fit(replace(ADAM, drop_last=True, max_iter=20), source)
    assert {len(batch) for batch in source.batches} == {4}
    assert trained.n_steps == 2 * 20
    assert {row for batch in source.batches for row in batch} == set(range(N_ROWS))


def test_drop_last_keeps_a_batch_that_is_larger_than_the_rows():
    source = Rows()
    fit(replace(ADAM, drop_last=True, batch_size=64, max_iter=1), source)
    assert [len(batch) for batch in source.batches] == [N_ROWS]


def test_steps_per_iteration():
    """An iteration may end in the midst of a pass, and the next goes on from there."""
    source, seen = Rows(), []
    plan = replace(ADAM, steps_per_iter=2, max_iter=3, shuffle=False)
    trained = fit(plan, source, progress=seen.append)
    assert trained.n_steps == 6
    assert len(trained.loss_curve) == 3
    assert seen == [2, 2, 2]
    assert [batch[0] for batch in source.batches] == [0, 4, 8, 0, 4, 8]


def test_max_steps_cuts_the_last_iteration_short():
    seen = []
    plan = replace(ADAM, steps_per_iter=2, max_iter=3, max_steps=5, schedule="one_cycle")
    trained = fit(plan, progress=seen.append)
    assert trained.n_steps == 5
    assert trained.status == "finished"
    assert seen == [2, 2, 1]
    by_step = fit(replace(plan, steps_per_iter=1, max_iter=5, max_steps=None))
    np.testing.assert_array_equal(trained.theta, by_step.theta)
    last = np.mean(by_step.loss_curve[-1:])
    assert trained.loss_curve[-1] == pytest.approx(last, rel=1e-13)


def test_max_steps_may_come_before_the_last_iteration():
    trained = fit(replace(ADAM, steps_per_iter=2, max_iter=50, max_steps=5))
    assert trained.n_steps == 5
    assert len(trained.loss_curve) == 3

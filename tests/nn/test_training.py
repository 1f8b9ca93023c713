"""The training loop: what every setting does, and what is kept when training ends early."""

import math
import signal
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn import engine as engine_module
from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.network import Network
from forecaster.nn.solvers import SCHEDULES, SGD, Adam, one_cycle
from forecaster.nn.source import ArraySource
from forecaster.nn.ensemble import train_side_by_side
from forecaster.nn.training import Plan, mean_loss, train
from tests import reference
from tests.reference import assert_close

NETWORK = Network(3, 2, (3,), 1, readout="all", skip=True)
N_ROWS = 10


def plain_sgd(n_parameters, dtype, decay):
    return SGD(n_parameters, dtype, decay, momentum=0.0, nesterov=False)


# Plain gradient descent on all rows at once: a step that can be written down by hand
ONE_STEP = Plan(
    plain_sgd, batch_size=N_ROWS, learning_rate=0.1, max_iter=1, max_grad_norm=None, shuffle=False
)
ADAM = Plan(Adam, batch_size=4, learning_rate=0.01, max_iter=5, n_iter_no_change=0)


class Rows(ArraySource):
    """Random rows that remember which of them were asked for."""

    def __init__(self, network=NETWORK, n_rows=N_ROWS, dtype="float64", seed=1):
        rng = np.random.default_rng(seed)
        self.X = rng.standard_normal((n_rows, network.n_steps, network.n_inputs)).astype(dtype)
        self.Z = rng.standard_normal((n_rows, network.n_output_steps, network.n_outputs))
        self.Z = self.Z.astype(dtype)
        self.weights = rng.uniform(0.5, 2, n_rows).astype(dtype)
        super().__init__(self.X, self.Z, self.weights)
        self.batches = []

    def fill(self, rows, chunk):
        self.batches.append(rows.tolist())
        super().fill(rows, chunk)


class InterruptedRows(Rows):
    """Rows whose reader is interrupted at the nth batch."""

    def __init__(self, n, **options):
        super().__init__(**options)
        self.n = n

    def fill(self, rows, chunk):
        if len(self.batches) == self.n:
            raise KeyboardInterrupt
        super().fill(rows, chunk)


def start(network=NETWORK, dtype="float64"):
    """Weights none of which is zero."""
    theta = 0.5 * np.random.default_rng(2).standard_normal(network.n_parameters)
    return theta.astype(dtype)


def fit(plan, source=None, network=NETWORK, theta=None, seed=0, **options):
    theta = start(network) if theta is None else theta
    source = Rows(network) if source is None else source
    return train(network, theta, source, plan, np.random.default_rng(seed), **options)


def full_gradient(theta, source, network=NETWORK):
    def loss(theta):
        return reference.loss(
            network, theta, source.X, source.Z, source.weights, "squared_error"
        )

    return reference.gradient(loss, theta)


# --- Steps --------------------------------------------------------------------------------------


def test_a_step_of_gradient_descent():
    source, theta = Rows(), start()
    trained = fit(ONE_STEP, source, theta=theta)
    assert_close(trained.theta, theta - 0.1 * full_gradient(theta, source), 30)
    expected = reference.loss(
        NETWORK, theta, source.X, source.Z, source.weights, "squared_error"
    )
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


def test_loss_by_name():
    absolute = fit(replace(ONE_STEP, loss="absolute_error"))
    assert absolute.loss_curve != fit(ONE_STEP).loss_curve


@pytest.mark.parametrize("make_solver", [Adam, SGD])
def test_a_learning_rate_of_zero_changes_nothing(make_solver):
    theta = start()
    plan = replace(ADAM, make_solver=make_solver, learning_rate=0.0, readout_decay=0.1, l2=0.1)
    np.testing.assert_array_equal(fit(plan, theta=theta).theta, theta)


def test_rows_of_weight_zero_do_not_count():
    source = Rows()
    source.weights[3:] = 0
    few = ArraySource(source.X[:3], source.Z[:3], source.weights[:3])
    assert_close(fit(ONE_STEP, source).theta, fit(ONE_STEP, few).theta, 30)
    source.weights[:] = 0
    np.testing.assert_array_equal(fit(ONE_STEP, source).theta, start())


# --- Learning rates over time -------------------------------------------------------------------


def test_one_cycle():
    """Up to the rate over the first fifth, down to zero over the rest."""
    up = [one_cycle(p) for p in np.linspace(0, 0.2, 21)]
    down = [one_cycle(p) for p in np.linspace(0.2, 1, 81)]
    assert up[0] == 0
    assert up[-1] == down[0] == 1
    assert down[-1] == pytest.approx(0, abs=1e-15)
    assert np.all(np.diff(up) > 0)
    assert np.all(np.diff(down) < 0)
    assert one_cycle(0.1) == pytest.approx(0.5)
    assert one_cycle(0.6) == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedule_scales_the_steps(schedule):
    """Each step takes the rate in the middle of its share of the training."""
    plan = replace(ONE_STEP, schedule=schedule, max_iter=2, steps_per_iter=2)
    source, theta = Rows(), start()
    trained = fit(plan, source, theta=theta)
    for progress in (1 / 8, 3 / 8, 5 / 8, 7 / 8):
        theta = theta - 0.1 * SCHEDULES[schedule](progress) * full_gradient(theta, source)
    assert_close(trained.theta, theta, 100)


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
    first, same, other = (fit(ADAM, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.theta, same.theta)
    assert first.loss_curve == same.loss_curve
    assert not np.array_equal(first.theta, other.theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [2, 3])
def test_number_of_threads_does_not_change_a_bit(n_threads, dtype, monkeypatch):
    monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size: min(batch_size, 2))
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


def test_a_solver_continues_where_it_was():
    solver = Adam(NETWORK.n_parameters, np.dtype("float64"), np.zeros(NETWORK.n_parameters))
    plan = replace(ADAM, shuffle=False, max_iter=2)
    half = fit(plan, solver=solver)
    continued = fit(plan, theta=half.theta, solver=solver)
    whole = fit(replace(plan, max_iter=4))
    np.testing.assert_array_equal(continued.theta, whole.theta)
    afresh = fit(plan, theta=half.theta)
    assert not np.array_equal(afresh.theta, whole.theta)


# --- Batches ------------------------------------------------------------------------------------


def test_without_shuffling_rows_come_in_order():
    source = Rows()
    fit(replace(ADAM, shuffle=False, max_iter=2), source)
    assert source.batches == 2 * [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_shuffling_reorders_every_pass():
    source = Rows()
    fit(replace(ADAM, max_iter=2), source)
    passes = [sum(source.batches[:3], []), sum(source.batches[3:], [])]
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


# --- Stopping -----------------------------------------------------------------------------------


def test_stops_without_improvement():
    """The first iteration always improves; a huge tolerance lets no other one do so."""
    plan = replace(ADAM, max_iter=50, tol=1e9, n_iter_no_change=3)
    trained = fit(plan)
    assert trained.status == "converged"
    assert len(trained.loss_curve) == 1 + 3
    np.testing.assert_array_equal(trained.theta, fit(replace(ADAM, max_iter=4)).theta)
    never = fit(replace(plan, n_iter_no_change=0))
    assert never.status == "finished"
    assert len(never.loss_curve) == 50


def overfitting():
    """A plan and validation rows on which the loss has its minimum in the midst of training."""
    return replace(ADAM, learning_rate=0.1, max_iter=12), Rows(n_rows=7, seed=5)


def test_validation_keeps_the_best_weights():
    plan, validation = overfitting()
    trained = fit(plan, validation=validation)
    best = int(np.argmin(trained.validation_curve))
    assert 0 < best < len(trained.validation_curve) - 1
    assert trained.best_loss == trained.validation_curve[best]
    with Engine(NETWORK, 4, trained.theta.dtype) as engine:
        kept = mean_loss(
            NETWORK, engine, NETWORK.bind(trained.theta), validation, "squared_error"
        )
    assert kept == trained.best_loss
    shorter = fit(replace(plan, max_iter=best + 1))
    np.testing.assert_array_equal(trained.theta, shorter.theta)


def test_validation_stops_early_and_still_keeps_the_best_weights():
    plan, validation = overfitting()
    whole = fit(plan, validation=validation)
    best = int(np.argmin(whole.validation_curve))
    assert best < len(whole.validation_curve) - 3
    trained = fit(replace(plan, n_iter_no_change=2, tol=0.0), validation=validation)
    assert trained.status == "converged"
    assert trained.validation_curve == whole.validation_curve[: len(trained.validation_curve)]
    assert trained.best_loss == min(trained.validation_curve) != trained.validation_curve[-1]


def test_mean_loss_over_several_batches():
    rows, theta = Rows(), start()
    expected = reference.loss(NETWORK, theta, rows.X, rows.Z, rows.weights, "squared_error")
    for batch_size in (3, N_ROWS):
        with Engine(NETWORK, batch_size, theta.dtype) as engine:
            loss = mean_loss(NETWORK, engine, NETWORK.bind(theta), rows, "squared_error")
        assert loss == pytest.approx(expected, rel=1e-13)


def test_without_validation_the_last_weights_are_kept():
    plan = replace(ADAM, learning_rate=0.3, max_iter=12)
    trained = fit(plan)
    assert np.argmin(trained.loss_curve) < 11
    assert trained.best_loss == min(trained.loss_curve)
    interrupted = fit(replace(plan, max_iter=13), InterruptedRows(12 * 3))
    assert interrupted.loss_curve == trained.loss_curve
    assert not np.array_equal(interrupted.theta, trained.theta)


def test_divergence_is_noticed_and_the_best_weights_are_kept():
    network = replace(NETWORK, activation="identity")
    plan = replace(ONE_STEP, learning_rate=10.0, max_iter=1_000, n_iter_no_change=0)
    with np.errstate(all="ignore"):  # plain NumPy warns when the JIT is off
        trained = fit(plan, network=network, validation=Rows(n_rows=7, seed=3))
    assert trained.status == "diverged"
    assert len(trained.loss_curve) < 1_000
    assert np.isfinite(trained.theta).all()
    assert np.isfinite(trained.loss_curve).all()
    best = int(np.argmin(trained.validation_curve))
    np.testing.assert_array_equal(
        trained.theta, fit(replace(plan, max_iter=best + 1), network=network).theta
    )


@pytest.mark.parametrize("bad", ["X", "Z", "weights"])
def test_nan_in_the_data_is_divergence_not_a_result(bad):
    source = Rows()
    getattr(source, bad)[3] = np.nan
    trained = fit(ONE_STEP, source)
    assert trained.status == "diverged"
    assert trained.n_steps == 0
    np.testing.assert_array_equal(trained.theta, start())


def test_nan_in_the_validation_data_is_divergence():
    validation = Rows(seed=3)
    validation.Z[3] = np.nan
    trained = fit(ONE_STEP, validation=validation)
    assert trained.status == "diverged"
    assert trained.validation_curve == []
    np.testing.assert_array_equal(trained.theta, start())


def test_infinite_weights_are_divergence():
    """The loss of the only step was finite, the step itself was too long."""
    with np.errstate(all="ignore"):
        trained = fit(replace(ONE_STEP, learning_rate=1e308, l2=100.0))
    assert trained.status == "diverged"
    assert np.isfinite(trained.loss_curve).all()
    np.testing.assert_array_equal(trained.theta, start())


@pytest.mark.parametrize("validated", [False, True])
def test_interrupt_keeps_the_best_weights_so_far(validated):
    """Three batches an iteration; the interrupt comes in the fourth iteration."""
    validation = Rows(seed=3) if validated else None
    trained = fit(ADAM, InterruptedRows(10), validation=validation)
    shorter = fit(replace(ADAM, max_iter=3), validation=validation)
    assert trained.status == "interrupted"
    assert trained.n_steps == 10
    assert trained.loss_curve == shorter.loss_curve
    assert trained.validation_curve == shorter.validation_curve
    np.testing.assert_array_equal(trained.theta, shorter.theta)


def test_interrupt_in_the_first_iteration_keeps_the_steps_so_far():
    plan = replace(ADAM, shuffle=False, schedule="constant")
    trained = fit(plan, InterruptedRows(2))
    assert trained.status == "interrupted"
    assert trained.loss_curve == []
    two_steps = fit(replace(plan, steps_per_iter=2, max_iter=1))
    np.testing.assert_array_equal(trained.theta, two_steps.theta)


def test_stop_event():
    stop = threading.Event()

    def after_three_iterations(n_steps, seen=[]):  # noqa: B006
        seen.append(n_steps)
        if len(seen) == 3:
            stop.set()

    trained = fit(ADAM, stop=stop, progress=after_three_iterations)
    assert trained.status == "interrupted"
    np.testing.assert_array_equal(trained.theta, fit(replace(ADAM, max_iter=3)).theta)
    assert fit(ADAM, stop=stop).n_steps == 0


# --- Several trainings --------------------------------------------------------------------------


def side_by_side(n_trainings, plan, n_threads, **options):
    return train_side_by_side(
        [
            lambda stop, seed=seed: fit(plan, seed=seed, stop=stop, **options)
            for seed in range(n_trainings)
        ],
        n_threads,
    )


@pytest.mark.parametrize("n_threads", [1, 2])
def test_side_by_side_equals_one_after_another(n_threads):
    for seed, trained in enumerate(side_by_side(3, ADAM, n_threads)):
        np.testing.assert_array_equal(trained.theta, fit(ADAM, seed=seed).theta)


def test_interrupted_source_side_by_side():
    """One training is interrupted and keeps its weights; on one thread the rest do not start."""
    first, second = (
        lambda stop: fit(ADAM, InterruptedRows(10), stop=stop),
        lambda stop: fit(ADAM, stop=stop),
    )
    for n_threads in (1, 2):
        trained = train_side_by_side([first, second], n_threads)
        assert trained[0].status == "interrupted"
        np.testing.assert_array_equal(trained[0].theta, fit(replace(ADAM, max_iter=3)).theta)
    assert [t.status for t in train_side_by_side([first, second], 1)] == 2 * ["interrupted"]
    assert train_side_by_side([first, second], 1)[1].n_steps == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to a thread")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_stops_all_trainings(n_threads):
    """The signal comes while both are under way; each keeps what it has."""
    under_way = threading.Barrier(n_threads, timeout=60)
    told = []

    def progress(n_steps):
        told.append(n_steps)
        if len(told) == 100:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def training(stop):
        under_way.wait()
        return fit(replace(ADAM, max_iter=10_000), stop=stop, progress=progress)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        both = train_side_by_side([training, training], n_threads)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert [trained.status for trained in both] == ["interrupted", "interrupted"]
    assert len(told) >= 100
    for trained in both:
        assert np.isfinite(trained.theta).all()
        assert trained.best_loss == min(trained.loss_curve, default=math.inf)

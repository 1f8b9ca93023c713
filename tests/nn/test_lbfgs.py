"""L-BFGS on all rows at once: against SciPy by hand, and every way to end."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from forecaster.nn import engine as engine_module
from forecaster.nn import lbfgs
from forecaster.nn.cell import CELLS
from forecaster.nn.ensemble import train_ensemble
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from forecaster.nn.training import FullBatchPlan
from tests import reference
from tests.nn.common import NETWORK, Clock, InterruptedRows, Rows, fit, full_gradient, start
from tests.nn.test_monitor import Told

PLAN = FullBatchPlan(max_iter=6, tol=1e-9)


def weights_mask(network=NETWORK):
    mask = np.zeros(network.n_parameters)
    for name in ("0.Wx", "0.Wh", "V", "S"):
        mask[network.slices[name]] = 1
    return mask


def by_hand(plan, source):
    """SciPy on the twin's loss and gradient; returns the result and the losses."""
    l2 = plan.l2 * weights_mask()
    losses = []

    def objective(theta):
        value = reference.loss(NETWORK, theta, source.X, source.Z, source.weights, Loss())
        gradient = full_gradient(theta, source) + l2 * theta
        return value + np.sum(l2 * theta**2) / 2, gradient

    def keep(intermediate_result):
        losses.append(intermediate_result.fun)

    options = {"maxiter": plan.max_iter, "gtol": plan.tol, "maxfun": plan.max_fun}
    result = minimize(
        objective, start(), method="L-BFGS-B", jac=True, callback=keep, options=options
    )
    return result, losses


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_against_scipy_by_hand(l2):
    plan, source = replace(PLAN, l2=l2), Rows()
    expected, losses = by_hand(plan, source)
    trained = fit(plan, source)
    # the same steps but for roundings, which six of them multiply a few times
    np.testing.assert_allclose(trained.theta, expected.x, rtol=0, atol=1e-11)
    np.testing.assert_allclose(trained.loss_curve, losses, rtol=1e-12)
    gradient = full_gradient(expected.x, source) + l2 * weights_mask() * expected.x
    assert trained.gradient_norm_curve[-1] == pytest.approx(np.linalg.norm(gradient), rel=1e-9)
    assert trained.status == "finished"
    assert trained.n_steps == len(trained.loss_curve) == 6
    assert trained.best_loss == trained.loss_curve[-1]
    assert np.isnan(trained.learning_rate_curve).all()


def test_the_start_is_left_alone():
    theta = start()
    fit(PLAN, theta=theta)
    np.testing.assert_array_equal(theta, start())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_overfits_eight_windows(cell, dtype):
    network = Network(4, 1, (8,), 1, cell)
    theta = network.initial(np.random.default_rng(0), np.dtype(dtype))
    trained = fit(FullBatchPlan(max_iter=300), Rows(network, 8, dtype), network, theta)
    assert trained.theta.dtype == dtype
    assert trained.loss_curve[0] > 0.1
    assert trained.loss_curve[-1] < 1e-4
    assert np.all(np.diff(trained.loss_curve) <= 0)


def test_converges_by_the_gradient():
    plan = FullBatchPlan(max_iter=1_000, tol=1e-3, l2=0.1)
    source = Rows()
    trained = fit(plan, source)
    assert trained.status == "converged"
    gradient = full_gradient(trained.theta, source) + 0.1 * weights_mask() * trained.theta
    assert np.max(np.abs(gradient)) <= 1e-3
    assert len(fit(replace(plan, tol=1e-5), source).loss_curve) > len(trained.loss_curve)


def test_a_start_that_cannot_be_improved_is_judged_too():
    plan = replace(PLAN, tol=1e9)
    trained = fit(plan)
    assert trained.status == "converged"
    np.testing.assert_array_equal(trained.theta, start())
    source = Rows()
    expected = reference.loss(NETWORK, start(), source.X, source.Z, source.weights, Loss())
    assert trained.loss_curve == pytest.approx([expected], rel=1e-13)


def test_loss_evaluations_are_limited():
    trained = fit(replace(PLAN, max_iter=100, max_fun=5))
    assert trained.status == "finished"
    assert 1 <= trained.n_steps <= 5


def test_loss_by_name():
    assert fit(replace(PLAN, loss=Loss("absolute_error"))).loss_curve != fit(PLAN).loss_curve


def test_a_loss_of_two_outputs_for_a_target():
    """The mean and the scale of a normal distribution."""
    network, rng = Network(3, 2, (3,), 2), np.random.default_rng(0)
    shape = (30, 1, 1)
    source = ArraySource(rng.standard_normal((30, 3, 2)), rng.normal(3, 0.5, shape), np.ones(shape))
    plan = FullBatchPlan(Loss("gaussian"), max_iter=50)
    trained = fit(plan, source, network, start(network), validation=source)
    assert trained.loss_curve[-1] < np.log(0.5 * np.sqrt(2 * np.pi)) + 0.5 < trained.loss_curve[0]
    assert trained.validation_curve[-1] == pytest.approx(trained.loss_curve[-1], rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_rows_may_come_in_parts(batch_size, monkeypatch):
    """Gradients are added up over the engine's batches."""
    whole = fit(PLAN)
    monkeypatch.setattr(lbfgs, "BATCH_SIZE", batch_size)
    np.testing.assert_allclose(fit(PLAN).theta, whole.theta, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [2, 3])
def test_number_of_threads_does_not_change_a_bit(n_threads, dtype, monkeypatch):
    monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size, _: min(batch_size, 2))
    monkeypatch.setattr(engine_module, "_MIN_WORK_FOR_THREADS", 0)
    validation = Rows(n_rows=6, dtype=dtype, seed=3)
    one, many = (
        fit(PLAN, Rows(dtype=dtype), theta=start(dtype=dtype), validation=validation, n_threads=n)
        for n in (1, n_threads)
    )
    np.testing.assert_array_equal(one.theta, many.theta)
    assert one.loss_curve == many.loss_curve
    assert one.validation_curve == many.validation_curve


def overfitting():
    return replace(PLAN, max_iter=40, n_iter_no_change=0), Rows(n_rows=7, seed=5)


def test_validation_keeps_the_best_weights():
    plan, validation = overfitting()
    trained = fit(plan, validation=validation)
    assert trained.loss_curve == fit(plan).loss_curve
    best = int(np.argmin(trained.validation_curve))
    assert 0 < best < len(trained.validation_curve) - 1
    assert trained.best_loss == trained.validation_curve[best]
    np.testing.assert_array_equal(trained.theta, fit(replace(plan, max_iter=best + 1)).theta)


def test_validation_stops_early():
    plan, validation = overfitting()
    whole = fit(plan, validation=validation)
    trained = fit(replace(plan, n_iter_no_change=3, tol=1e-9), validation=validation)
    assert trained.status == "converged"
    n = len(trained.validation_curve)
    assert n < len(whole.validation_curve)
    assert trained.validation_curve == whole.validation_curve[:n]
    assert trained.best_loss == min(trained.validation_curve[:-3])


@pytest.mark.parametrize("bad", ["X", "Z", "weights"])
def test_nan_in_the_data_is_divergence(bad):
    source = Rows()
    getattr(source, bad)[3] = np.nan
    trained = fit(PLAN, source)
    assert trained.status == "diverged"
    assert trained.n_steps == 0
    np.testing.assert_array_equal(trained.theta, start())


def test_nan_in_the_validation_data_is_divergence():
    validation = Rows(seed=3)
    validation.Z[3] = np.nan
    trained = fit(PLAN, validation=validation)
    assert trained.status == "diverged"
    np.testing.assert_array_equal(trained.theta, start())


def test_interrupt_keeps_the_best_weights_so_far():
    source = Rows()
    fit(replace(PLAN, max_iter=3), source)
    calls = len(source.batches)
    trained = fit(PLAN, InterruptedRows(calls))
    assert trained.status == "interrupted"
    np.testing.assert_array_equal(trained.theta, fit(replace(PLAN, max_iter=3)).theta)
    np.testing.assert_array_equal(fit(PLAN, InterruptedRows(0)).theta, start())


def test_stop_event():
    stop = threading.Event()
    stop.set()
    trained = fit(PLAN, stop=stop)
    assert trained.status == "interrupted"
    assert trained.n_steps == 0


def test_callbacks_and_progress():
    callback, told = Told(at=3), []
    trained = fit(PLAN, callbacks=[callback], progress=told.append)
    assert trained.status == "stopped"
    assert [epoch.train_loss for epoch in callback.epochs] == trained.loss_curve
    assert [epoch.iteration for epoch in callback.epochs] == [1, 2, 3]
    assert told == [1, 1, 1]
    np.testing.assert_array_equal(trained.theta, fit(replace(PLAN, max_iter=3)).theta)


def test_time_budget(monkeypatch):
    """One iteration is made in any case."""
    monkeypatch.setattr("forecaster.nn.monitor.monotonic", Clock())
    trained = fit(replace(PLAN, max_seconds=0.0))
    assert trained.status == "out of time"
    np.testing.assert_array_equal(trained.theta, fit(replace(PLAN, max_iter=1)).theta)
    assert fit(replace(PLAN, max_seconds=3.0)).n_steps > 1


def test_restarts_from_weights_of_their_own():
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    first, second = train_ensemble(
        NETWORK, Rows(), PLAN, rngs, dtype=np.dtype("float64"), n_threads=2
    )
    assert first.loss_curve[0] != second.loss_curve[0]
    theta = NETWORK.initial(np.random.default_rng(0), np.dtype("float64"))
    np.testing.assert_array_equal(first.theta, fit(PLAN, theta=theta).theta)

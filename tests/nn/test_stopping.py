"""When training ends, and which weights are kept: validation, divergence, interrupts."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.scoring import mean_loss
from tests import reference
from tests.nn.common import (
    ADAM,
    N_ROWS,
    NETWORK,
    ONE_STEP,
    InterruptedRows,
    Rows,
    fit,
    start,
)


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
            NETWORK,
            engine,
            NETWORK.bind(trained.theta),
            validation,
            Loss().bind(trained.theta.dtype),
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
    expected = reference.loss(NETWORK, theta, rows.X, rows.Z, rows.weights, Loss())
    for batch_size in (3, N_ROWS):
        with Engine(NETWORK, batch_size, theta.dtype) as engine:
            loss = mean_loss(NETWORK, engine, NETWORK.bind(theta), rows, Loss().bind(theta.dtype))
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

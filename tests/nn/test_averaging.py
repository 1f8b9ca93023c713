"""Averaged weights: which ones are averaged, validated and kept."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.scoring import mean_loss
from tests import reference
from tests.nn.common import ADAM, NETWORK, InterruptedRows, Rows, fit, start
from tests.reference import assert_close

PLAN = replace(ADAM, ema_decay=0.6, steps_per_iter=1, max_iter=6)


def path(plan):
    """The weights after each step, without averaging."""
    plan = replace(plan, ema_decay=None)
    return [fit(replace(plan, max_iter=k)).theta for k in range(1, plan.max_iter + 1)]


def test_the_average_of_all_steps_is_kept():
    trained = fit(PLAN)
    assert_close(trained.theta, reference.average(np.array(path(PLAN)), 0.6), PLAN.max_iter)
    assert trained.loss_curve == fit(replace(PLAN, ema_decay=None)).loss_curve


def test_a_single_step_is_its_own_average():
    one = replace(PLAN, max_iter=1)
    np.testing.assert_array_equal(fit(one).theta, fit(replace(one, ema_decay=None)).theta)


def test_a_decay_of_zero_averages_nothing():
    np.testing.assert_array_equal(
        fit(replace(PLAN, ema_decay=0.0)).theta, fit(replace(PLAN, ema_decay=None)).theta
    )


def test_validation_judges_the_average():
    validation = Rows(n_rows=7, seed=5)
    plan = replace(PLAN, learning_rate=0.3, steps_per_iter=3, max_iter=12)
    trained = fit(plan, validation=validation)
    best = int(np.argmin(trained.validation_curve))
    assert 0 < best < 11
    np.testing.assert_array_equal(trained.theta, fit(replace(plan, max_iter=best + 1)).theta)
    with Engine(NETWORK, 4, trained.theta.dtype) as engine:
        kept = mean_loss(
            NETWORK,
            engine,
            NETWORK.bind(trained.theta),
            validation,
            Loss().bind(trained.theta.dtype),
        )
    assert kept == trained.best_loss


@pytest.mark.parametrize("n", [1, 4])
def test_an_interrupt_keeps_averages(n):
    """In the first iteration the average of its steps, later the best one so far."""
    plan = replace(PLAN, steps_per_iter=3, shuffle=False, max_iter=2)
    trained = fit(plan, InterruptedRows(n))
    expected = fit(replace(plan, max_iter=1, max_steps=min(n, 3))).theta
    np.testing.assert_array_equal(trained.theta, expected)


def test_an_interrupt_before_the_first_step_keeps_the_start():
    np.testing.assert_array_equal(fit(PLAN, InterruptedRows(0)).theta, start())

"""Learning rates over time: each schedule by itself, and the steps that follow it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from forecaster.nn.schedules import SCHEDULES, Cosine, OneCycle, Plateau, Step
from tests.nn.common import ADAM, ONE_STEP, Rows, fit, full_gradient, start
from tests.reference import assert_close


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_factors_lie_between_zero_and_one(schedule):
    schedule = schedule()
    factors = [schedule.factor(p, int(300 * p)) for p in np.linspace(0, 1, 301)]
    assert min(factors) >= 0
    assert max(factors) == 1


def test_cosine():
    factors = [Cosine().factor(p, 0) for p in np.linspace(0, 1, 101)]
    assert factors[0] == 1
    assert factors[50] == pytest.approx(0.5)
    assert factors[-1] == 0
    assert np.all(np.diff(factors) < 0)


@pytest.mark.parametrize("warm_up", [0.2, 0.5])
def test_one_cycle(warm_up):
    """Up to the rate over the first part, down to zero over the rest."""
    factor = partial(OneCycle(warm_up).factor, iteration=0)
    up = [factor(p) for p in np.linspace(0, warm_up, 21)]
    down = [factor(p) for p in np.linspace(warm_up, 1, 81)]
    assert up[0] == 0
    assert up[-1] == down[0] == 1
    assert down[-1] == pytest.approx(0, abs=1e-15)
    assert np.all(np.diff(up) > 0)
    assert np.all(np.diff(down) < 0)
    assert factor(warm_up / 2) == pytest.approx(0.5)
    assert factor((1 + warm_up) / 2) == pytest.approx(0.5)


def test_step():
    schedule = Step(decay=0.1, every=3)
    assert [schedule.factor(0.9, k) for k in range(7)] == pytest.approx(
        3 * [1] + 3 * [0.1] + [0.01]
    )


def test_plateau():
    """Scores that hardly improve count as none; after each reduction counting begins anew."""
    schedule = Plateau(decay=0.1, patience=2, tol=0.5)
    factors = []
    for score in (9, 8, 7.9, 7.8, 7.7, 7.6, 3, 3, 2.9):
        schedule.observe(score)
        factors.append(schedule.factor(0, 0))
    assert factors == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001])


def test_training_tells_the_plateau_its_scores():
    """The validation loss where there is one, else the training loss."""
    told = []

    class Spy(Plateau):
        def observe(self, score):
            told.append(score)

    plan = replace(ADAM, schedule=Spy)
    assert fit(plan).loss_curve == told
    told.clear()
    assert fit(plan, validation=Rows(seed=3)).validation_curve == told


def test_plateau_lowers_the_rate_of_a_training():
    plan = replace(ADAM, schedule=partial(Plateau, patience=1, tol=1e9), max_iter=4)
    # the first score is an improvement on none; each later one is stale
    assert fit(plan).learning_rate_curve == [0.01, 0.01, 0.005, 0.0025]


def test_a_plan_may_be_used_again():
    """What a schedule remembers belongs to the training, not to the plan."""
    plan = replace(ADAM, schedule=partial(Plateau, patience=1, tol=1e9))
    np.testing.assert_array_equal(fit(plan).theta, fit(plan).theta)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_schedule_scales_the_steps(schedule):
    """Each step takes the rate in the middle of its share of the training."""
    plan = replace(ONE_STEP, schedule=schedule, max_iter=2, steps_per_iter=2)
    source, theta = Rows(), start()
    trained = fit(plan, source, theta=theta)
    factors = [SCHEDULES[schedule]().factor(p / 8, 0) for p in (1, 3, 5, 7)]
    for factor in factors:
        theta = theta - 0.1 * factor * full_gradient(theta, source)
    assert_close(trained.theta, theta, 100)
    assert trained.learning_rate_curve == [0.1 * factors[1], 0.1 * factors[3]]


def test_step_goes_by_iterations():
    plan = replace(ADAM, schedule=partial(Step, decay=0.5, every=2), max_iter=5)
    assert fit(plan).learning_rate_curve == [0.01, 0.01, 0.005, 0.005, 0.0025]


def test_schedule_over_given_steps():
    """A call may end before the schedule does; behind the schedule, its last rate holds."""
    plan = replace(ADAM, schedule="cosine", max_iter=4, steps_per_iter=1)
    whole = fit(plan).learning_rate_curve
    half = replace(plan, max_iter=2, schedule_steps=4)
    assert fit(half).learning_rate_curve == whole[:2]
    beyond = fit(replace(plan, max_iter=6, schedule_steps=4))
    assert beyond.learning_rate_curve == [*whole, 0.0, 0.0]
    np.testing.assert_array_equal(beyond.theta, fit(plan).theta)

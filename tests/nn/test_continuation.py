"""A training in several calls equals the same training in one, to the bit."""

import copy
import pickle
import threading
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest

from forecaster.nn.network import Network
from forecaster.nn.schedules import SCHEDULES, Plateau, Step
from forecaster.nn.solvers import SGD, Adam, RMSprop
from forecaster.nn.training import State, resume
from tests.nn.common import ADAM, NETWORK, InterruptedRows, Rows, fit, start

N_STEPS = 18  # six passes of three batches
PLAN = replace(ADAM, max_iter=6, learning_rate=0.05, schedule_steps=N_STEPS)
DROPPING = Network(3, 2, (8, 8), 1, dropout=0.5)
PLATEAU = partial(Plateau, patience=1, tol=0.5)
STEP = partial(Step, every=2)


def begin(plan, dtype="float64"):
    return State.begin(NETWORK, start(dtype=dtype), plan, np.random.default_rng(0))


def go_on(state, plan, source=None, dtype="float64", **options):
    return resume(NETWORK, state, Rows(dtype=dtype) if source is None else source, plan, **options)


def assert_equal(actual, expected):
    """Weights, history, counters: everything."""
    np.testing.assert_equal(asdict(actual), asdict(expected))


def check(plan, parts=(2, 4), between=lambda state: state, **options):
    """Compare several calls with one; returns the result."""
    state = begin(plan)
    for n in parts:
        state = between(state)
        trained = go_on(state, replace(plan, max_iter=n), **options)
    whole = fit(replace(plan, max_iter=sum(parts)), **options)
    assert_equal(trained, whole)
    return whole


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("ema_decay", [None, 0.7])
@pytest.mark.parametrize("make_solver", [Adam, SGD, partial(RMSprop, momentum=0.9)])
def test_solvers(make_solver, ema_decay, validated):
    plan = replace(PLAN, make_solver=make_solver, ema_decay=ema_decay, weight_decay=0.1)
    check(plan, validation=Rows(n_rows=7, seed=5) if validated else None)


@pytest.mark.parametrize("schedule", [*SCHEDULES, STEP, PLATEAU])
def test_schedules(schedule):
    whole = check(replace(PLAN, schedule=schedule), parts=(1, 3, 2))
    if schedule in ("one_cycle", "cosine", STEP, PLATEAU):
        assert len(set(whole.learning_rate_curve)) > 1


@pytest.mark.parametrize("between", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_state_can_be_copied_and_pickled(between):
    plan = replace(PLAN, ema_decay=0.7, schedule=PLATEAU)
    check(plan, between=between, validation=Rows(n_rows=7, seed=5))


def test_a_copy_goes_its_own_way():
    state = begin(PLAN)
    go_on(state, replace(PLAN, max_iter=2))
    copied = copy.deepcopy(state)
    first = go_on(state, replace(PLAN, max_iter=4))
    assert_equal(go_on(copied, replace(PLAN, max_iter=4)), first)


def test_a_result_does_not_change_afterwards():
    state = begin(PLAN)
    first = go_on(state, replace(PLAN, max_iter=2))
    before = copy.deepcopy(first)
    go_on(state, replace(PLAN, max_iter=4))
    assert_equal(first, before)


@pytest.mark.parametrize("steps_per_iter", [1, 2, 4])
def test_iterations_that_end_in_the_midst_of_a_pass(steps_per_iter):
    check(replace(PLAN, steps_per_iter=steps_per_iter), parts=(1, 1, 3))


def test_drop_last():
    check(replace(PLAN, drop_last=True))


def test_without_validation_the_last_weights_are_kept_and_gone_on_from():
    plan = replace(PLAN, learning_rate=1.0)
    whole = check(plan)
    assert np.argmin(whole.loss_curve) < 5


def test_convergence_is_noticed_across_calls():
    """Stale iterations are counted on; what has converged stays so until one insists."""
    plan = replace(PLAN, tol=1e9, n_iter_no_change=3)
    whole = check(plan, parts=(2, 50))
    assert whole.status == "converged"
    assert len(whole.loss_curve) == 4
    state = begin(plan)
    go_on(state, replace(plan, max_iter=50))
    assert_equal(go_on(state, replace(plan, max_iter=50)), whole)
    assert len(go_on(state, replace(plan, n_iter_no_change=0, max_iter=5)).loss_curve) == 9
    state.record.n_stale = 0
    assert len(go_on(state, replace(plan, max_iter=50)).loss_curve) == 9 + 3


@pytest.mark.parametrize("n", [0, 1, 3, 10])
@pytest.mark.parametrize("validated", [False, True])
def test_an_interrupted_training_goes_on(n, validated):
    """Also in the midst of an iteration: the batch that was under way is made again."""
    plan = replace(PLAN, ema_decay=0.7, schedule="one_cycle")
    validation = Rows(n_rows=7, seed=5) if validated else None
    state = begin(plan)
    interrupted = go_on(state, plan, InterruptedRows(n), validation=validation)
    assert interrupted.status == "interrupted"
    assert interrupted.n_steps == n
    rest = replace(plan, max_iter=6 - len(interrupted.loss_curve))
    assert_equal(go_on(state, rest, validation=validation), fit(plan, validation=validation))


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_training_that_is_interrupted_while_it_is_validated_goes_on(n):
    """Seven validation rows are two batches; an iteration is in all curves or in none."""
    state, validation = begin(PLAN), Rows(n_rows=7, seed=5)
    interrupted = go_on(state, PLAN, validation=InterruptedRows(n, n_rows=7, seed=5))
    assert interrupted.status == "interrupted"
    n_complete = n // 2
    assert len(interrupted.loss_curve) == len(interrupted.validation_curve) == n_complete
    assert interrupted.n_steps == 3 * (n_complete + 1)
    trained = go_on(state, replace(PLAN, max_iter=6 - n_complete), validation=validation)
    assert_equal(trained, fit(PLAN, validation=validation))


def test_a_training_that_was_stopped_goes_on():
    stop, told, state = threading.Event(), [], begin(PLAN)
    stop.set()
    assert go_on(state, PLAN, stop=stop, progress=told.append).n_steps == 0
    assert_equal(go_on(state, PLAN, progress=told.append), fit(PLAN))
    assert told == 6 * [3]


def test_progress_hears_of_the_steps_of_its_own_call_only():
    told, state = [], begin(PLAN)
    go_on(state, PLAN, InterruptedRows(4), progress=told.append)
    assert told == [3]
    told.clear()
    go_on(state, replace(PLAN, max_iter=5), progress=told.append)
    assert told == [2, 3, 3, 3, 3]


def test_each_call_runs_through_a_schedule_of_its_own():
    """Unless the schedule's steps are given: then it is one, over all calls."""
    plan = replace(PLAN, schedule="cosine", schedule_steps=None, max_iter=3)
    state = begin(plan)
    first = go_on(state, plan).learning_rate_curve
    assert go_on(state, plan).learning_rate_curve == 2 * first
    assert first[0] > first[1] > first[2]


def test_other_rows_may_follow():
    """Another number of rows starts a new pass."""
    state = begin(PLAN)
    go_on(state, replace(PLAN, steps_per_iter=1, max_iter=1))
    more = Rows(n_rows=14)
    go_on(state, replace(PLAN, max_iter=1), more)
    assert sorted(row for batch in more.batches for row in batch) == list(range(14))


def test_validation_rows_judge_anew_what_was_kept():
    """A low loss on other rows, or in training, does not count against them."""
    found = []
    for earlier in (0.0, 1e9):
        state = begin(PLAN)
        go_on(state, replace(PLAN, max_iter=1))
        state.record.best_loss = earlier
        found.append(go_on(state, PLAN, validation=Rows(n_rows=7, seed=5)))
    assert_equal(*found)
    assert not np.array_equal(found[0].theta, start())


def test_single_precision():
    state = begin(PLAN, dtype="float32")
    go_on(state, replace(PLAN, max_iter=2), dtype="float32")
    trained = go_on(state, replace(PLAN, max_iter=4), dtype="float32")
    assert trained.theta.dtype == np.float32
    assert_equal(trained, fit(PLAN, Rows(dtype="float32"), theta=start(dtype="float32")))


@pytest.mark.parametrize("n", [1, 10])
def test_dropout_goes_on_too(n):
    """Each step has a seed of its own, which an interrupt does not use up."""
    network, theta = DROPPING, start(DROPPING)
    source = Rows(network)
    state = State.begin(network, theta, PLAN, np.random.default_rng(0))
    first = resume(network, state, InterruptedRows(n, network=network), PLAN)
    rest = replace(PLAN, max_iter=6 - len(first.loss_curve))
    whole = fit(PLAN, source, network, theta)
    assert_equal(resume(network, state, source, rest), whole)
    assert not np.array_equal(whole.theta, fit(PLAN, source, network, theta, rng=1).theta)


def test_steps_drop_different_units():
    """With a rate of zero nothing else changes from step to step."""
    plan = replace(PLAN, learning_rate=0.0, batch_size=10, shuffle=False)
    still = replace(DROPPING, dropout=0.0)
    losses = fit(plan, Rows(DROPPING), DROPPING, start(DROPPING)).loss_curve
    assert len(set(losses)) == 6
    assert len(set(fit(plan, Rows(still), still, start(still)).loss_curve)) == 1


def test_validation_drops_nothing():
    plan = replace(PLAN, learning_rate=0.0)
    validation, still = Rows(DROPPING, 7, seed=5), replace(DROPPING, dropout=0.0)
    losses = [
        fit(plan, Rows(network), network, start(network), validation=validation).validation_curve
        for network in (DROPPING, still)
    ]
    assert losses[0] == losses[1]


def test_divergence_is_final():
    plan, source = PLAN, Rows()
    state = begin(plan)
    go_on(state, replace(plan, max_iter=2), source)
    source.X[3] = np.nan
    first = go_on(state, plan, source)
    assert first.status == "diverged"
    again = go_on(state, plan, source)
    assert_equal(again, first)
    assert np.isfinite(again.theta).all()

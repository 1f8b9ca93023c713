"""Callbacks and the time budget: what is told, and what ends a training."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.ensemble import resume_ensemble, train_ensemble
from forecaster.nn.training import State, resume
from tests.nn.common import ADAM, NETWORK, Clock, Rows, fit, start

DTYPE = np.dtype("float64")


class Told:
    """Keeps what it is told; answers, or fails, at some iteration."""

    def __init__(self, at=None, answer=True, error=None, member=0):
        self.at, self.answer, self.error, self.member = at, answer, error, member
        self.epochs = []

    def on_epoch_end(self, epoch):
        self.epochs.append(epoch)
        if (epoch.iteration, epoch.member) == (self.at, self.member):
            if self.error is not None:
                raise self.error
            return self.answer
        return None


@pytest.fixture
def clock(monkeypatch):
    """Time goes on by a second with every look at it."""
    clock = Clock()
    monkeypatch.setattr("forecaster.nn.monitor.monotonic", clock)
    return clock


@pytest.mark.parametrize("validated", [False, True])
def test_what_a_callback_is_told(validated, clock):
    callback, validation = Told(), Rows(seed=3) if validated else None
    plan = replace(ADAM, schedule="cosine")
    trained = fit(plan, validation=validation, callbacks=[callback], member=7)
    epochs = callback.epochs
    assert [epoch.iteration for epoch in epochs] == [1, 2, 3, 4, 5]
    assert [epoch.n_steps for epoch in epochs] == [3, 6, 9, 12, 15]
    assert {epoch.member for epoch in epochs} == {7}
    assert [epoch.train_loss for epoch in epochs] == trained.loss_curve
    assert [epoch.validation_loss for epoch in epochs] == (trained.validation_curve or 5 * [None])
    assert [epoch.learning_rate for epoch in epochs] == trained.learning_rate_curve
    assert [epoch.gradient_norm for epoch in epochs] == trained.gradient_norm_curve
    assert [epoch.seconds for epoch in epochs] == [1, 2, 3, 4, 5]


def test_callbacks_do_not_change_a_bit():
    np.testing.assert_array_equal(fit(ADAM, callbacks=[Told()]).theta, fit(ADAM).theta)


def test_a_callback_may_stop():
    first, second = Told(at=3), Told()
    trained = fit(ADAM, callbacks=[first, second])
    assert trained.status == "stopped"
    assert len(second.epochs) == 3, "all callbacks hear of the last iteration"
    np.testing.assert_array_equal(trained.theta, fit(replace(ADAM, max_iter=3)).theta)
    assert fit(ADAM, callbacks=[Told(at=3, answer=False)]).status == "finished"


def test_a_stopped_training_keeps_the_best_weights_on_validation_rows():
    plan, validation = replace(ADAM, learning_rate=0.1, max_iter=12), Rows(n_rows=7, seed=5)
    whole = fit(plan, validation=validation)
    best = int(np.argmin(whole.validation_curve))
    stopped = fit(plan, validation=validation, callbacks=[Told(at=best + 3)])
    assert stopped.status == "stopped"
    np.testing.assert_array_equal(stopped.theta, whole.theta)


def test_an_error_in_a_callback_goes_up_with_a_note_and_the_training_can_go_on():
    state = State.begin(NETWORK, start(), ADAM, np.random.default_rng(0))
    with pytest.raises(RuntimeError, match="^no more ink") as caught:
        resume(NETWORK, state, Rows(), ADAM, callbacks=[Told(3, error=RuntimeError("no more ink"))])
    assert caught.value.__notes__ == ["Raised by a callback after iteration 3 of training 0."]
    assert len(state.record.loss_curve) == 3
    rest = resume(NETWORK, state, Rows(), replace(ADAM, max_iter=2))
    np.testing.assert_array_equal(rest.theta, fit(ADAM).theta)


def test_ctrl_c_in_a_callback_is_an_interrupt():
    trained = fit(ADAM, callbacks=[Told(3, error=KeyboardInterrupt())])
    assert trained.status == "interrupted"
    np.testing.assert_array_equal(trained.theta, fit(replace(ADAM, max_iter=3)).theta)


# --- Side by side -------------------------------------------------------------------------------


def generators(n):
    return [np.random.default_rng(seed) for seed in range(n)]


def ensemble(plan, n, **options):
    return train_ensemble(NETWORK, Rows(), plan, generators(n), dtype=DTYPE, **options)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_callback_stops_one_of_several_trainings(n_threads):
    callback = Told(at=2, member=1)
    trained = ensemble(ADAM, 3, n_threads=n_threads, callbacks=[callback])
    assert [t.status for t in trained] == ["finished", "stopped", "finished"]
    assert [len(t.loss_curve) for t in trained] == [5, 2, 5]
    for member, t in enumerate(trained):
        told = [epoch.train_loss for epoch in callback.epochs if epoch.member == member]
        assert told == t.loss_curve


def test_callbacks_are_called_for_one_training_at_a_time():
    inside = threading.Lock()

    class Exclusive:
        def on_epoch_end(self, epoch):
            assert inside.acquire(blocking=False)
            inside.release()

    trained = ensemble(replace(ADAM, max_iter=50), 4, n_threads=4, callbacks=[Exclusive()])
    assert {t.status for t in trained} == {"finished"}


def test_an_error_in_a_callback_stops_the_other_trainings():
    """Long before they are through: an endless one would never be joined."""
    plan = replace(ADAM, max_iter=10**9)
    states = [State.begin(NETWORK, start(), plan, rng) for rng in generators(2)]
    callback = Told(2, error=RuntimeError("no more ink"), member=1)
    with pytest.raises(RuntimeError, match="no more ink"):
        resume_ensemble(NETWORK, Rows(), plan, states, n_threads=2, callbacks=[callback])
    assert len(states[1].record.loss_curve) == 2
    one = replace(ADAM, max_iter=1)
    for state, rng in zip(states, generators(2)):
        n = len(state.record.loss_curve)
        trained = resume(NETWORK, state, Rows(), one)
        alone = fit(replace(ADAM, max_iter=n + 1), rng=rng)
        np.testing.assert_array_equal(trained.theta, alone.theta)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_ensemble_goes_on_as_if_it_had_not_paused(n_threads):
    states = [State.begin(NETWORK, start(), ADAM, rng) for rng in generators(3)]
    for n in (2, 3):
        plan = replace(ADAM, max_iter=n)
        together = resume_ensemble(NETWORK, Rows(), plan, states, n_threads=n_threads)
    whole = ensemble(ADAM, 3, thetas=3 * [start()])
    for part, t in zip(together, whole):
        np.testing.assert_array_equal(part.theta, t.theta)
        assert part.loss_curve == t.loss_curve


# --- Time ---------------------------------------------------------------------------------------


def test_the_time_is_over(clock):
    """A look at the clock after every step: the second iteration is cut short after two steps."""
    plan = replace(ADAM, shuffle=False, max_seconds=6.0)
    # looks: one at the start, one after each step, one before each iteration but the first
    trained = fit(plan)
    assert trained.status == "out of time"
    assert trained.n_steps == 5
    assert len(trained.loss_curve) == 2
    clock.now = -1e9
    np.testing.assert_array_equal(
        trained.theta, fit(replace(ADAM, shuffle=False, max_steps=5)).theta
    )


def test_one_step_is_made_whatever_the_budget():
    trained = fit(replace(ADAM, max_seconds=0.0))
    assert trained.status == "out of time"
    assert trained.n_steps == len(trained.loss_curve) == 1
    np.testing.assert_array_equal(trained.theta, fit(replace(ADAM, max_steps=1)).theta)


def test_a_budget_that_suffices_changes_nothing():
    trained = fit(replace(ADAM, max_seconds=1e9))
    assert trained.status == "finished"
    np.testing.assert_array_equal(trained.theta, fit(ADAM).theta)


def test_out_of_time_with_validation_keeps_the_best_weights(clock):
    plan = replace(ADAM, learning_rate=0.1, max_iter=12)
    validation = Rows(n_rows=7, seed=5)
    whole = fit(plan, validation=validation)
    best = int(np.argmin(whole.validation_curve))
    clock.now = 0.0
    # three steps and a look before each iteration
    trained = fit(replace(plan, max_seconds=4.0 * (best + 2)), validation=validation)
    assert trained.status == "out of time"
    assert best + 1 < len(trained.validation_curve) < 12
    np.testing.assert_array_equal(trained.theta, whole.theta)


def test_a_training_that_ran_out_of_time_goes_on():
    """The iteration that was cut counts; the next one is a whole one."""
    plan = replace(ADAM, max_seconds=0.0)
    state = State.begin(NETWORK, start(), plan, np.random.default_rng(0))
    for n in (1, 2, 3):
        assert resume(NETWORK, state, Rows(), plan).n_steps == n
    by_step = fit(replace(ADAM, steps_per_iter=1, max_iter=3))
    np.testing.assert_array_equal(state.theta, by_step.theta)


@pytest.mark.parametrize("n_threads, share", [(1, 3.0), (2, 6.0), (3, 12.0), (4, 12.0)])
def test_trainings_side_by_side_share_the_time(n_threads, share, monkeypatch):
    seen = []

    def train(network, theta, source, plan, rng, **options):
        seen.append(plan.max_seconds)
        return fit(ADAM)

    monkeypatch.setattr("forecaster.nn.ensemble.train", train)
    n_members = 3 if n_threads == 3 else 4
    ensemble(replace(ADAM, max_seconds=12.0), n_members, n_threads=n_threads)
    assert seen == n_members * [share]

"""How a forecaster's training is heard of, and how it ends: callbacks and the clock."""

import time

import numpy as np
import pytest

from forecaster.forecasting import recipe, recurrent
from tests.forecasting.common import forecaster

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

Y = 50 + np.random.default_rng(0).normal(size=60).cumsum()
STEPS = {"max_steps": 170, "hidden_layer_sizes": 1, "window": 2}


class Listener:
    """Remembers what it is told; may end trainings after some iterations."""

    def __init__(self, last=None):
        self.last, self.epochs = last, []

    def on_epoch_end(self, epoch):
        self.epochs.append(epoch)
        return epoch.iteration == self.last


def n_steps(monkeypatch, **options):
    """A forecaster, and the steps that the members of its two models made."""
    models = []

    def fit_model(*args, **settings):
        models.append(recurrent_fit_model(*args, **settings))
        return models[-1]

    recurrent_fit_model = recurrent.fit_model
    monkeypatch.setattr(recurrent, "fit_model", fit_model)
    fitted = forecaster(**{**STEPS, "calibrate": True, **options}).fit(Y)
    return fitted, [[member.n_steps for member in model.members] for model in models]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_hear_of_the_final_model_alone(monkeypatch, n_jobs):
    listener = Listener()
    fitted, steps = n_steps(monkeypatch, callbacks=[listener], n_jobs=n_jobs)
    assert steps == [[170, 170], [170, 170]]
    heard = sorted((epoch.member, epoch.iteration) for epoch in listener.epochs)
    assert heard == [(member, k) for member in (0, 1) for k in (1, 2, 3, 4)]
    for epoch in listener.epochs:
        member = fitted.model_.members[epoch.member]
        assert epoch.train_loss == member.loss_curve[epoch.iteration - 1]
        assert epoch.n_steps == min(50 * epoch.iteration, 170)
        assert epoch.validation_loss is None


def test_listening_changes_nothing():
    plain, heard = (
        forecaster(**STEPS, calibrate=True, callbacks=callbacks).fit(Y).predict(level=80)
        for callbacks in (None, [Listener()])
    )
    assert plain.equals(heard)


def test_a_callback_may_stop_the_training_and_the_second_model_stops_with_it(monkeypatch):
    """No warning, and the errors for the intervals are those of a model as little trained."""
    fitted, steps = n_steps(monkeypatch, callbacks=[Listener(last=2)])
    assert steps == [[100, 100], [100, 100]]
    assert fitted.model_.statuses == {"stopped"}
    assert np.isfinite(fitted.predict(5, level=80)).all(axis=None)
    assert fitted.n_iter_ == 2


def test_the_second_model_stops_view_by_view(monkeypatch):
    """Where the longer training was stopped, the brief one had come to its end."""
    monkeypatch.setattr(recipe, "_EFFORTS", (1, 1 / 9))
    _, steps = n_steps(monkeypatch, max_steps="auto", callbacks=[Listener(last=2)])
    assert steps == [[100, 50], [100, 50]]


def test_the_schedule_of_a_shortened_second_model_is_that_of_the_final_one(monkeypatch):
    plans = []
    fit_model = recurrent.fit_model
    monkeypatch.setattr(
        recurrent, "fit_model", lambda *a, **k: plans.append(a[4][0]) or fit_model(*a, **k)
    )
    forecaster(**STEPS, calibrate=True, callbacks=[Listener(last=1)]).fit(Y)
    assert [plan.max_steps for plan in plans] == [170, 50]
    assert [plan.schedule_steps for plan in plans] == [170, 170]


def test_an_error_of_a_callback_is_raised():
    class Broken:
        def on_epoch_end(self, epoch):
            raise RuntimeError("the disk is full")

    fitted = forecaster(**STEPS).fit(Y)
    before = fitted.predict()
    with pytest.raises(RuntimeError, match="the disk is full") as caught:
        fitted.set_params(callbacks=[Broken()]).fit(Y)
    assert "after iteration 1 of training 0" in caught.value.__notes__[0]
    assert fitted.predict().equals(before)


def test_without_time_one_step_is_made(monkeypatch):
    fitted, steps = n_steps(monkeypatch, max_seconds=1e-9)
    assert steps == [[1, 1], [1, 1]]
    assert fitted.model_.statuses == {"out of time"}
    assert np.isfinite(fitted.predict(5, level=80)).all(axis=None)
    assert np.isfinite(fitted.loss_)


def test_the_two_models_share_the_time(monkeypatch):
    plans = []
    fit_model = recurrent.fit_model
    monkeypatch.setattr(
        recurrent, "fit_model", lambda *a, **k: plans.append(a[4][0]) or fit_model(*a, **k)
    )
    forecaster(calibrate=True, max_seconds=1000).fit(Y)
    forecaster(calibrate=False, max_seconds=1000).fit(Y)
    assert [plan.max_seconds for plan in plans] == [500, 500, 1000]


def test_enough_time_changes_nothing():
    plain, hurried = (
        forecaster(calibrate=True, max_seconds=seconds).fit(Y).predict(level=80)
        for seconds in (None, 1e6)
    )
    assert plain.equals(hurried)


def test_the_budget_is_kept():
    """Not a measurement: without the budget this would train for hours."""
    start = time.monotonic()
    forecaster(max_steps=10**9, max_seconds=0.2, calibrate=True, n_estimators=3).fit(Y)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("name, n_calls", [("fit_preparation", 2), ("choose", 1)])
def test_ctrl_c_around_the_second_training_leaves_the_final_model(monkeypatch, name, n_calls):
    """While its data are prepared, and while its errors are looked at."""
    calls, function = [], getattr(recurrent, name)

    def interrupted(*args, **options):
        calls.append(args)
        if len(calls) == n_calls:
            raise KeyboardInterrupt
        return function(*args, **options)

    whole = forecaster(**STEPS, calibrate=False).fit(Y)
    monkeypatch.setattr(recurrent, name, interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        fitted = forecaster(**STEPS, calibrate=True).fit(Y)
    assert fitted.calibration_ is None
    assert np.array_equal(fitted.predict(7), whole.predict(7))
    with pytest.raises(ValueError, match="fit once more, on all rows and without an interrupt"):
        fitted.predict(7, level=80)

"""Training in several calls: the same bits as in one, whatever lies in between."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from forecaster import ElmanClassifier, ElmanRegressor, GRURegressor
from tests.estimators.common import CLASSIFIERS, REGRESSORS, X, Y, in_time, net, of_every_cell

pytestmark = in_time
GO_ON = {"batch_size": 8, "n_iter_no_change": 100}
RNG = np.random.default_rng(1)
CLASSES = np.where(np.median(Y) < Y, "high", "low")
KINDS = [
    {"solver": "adam"},
    {"solver": "adamw", "alpha": 0.1},
    {"solver": "rmsprop"},
    {"solver": "sgd"},
    {"ema_decay": 0.9},
    {"learning_rate": "step", "max_iter": 7},
    {"learning_rate": "plateau", "tol": 10.0},
    {"hidden_layer_sizes": (3, 3), "dropout": 0.3},
    {"n_estimators": 2},
    {"shuffle": False, "dtype": "float32"},
]


def assert_same_training(one, other):
    for a, b in zip(one.thetas_, other.thetas_):
        np.testing.assert_array_equal(a, b)
    assert one.loss_curve_ == other.loss_curve_
    assert one.gradient_norm_curve_ == other.gradient_norm_curve_
    assert one.n_iter_ == other.n_iter_


def copied(fitted):
    return pickle.loads(pickle.dumps(fitted))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_three_passes_and_four_are_seven(kind):
    """By fit and fit, fit and partial_fit, partial_fit alone; through a pickle each time."""
    options = {**GO_ON, **kind}
    every = {"learning_rate": "step", "max_iter": 7}
    short = {} if kind == every else {"max_iter": 3}
    whole = net(**{**options, "max_iter": 7}).fit(X, Y)
    twice = net(**{**options, **short}, warm_start=True)
    if short:
        twice = copied(twice.fit(X, Y)).set_params(max_iter=4).fit(X, Y)
        assert_same_training(twice, whole)
        mixed = copied(net(**{**options, **short}).fit(X, Y))
        for _ in range(4):
            mixed.partial_fit(X, Y)
        assert_same_training(mixed, whole)
    alone = net(**options)
    for _ in range(7):
        alone = copied(alone.partial_fit(X, Y))
    assert_same_training(alone, whole)


@pytest.mark.parametrize("cls", REGRESSORS + CLASSIFIERS)
def test_every_class_goes_on(cls):
    y = Y if cls in REGRESSORS else CLASSES
    whole = net(cls, **GO_ON, max_iter=4).fit(X, y)
    parts = net(cls, **GO_ON, max_iter=2, warm_start=True).fit(X, y).fit(X, y)
    assert_same_training(parts, whole)


def test_segments_go_on():
    options = {**GO_ON, "readout": "each", "bptt_steps": 2}
    whole = net(**options, max_iter=4).fit(X, X)
    parts = net(**options, max_iter=2).fit(X, X).partial_fit(X, X).partial_fit(X, X)
    assert_same_training(parts, whole)


def test_early_stopping_goes_on_to_the_bit():
    options = {**GO_ON, "early_stopping": True, "validation_fraction": 0.3}
    whole = net(**options, max_iter=8).fit(X, Y)
    parts = net(**options, max_iter=4, warm_start=True).fit(X, Y).fit(X, Y)
    assert_same_training(parts, whole)
    assert parts.validation_scores_ == whole.validation_scores_


def test_partial_fit_after_early_stopping_starts_at_the_best_weights():
    options = {**GO_ON, "early_stopping": True, "learning_rate_init": 0.3, "max_iter": 30}
    fitted = net(**options).fit(X, Y)
    assert np.argmax(fitted.validation_scores_) < fitted.n_iter_ - 1  # else best were last
    before, n = fitted.predict(X), fitted.n_iter_
    fitted.set_params(learning_rate_init=0.0).partial_fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert fitted.n_iter_ == n + 1


def test_warm_start_after_early_stopping_insists():
    options = {"early_stopping": True, "n_iter_no_change": 2, "tol": 10.0, "max_iter": 50}
    fitted = net(**options, warm_start=True).fit(X, Y)
    n = fitted.n_iter_
    assert n < 50
    assert fitted.fit(X, Y).n_iter_ == n + 2


def test_another_solver_starts_at_the_weights_reached():
    fitted = net(**GO_ON, warm_start=True).fit(X, Y)
    before, curve = fitted.predict(X), fitted.loss_curve_
    fitted.set_params(solver="sgd", learning_rate_init=0.0).fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert fitted.loss_curve_[:3] == curve
    assert fitted.set_params(learning_rate_init=0.01).fit(X, Y).loss_ < curve[-1]


def test_lbfgs_polishes_what_adam_began_and_the_other_way_round():
    fitted = net(**GO_ON, warm_start=True).fit(X, Y)
    loss = fitted.loss_
    assert fitted.set_params(solver="lbfgs", max_iter=20).fit(X, Y).loss_ < 0.9 * loss
    polished = fitted.predict(X)
    fitted.set_params(solver="adam", learning_rate_init=0.0).fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), polished)


@of_every_cell
def test_lbfgs_fits_small_data(cls):
    """Better than adam in as many passes, and never uphill."""
    options = {"max_iter": 100, "alpha": 0.0}
    fitted = net(cls, **options, solver="lbfgs").fit(X, Y)
    assert fitted.loss_ < 0.5 * net(cls, **options).fit(X, Y).loss_
    assert fitted.loss_curve_ == sorted(fitted.loss_curve_, reverse=True)
    assert fitted.n_iter_ == len(fitted.loss_curve_)


@pytest.mark.jit
def test_after_divergence_training_goes_on_from_finite_weights():
    fitted = net(**GO_ON, warm_start=True, activation="relu", max_grad_norm=None, solver="sgd")
    fitted.fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="infinite or NaN"):
        fitted.set_params(learning_rate_init=1e30).fit(X, Y)
    fitted.set_params(learning_rate_init=1e-3).fit(X, Y)
    assert np.isfinite(fitted.theta_).all()


class FailsOnce:
    """A callback that fails after the second pass it sees."""

    def __init__(self):
        self.n = 0

    def on_epoch_end(self, epoch):
        self.n += 1
        if self.n == 2:
            raise RuntimeError("disk full")


def test_after_an_error_in_a_callback_warm_start_goes_on():
    whole = net(**GO_ON, max_iter=5).fit(X, Y)
    fitted = net(**GO_ON, warm_start=True, max_iter=2).fit(X, Y)
    with pytest.raises(RuntimeError, match="disk full"):
        fitted.set_params(callbacks=[FailsOnce()]).fit(X, Y)
    fitted.set_params(max_iter=1).fit(X, Y)
    assert_same_training(fitted, whole)


def test_a_failed_first_fit_leaves_nothing_to_go_on_from():
    fitted = net(**GO_ON, warm_start=True, max_iter=4, callbacks=[FailsOnce()])
    with pytest.raises(RuntimeError, match="disk full"):
        fitted.fit(X, Y)
    assert_same_training(fitted.fit(X, Y), net(**GO_ON, max_iter=4).fit(X, Y))


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_after_an_error_in_a_callback_the_weights_are_those_reached(method, validated):
    """And not those before the call: either way to go on would start somewhere else."""
    fitted = net(**GO_ON, warm_start=True, early_stopping=validated).fit(X, Y)
    n, before = fitted.n_iter_, fitted.theta_.copy()
    with pytest.raises(RuntimeError, match="disk full"):
        fitted.set_params(callbacks=[FailsOnce()]).fit(X, Y)
    assert fitted.n_iter_ == n + 2
    assert not np.array_equal(fitted.theta_, before)
    reached = fitted.theta_.copy()
    fitted.set_params(callbacks=None, learning_rate_init=0.0, max_iter=1)
    np.testing.assert_array_equal(getattr(fitted, method)(X, Y).theta_, reached)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_changed_by_hand_count(method, options, dtype):
    if method == "partial_fit" and "solver" in options:
        options = {}
    fitted = net(**GO_ON, **options, warm_start=True, dtype=dtype).fit(X, Y)
    n = fitted.n_iter_
    fitted.thetas_ = [theta.astype("float64") / 2 for theta in fitted.thetas_]
    expected = fitted.predict(X)
    fitted.set_params(learning_rate_init=0.0)
    if "solver" in options:
        fitted.set_params(tol=1e9)  # any gradient is small enough
    getattr(fitted, method)(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), expected)
    assert fitted.theta_.dtype == dtype
    if "solver" not in options:
        assert fitted.n_iter_ > n  # the history goes on


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "thetas, sentence",
    [([np.zeros(3)], "vectors of 19 weights, got one of shape \\(3,\\)"), ([], "got 0 in thetas_")],
    ids=["short", "none"],
)
def test_weights_that_fit_no_network(method, thetas, sentence):
    fitted = net(warm_start=True).fit(X, Y)
    fitted.thetas_ = thetas
    with pytest.raises(ValueError, match=sentence):
        getattr(fitted, method)(X, Y)


def test_the_decay_of_adamw_is_a_setting_of_the_solver():
    """Another alpha must not be passed over in silence."""
    options = {**GO_ON, "solver": "adamw", "warm_start": True}
    kept, changed = (net(**options, alpha=0.0).fit(X, Y) for _ in range(2))
    changed.set_params(alpha=50.0).fit(X, Y)
    assert np.abs(changed.theta_).sum() < 0.9 * np.abs(kept.fit(X, Y).theta_).sum()
    with pytest.raises(ValueError, match="goes on with alpha=50.0.*got 1.0"):
        changed.set_params(alpha=1.0).partial_fit(X, Y)


def test_early_stopping_on_other_windows_is_judged_by_these():
    options = {"early_stopping": True, "warm_start": True, "learning_rate_init": 0.02}
    fitted = net(**options, max_iter=30).fit(X, Y)
    before, n = fitted.theta_.copy(), fitted.n_iter_
    other = 10 * RNG.normal(size=len(Y))
    fitted.fit(X, other)
    assert fitted.best_loss_ <= -max(fitted.validation_scores_[n:])
    assert not np.array_equal(fitted.theta_, before)


def test_n_init_keeps_one_and_goes_on_with_that():
    fitted = net(**GO_ON, n_init=4, warm_start=True).fit(X, Y)
    losses = [net(**GO_ON, n_init=k).fit(X, Y).loss_ for k in range(1, 5)]
    assert fitted.loss_ == min(losses)
    curve = fitted.loss_curve_
    assert fitted.fit(X, Y).loss_curve_[:3] == curve
    assert fitted.n_iter_ == 6


def test_settings_of_a_loss_that_is_not_used_may_change():
    fitted = net(**GO_ON).fit(X, Y)
    fitted.set_params(quantiles=(0.2, 0.9), huber_delta=3.0).partial_fit(X, Y)
    fitted = net(**GO_ON, loss="huber").fit(X, Y)
    with pytest.raises(ValueError, match="huber_delta=1.0.*got 3.0"):
        fitted.set_params(huber_delta=3.0).partial_fit(X, Y)


@pytest.mark.parametrize("cls", [ElmanRegressor, ElmanClassifier])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_lbfgs_does_not_go_batch_by_batch(cls, method):
    y = Y if cls is ElmanRegressor else CLASSES
    estimator = net(cls, solver="lbfgs")
    if method == "partial_fit":
        with pytest.raises(ValueError, match='partial_fit needs.*"lbfgs"'):
            estimator.partial_fit(X, y)
    else:
        assert estimator.fit(X, y).n_iter_ <= 3


def test_a_schedule_of_steps_is_measured_by_max_iter():
    """Not by the single pass of a call: partial_fit would halve the rate each time."""
    options = {**GO_ON, "learning_rate": "step", "max_iter": 40}
    step, constant = net(**options), net(**{**options, "learning_rate": "constant"})
    for _ in range(10):
        step.partial_fit(X, Y)
        constant.partial_fit(X, Y)
    np.testing.assert_array_equal(step.theta_, constant.theta_)
    assert not np.array_equal(step.partial_fit(X, Y).theta_, constant.partial_fit(X, Y).theta_)


def test_clones_know_nothing():
    fitted = net(GRURegressor, **GO_ON, warm_start=True).fit(X, Y)
    assert_same_training(clone(fitted).fit(X, Y), net(GRURegressor, **GO_ON).fit(X, Y))

"""Several networks in one estimator, and who watches their training."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from forecaster import ElmanClassifier, ElmanRegressor
from tests.estimators.common import CLASSIFIERS, REGRESSORS, X, Y, in_time, net, of_every_cell

pytestmark = in_time
CLASSES = np.digitize(Y, np.quantile(Y, [0.3, 0.7]))


def members(fitted):
    """The networks of an ensemble, each as an estimator."""
    for theta in fitted.thetas_:
        one = copy.deepcopy(fitted)
        one.thetas_ = [theta]
        yield one


@pytest.mark.parametrize("aggregate", [np.mean, np.median])
@of_every_cell
def test_predictions_are_combined(cls, aggregate):
    fitted = net(cls, n_estimators=3, aggregate=aggregate.__name__).fit(X, Y)
    expected = aggregate([one.predict(X) for one in members(fitted)], axis=0)
    np.testing.assert_allclose(fitted.predict(X), expected, rtol=1e-12)
    assert len({theta.tobytes() for theta in fitted.thetas_}) == 3
    assert fitted.transform(X).shape == (20, 9)
    assert len(fitted.get_feature_names_out()) == 9
    with pytest.raises(ValueError, match="aggregate to be one of 'mean', 'median', got 'mode'"):
        fitted.set_params(aggregate="mode").predict(X)


@pytest.mark.parametrize("aggregate", [np.mean, np.median])
@pytest.mark.parametrize("readout", ["last", "each"])
def test_probabilities_are_combined(aggregate, readout):
    y = CLASSES if readout == "last" else np.digitize(X, [0, 4])
    options = {"n_estimators": 4, "aggregate": aggregate.__name__, "readout": readout}
    fitted = net(ElmanClassifier, **options, learning_rate_init=0.1, max_iter=20).fit(X, y)
    expected = aggregate([one.predict_proba(X) for one in members(fitted)], axis=0)
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(X), expected, rtol=1e-12)


@pytest.mark.parametrize("loss", ["pinball", "gaussian", "negative_binomial"])
def test_quantiles_of_an_ensemble_do_not_cross(loss):
    fitted = net(loss=loss, n_estimators=3, aggregate="median").fit(X, np.round(np.abs(Y)))
    steps = np.diff(fitted.predict_quantiles(X), axis=1)
    assert (steps >= 0).all() if loss == "negative_binomial" else (steps > 0).all()


def test_the_first_of_an_ensemble_is_a_single_network():
    one, three = (net(n_estimators=n).fit(X, Y) for n in (1, 3))
    np.testing.assert_array_equal(three.theta_, one.theta_)
    assert three.loss_curve_ == one.loss_curve_


@pytest.mark.parametrize("early_stopping", [False, True])
def test_every_member_is_the_best_of_its_starts(early_stopping):
    options = {"early_stopping": early_stopping, "max_iter": 6}
    single = net(**options, n_estimators=6).fit(X, Y)
    best = net(**options, n_estimators=2, n_init=3).fit(X, Y)
    seen = {theta.tobytes() for theta in single.thetas_}
    assert {theta.tobytes() for theta in best.thetas_} <= seen
    watched = Watch()
    net(**options, n_estimators=6, callbacks=[watched], n_jobs=1).fit(X, Y)
    losses = np.full(6, np.inf)
    for epoch in watched.epochs:
        now = epoch.validation_loss if early_stopping else epoch.train_loss
        losses[epoch.member] = min(losses[epoch.member], now) if early_stopping else now
    expected = [single.thetas_[k] for k in (losses[:3].argmin(), 3 + losses[3:].argmin())]
    for found, theta in zip(best.thetas_, expected):
        np.testing.assert_array_equal(found, theta)


@pytest.mark.parametrize("n_jobs", [2, None])
def test_threads_change_nothing(n_jobs):
    one, other = (net(n_estimators=3, n_init=2, n_jobs=n).fit(X, Y) for n in (1, n_jobs))
    for a, b in zip(one.thetas_, other.thetas_):
        np.testing.assert_array_equal(a, b)


# --- Callbacks and clocks -----------------------------------------------------------------------


class Watch:
    """Remembers what it is told, and stops training after some passes."""

    def __init__(self, last=None):
        self.epochs, self.last = [], last

    def on_epoch_end(self, epoch):
        self.epochs.append(epoch)
        return epoch.iteration == self.last


@pytest.mark.parametrize("cls", REGRESSORS + CLASSIFIERS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_sees_every_pass(cls, solver):
    watch = Watch()
    y = Y if cls in REGRESSORS else CLASSES
    fitted = net(cls, solver=solver, early_stopping=True, callbacks=[watch]).fit(X, y)
    assert [epoch.iteration for epoch in watch.epochs] == list(range(1, fitted.n_iter_ + 1))
    assert [epoch.train_loss for epoch in watch.epochs] == fitted.loss_curve_
    assert [-epoch.validation_loss for epoch in watch.epochs] == fitted.validation_scores_
    assert [epoch.gradient_norm for epoch in watch.epochs] == fitted.gradient_norm_curve_


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_stops_training_without_a_warning(solver):
    fitted = net(solver=solver, callbacks=[Watch(2), Watch()], max_iter=50).fit(X, Y)
    assert fitted.n_iter_ == 2
    expected = net(solver=solver, max_iter=2)
    with pytest.warns(UserWarning, match="max_iter=2"):
        expected.fit(X, Y)
    np.testing.assert_array_equal(fitted.theta_, expected.theta_)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"n_estimators": 3}], ids=str)
def test_no_time_at_all_leaves_a_fitted_net(options):
    fitted = net(**options, max_seconds=1e-9, max_iter=10**6, tol=0.0).fit(X, Y)
    assert fitted.n_iter_ < 10
    assert np.isfinite(fitted.predict(X)).all()


def test_averaged_weights_are_kept():
    plain, mean = (net(ema_decay=decay, max_iter=1, batch_size=20) for decay in (None, 0.5))
    np.testing.assert_array_equal(plain.fit(X, Y).theta_, mean.fit(X, Y).theta_)  # of one step
    plain, mean = (net(ema_decay=decay, max_iter=2, batch_size=20) for decay in (None, 0.5))
    steps = [net(max_iter=1, batch_size=20).fit(X, Y).theta_, plain.fit(X, Y).theta_]
    np.testing.assert_allclose(mean.fit(X, Y).theta_, (steps[0] + 2 * steps[1]) / 3, rtol=1e-9)


class CtrlC:
    """A callback in which Ctrl-C is pressed after some passes."""

    def __init__(self, n):
        self.n = n

    def on_epoch_end(self, epoch):
        self.n -= 1
        if self.n == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupt_leaves_no_network_that_has_not_begun(solver):
    """Random ones, averaged with those that are trained, would spoil the forecast."""
    options = {"n_estimators": 4, "max_iter": 5, "n_jobs": 1, "solver": solver, "tol": 0.0}
    with pytest.warns(UserWarning, match="interrupted"):
        fitted = net(**options, callbacks=[CtrlC(7)]).fit(X, Y)
    whole = net(**options).fit(X, Y)
    assert len(fitted.thetas_) == 2
    np.testing.assert_array_equal(fitted.theta_, whole.theta_)
    fitted.set_params(callbacks=None, warm_start=True).fit(X, Y)
    assert len(fitted.thetas_) == 2
    with pytest.warns(UserWarning, match="interrupted"):
        assert len(net(**options, callbacks=[CtrlC(1)]).fit(X, Y).thetas_) == 1


# --- What alpha means ---------------------------------------------------------------------------


def weight_and_bias(solver, alpha, **options):
    """Norms of matrices and of biases after training towards nothing but the penalty."""
    zero = {"learning_rate_init": 0.01, "max_grad_norm": None, "scale_targets": False}
    fitted = net(solver=solver, alpha=alpha, **zero, **options).fit(X, np.zeros(20))
    return [np.concatenate([w.ravel() for w in ws]) for ws in (fitted.coefs_, fitted.intercepts_)]


def test_alpha_of_adamw_shrinks_weights_by_rate_times_alpha_a_step():
    """The gradient of the loss is the same in both: it is computed before the first step."""
    (with_decay, bias), (without, other_bias), (start, _) = (
        weight_and_bias("adamw", alpha, max_iter=1, batch_size=20, **options)
        for alpha, options in ((5.0, {}), (0.0, {}), (0.0, {"epsilon": 1e30}))
    )
    np.testing.assert_allclose(without - with_decay, 0.01 * 5 * start, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(bias, other_bias)


def test_alpha_of_sgd_is_the_gradient_of_half_the_squares():
    options = {"max_iter": 1, "batch_size": 20, "momentum": 0.0}
    start = weight_and_bias("adamw", 0.0, max_iter=1, batch_size=20, epsilon=1e30)[0]
    with_penalty, bias = weight_and_bias("sgd", 5.0, **options)
    without, other_bias = weight_and_bias("sgd", 0.0, **options)
    np.testing.assert_allclose(without - with_penalty, 0.01 * 5 * start, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(bias, other_bias)


def test_alpha_of_adam_is_part_of_the_gradient():
    """Adam divides by the gradient's size: however large alpha is, the first step is the same."""
    options = {"max_iter": 1, "batch_size": 20}
    adam = [weight_and_bias("adam", alpha, **options)[0] for alpha in (5e5, 5e6)]
    np.testing.assert_allclose(*adam, rtol=1e-4, atol=1e-4)
    adamw = [weight_and_bias("adamw", alpha, **options)[0] for alpha in (5.0, 50.0)]
    assert np.abs(adamw[0] - adamw[1]).max() > 0.1


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_penalty_is_in_the_loss(solver):
    fitted = net(solver=solver, alpha=0.3, learning_rate_init=0.0, max_iter=1).fit(X, Y)
    if solver == "adam":
        squares = sum(np.square(w).sum() for w in fitted.coefs_)
        plain = net(alpha=0.0, learning_rate_init=0.0, max_iter=1).fit(X, Y)
        assert fitted.loss_ - plain.loss_ == pytest.approx(0.15 * squares)
    else:
        error = (fitted.predict(X) - Y) / Y.std()
        squares = sum(np.square(w).sum() for w in fitted.coefs_)
        assert fitted.loss_ == pytest.approx(np.mean(error**2) + 0.15 * squares)


# --- Copies and searches ------------------------------------------------------------------------


def through_joblib(fitted, folder):
    joblib.dump(fitted, folder / "net.joblib")
    return joblib.load(folder / "net.joblib")


@pytest.mark.parametrize("cls", REGRESSORS + CLASSIFIERS)
@pytest.mark.parametrize(
    "duplicate",
    [
        lambda fitted, _: pickle.loads(pickle.dumps(fitted)),
        lambda fitted, _: copy.deepcopy(fitted),
        through_joblib,
    ],
    ids=["pickle", "deepcopy", "joblib"],
)
def test_copies(cls, duplicate, tmp_path):
    y = Y if cls in REGRESSORS else CLASSES
    fitted = net(cls, n_estimators=2, ema_decay=0.9).fit(X, y)
    twin = duplicate(fitted, tmp_path)
    compute = "predict" if cls in REGRESSORS else "predict_proba"
    np.testing.assert_array_equal(getattr(twin, compute)(X), getattr(fitted, compute)(X))
    both = [one.partial_fit(X, y).theta_ for one in (fitted, twin)]
    np.testing.assert_array_equal(*both)
    afresh = clone(fitted).fit(X, y)
    assert not np.array_equal(getattr(afresh, compute)(X), getattr(twin, compute)(X))


def test_a_search_over_solvers_and_losses():
    grid = {"solver": ["adam", "adamw", "rmsprop", "sgd", "lbfgs"], "loss": ["huber", "gaussian"]}
    found = GridSearchCV(ElmanRegressor(3, max_iter=5, random_state=0), grid, cv=2).fit(X, Y)
    scores = found.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 10

"""How a network on windows is trained: going on, stopping early, starting anew, being stopped."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from forecaster.nn.solvers import Adam
from tests.estimators.common import X, Y, in_time, net

# --- Going on -----------------------------------------------------------------------------------

STANDSTILL = {"learning_rate_init": 0.0}
DESCENT = {"solver": "sgd", "nesterovs_momentum": False, "max_grad_norm": None, "shuffle": False}


def test_partial_fit_is_one_pass_a_call():
    """No call claims that it should have converged."""
    fitted = net()
    losses = []
    for _ in range(4):
        losses.append(fitted.partial_fit(X, Y).loss_)
    assert fitted.loss_curve_ == losses
    assert fitted.n_iter_ == 4
    assert losses == sorted(losses, reverse=True)
    assert fitted.best_loss_ == losses[-1]
    assert fitted.partial_fit(X, 100 * Y).loss_ > losses[-1]
    assert fitted.best_loss_ == losses[-1]


def test_partial_fit_keeps_the_state_of_the_optimiser():
    """With momentum 0.9 the second step from the same weights is 1.9 times as long."""
    plain = net(**DESCENT, **STANDSTILL).partial_fit(X, Y)
    start = plain.theta_.copy()
    carried = plain.set_params(learning_rate_init=0.1).partial_fit(X, Y)
    fresh = net(**DESCENT, learning_rate_init=0.1).partial_fit(X, Y)
    np.testing.assert_allclose(carried.theta_ - start, 1.9 * (fresh.theta_ - start), 1e-9, 1e-15)
    assert np.abs(fresh.theta_ - start).max() > 1e-3


def test_partial_fit_scales_by_the_first_call():
    fitted = net(**STANDSTILL).partial_fit(X, Y)
    before = fitted.predict(X)
    fitted.partial_fit(100 * X[:5], 3 - Y[:5])
    np.testing.assert_array_equal(fitted.predict(X), before)


@in_time
def test_partial_fit_goes_on_from_fit():
    fitted = net().fit(X, Y)
    before, iterations = fitted.predict(X), fitted.n_iter_
    fitted.set_params(**STANDSTILL).partial_fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert fitted.n_iter_ == iterations + 1


@in_time
@pytest.mark.parametrize("hidden", [2, 3])
def test_fit_forgets_what_partial_fit_left(hidden):
    """Neither the optimiser's state nor the random numbers of other weights live on."""
    fitted = net(hidden_layer_sizes=3).partial_fit(X, Y).set_params(hidden_layer_sizes=hidden)
    again = fitted.fit(X, Y).partial_fit(X, Y)
    fresh = net(hidden_layer_sizes=hidden).fit(X, Y).partial_fit(X, Y)
    np.testing.assert_array_equal(again.theta_, fresh.theta_)


@in_time
def test_warm_start_goes_on():
    first = net(warm_start=True).fit(X, Y)
    curve = first.loss_curve_
    assert first.fit(X, Y).loss_curve_[:3] == curve
    assert max(first.loss_curve_[3:]) < min(curve)
    assert first.n_iter_ == 6
    before = net(warm_start=True).fit(X, Y).predict(X)
    still = net(warm_start=True).fit(X, Y).set_params(**STANDSTILL)
    np.testing.assert_array_equal(still.fit(10 * X, Y - 50).predict(X), before)
    cold = net().fit(X, Y)
    curve = cold.loss_curve_
    assert cold.fit(X, Y).loss_curve_ == curve


@in_time
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_going_on_needs_windows_alike(method):
    fitted = net(warm_start=True).fit(X, Y)
    go_on = getattr(fitted, method)
    with pytest.raises(ValueError, match="expecting 3 features"):
        go_on(X[:, :2], Y)
    with pytest.raises(ValueError, match="goes on with 1 inputs a step and 1 outputs, got 2 and 1"):
        go_on(np.stack([X, X], axis=2), Y)
    with pytest.raises(ValueError, match="goes on with 1 inputs a step and 1 outputs, got 1 and 2"):
        go_on(X, np.stack([Y, Y], axis=1))


@in_time
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "change",
    [
        *[{"readout": "each"}, {"hidden_layer_sizes": 5}, {"skip": True}, {"activation": "relu"}],
        *[{"learn_initial_state": True}, {"dtype": "float32"}],
        *[{"scale_inputs": False}, {"scale_targets": False}, {"loss": "huber"}],
        *[{"dilations": 3}, {"layer_norm": True}, {"n_estimators": 2}],
    ],
    ids=str,
)
def test_going_on_needs_the_same_architecture_and_scaling(method, change):
    y = X if "readout" in change else Y
    fitted = net(warm_start=True).fit(X, Y).set_params(**change)
    with pytest.raises(ValueError, match=f"{next(iter(change))}.*clone"):
        getattr(fitted, method)(X, y)


@in_time
@pytest.mark.parametrize(
    ("solver", "momentum", "beta_2"),
    [("sgd", 0.9, 0.5), ("rmsprop", 0, 0.99), ("adam", 0.5, 0.999)],
)
def test_settings_that_suit_the_solver(solver, momentum, beta_2):
    auto = net(solver=solver).fit(X, Y)
    same = net(solver=solver, momentum=momentum, beta_2=beta_2).fit(X, Y)
    np.testing.assert_array_equal(auto.theta_, same.theta_)
    auto.partial_fit(X, Y).set_params(momentum=momentum, beta_2=beta_2).partial_fit(X, Y)
    same.partial_fit(X, Y).partial_fit(X, Y)  # whichever way they are told, they are the same
    np.testing.assert_array_equal(auto.theta_, same.theta_)


@in_time
@pytest.mark.parametrize(
    ("solver", "change", "other"),
    [
        ("adam", {"solver": "sgd"}, {"momentum": 0.5}),
        ("adam", {"beta_1": 0.5}, {"nesterovs_momentum": False}),
        ("adam", {"beta_2": 0.5}, {"learning_rate_init": 0.1}),
        ("adam", {"epsilon": 0.5}, {"alpha": 0.5}),
        ("sgd", {"momentum": 0.5}, {"beta_1": 0.5}),
        ("sgd", {"nesterovs_momentum": False}, {"max_grad_norm": 0.1}),
        ("rmsprop", {"momentum": 0.5}, {"beta_1": 0.5}),
        ("adam", {"ema_decay": 0.9}, {"batch_size": 4}),
        ("adam", {"learning_rate": "plateau"}, {"quantiles": 0.5}),
    ],
    ids=str,
)
def test_the_state_of_an_optimiser_is_of_no_use_to_another(solver, change, other):
    fitted = net(solver=solver).partial_fit(X, Y)
    old = {name: getattr(fitted, name) for name in change}
    (name, value), before = *change.items(), fitted.theta_
    used = {"beta_2": 0.999, "momentum": 0.9 if solver == "sgd" else 0.0}.get(name, old[name])
    sentence = re.escape(f"goes on with {name}={used!r}, as in the first fit, got {value!r}")
    with pytest.raises(ValueError, match=f"{sentence}: clone the estimator"):
        fitted.set_params(**change).partial_fit(X, Y)
    assert fitted.theta_ is before
    fitted.set_params(**old, **other).partial_fit(X, Y)  # what is read anew in every call
    fitted.set_params(**change).fit(X, Y)  # what starts afresh


@in_time
def test_predictions_belong_to_the_fit():
    """Changing a parameter changes the next fit, nothing else."""
    fitted = net(readout="each").fit(X, X)
    before = fitted.predict(X)
    fitted.set_params(readout="last", hidden_layer_sizes=7, dtype="float32")
    np.testing.assert_array_equal(fitted.predict(X), before)


# --- Validation on the tail ---------------------------------------------------------------------

LONG = np.random.default_rng(1)
LONG_X = LONG.normal(size=(60, 3))
LONG_Y = LONG_X[:, 2] + LONG.normal(size=60)
TAIL = 15
EARLY = {
    "early_stopping": True,
    "validation_fraction": 0.25,
    "batch_size": 16,
    "max_iter": 8,
    "learning_rate_init": 0.05,
}


@in_time
def test_training_does_not_see_the_tail():
    """The same losses, to the bit, as without the tail; neither values nor scale get through."""
    cut = {**EARLY, "early_stopping": False}
    alone = net(**cut).fit(LONG_X[:-TAIL], LONG_Y[:-TAIL])
    X, y = LONG_X.copy(), LONG_Y.copy()
    for wild in (1, 1e6):
        X[-TAIL:] *= wild
        y[-TAIL:] = -wild * y[-TAIL:]
        assert net(**EARLY).fit(X, y).loss_curve_ == alone.loss_curve_


@in_time
def test_scores_are_those_of_the_tail():
    """One pass more than another fit, and the score is that of its predictions."""
    for n in (1, 2):
        fitted = net(**{**EARLY, "max_iter": n}).fit(LONG_X, LONG_Y)
        best = int(np.argmax(fitted.validation_scores_))
        if best == n - 1:
            error = (fitted.predict(LONG_X[-TAIL:]) - LONG_Y[-TAIL:]) / LONG_Y[:-TAIL].std()
            assert fitted.validation_scores_[-1] == pytest.approx(-np.mean(error**2), rel=1e-9)
            break
    else:
        pytest.fail("no pass improved the score")


def test_stops_when_the_tail_no_longer_improves_and_returns_to_the_best():
    options = {**EARLY, "max_iter": 500, "tol": 0.0, "n_iter_no_change": 4}
    fitted = net(**options, hidden_layer_sizes=8).fit(LONG_X, LONG_Y)
    scores = fitted.validation_scores_
    assert fitted.best_validation_score_ == max(scores) == -fitted.best_loss_
    best = int(np.argmax(scores))
    assert fitted.n_iter_ == len(scores) == best + 1 + 4 < 500
    assert fitted.best_loss_ == -scores[best]
    error = (fitted.predict(LONG_X[-TAIL:]) - LONG_Y[-TAIL:]) / LONG_Y[:-TAIL].std()
    assert np.mean(error**2) == pytest.approx(fitted.best_loss_, rel=1e-9)


@in_time
def test_no_scores_without_validation():
    assert net().fit(X, Y).validation_scores_ is None
    assert net().fit(X, Y).best_validation_score_ is None
    assert net().partial_fit(X, Y).validation_scores_ is None


def test_a_tail_that_leaves_nothing_to_train_on():
    with pytest.raises(ValueError, match="holds out 1 of 1 samples.*more samples"):
        net(early_stopping=True).fit(X[:1], Y[:1])


# --- Several starts -----------------------------------------------------------------------------


@in_time
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_best_of_several_starts_is_kept(n_jobs):
    losses = [net(n_init=k, n_jobs=n_jobs).fit(X, Y).best_loss_ for k in (1, 2, 3, 4)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    assert net(n_init=4, n_jobs=n_jobs).fit(X, Y).loss_curve_[-1] == losses[-1]


# --- How it ends --------------------------------------------------------------------------------


def test_a_warning_if_there_was_no_time_to_converge():
    with pytest.warns(ConvergenceWarning, match="max_iter=3 was reached.*tol=0.0001") as caught:
        net().fit(X, Y)
    assert caught[0].filename == __file__


def test_a_schedule_means_nothing_to_lbfgs():
    options = {"solver": "lbfgs", "early_stopping": True, "max_iter": 60, "tol": 0.0}
    one, other = (net(**options, learning_rate=name).fit(X, Y) for name in ("constant", "cosine"))
    assert one.n_iter_ == other.n_iter_ < 60


@pytest.mark.parametrize(
    "options", [{"tol": 10.0, "max_iter": 50}, {"learning_rate": "one_cycle"}], ids=str
)
def test_no_warning(options):
    assert net(**options).fit(X, Y).n_iter_ <= 12


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_cycle_of_the_learning_rate_is_not_cut_short(early_stopping):
    """It starts with steps too short to improve anything, and ends with the ones that pay."""
    fitted = net(learning_rate="one_cycle", max_iter=40, tol=10.0, early_stopping=early_stopping)
    assert fitted.fit(X, Y).n_iter_ == 40


WILD = {"learning_rate_init": 1e30, "activation": "relu", "max_grad_norm": None}


@pytest.mark.jit  # NumPy would warn of each overflow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_divergence_is_told_and_leaves_finite_weights(dtype, early_stopping):
    options = {**WILD, "solver": "sgd", "dtype": dtype, "early_stopping": early_stopping}
    with pytest.warns(ConvergenceWarning, match="infinite or NaN.*smaller learning_rate") as caught:
        fitted = net(**options, max_iter=50).fit(X, Y)
    assert caught[0].filename == __file__
    assert np.isfinite(fitted.predict(X)).all()
    assert np.isfinite(fitted.theta_).all()


class Interrupt:
    """Adam's step, until Ctrl-C comes before the nth one."""

    def __init__(self, monkeypatch, n):
        self.n_left = n
        step, lock = Adam.step, threading.Lock()

        def interrupted(solver, *args):
            with lock:
                self.n_left -= 1
                if self.n_left == -1:
                    raise KeyboardInterrupt
            step(solver, *args)

        monkeypatch.setattr(Adam, "step", interrupted)


@in_time
@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_keeps_the_best_weights_so_far(monkeypatch, early_stopping):
    options = {"batch_size": 10, "early_stopping": early_stopping}
    expected = net(**options, max_iter=3).fit(X, Y)
    Interrupt(monkeypatch, 2 * 3 + 1)
    with pytest.warns(UserWarning, match="interrupted; the best weights so far") as caught:
        fitted = net(**options, max_iter=50).fit(X, Y)
    assert caught[0].filename == __file__
    assert fitted.loss_curve_ == expected.loss_curve_
    np.testing.assert_array_equal(fitted.theta_, expected.theta_)


@pytest.mark.filterwarnings("ignore:ElmanRegressor. training was interrupted")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_with_several_starts(monkeypatch, n_jobs):
    Interrupt(monkeypatch, 2)
    fitted = net(n_init=3, n_jobs=n_jobs, learning_rate="one_cycle").fit(X, Y)
    assert np.isfinite(fitted.predict(X)).all()


# --- Randomness ---------------------------------------------------------------------------------

# enough rows and units for gradients to be shared between threads
BIG_X = np.random.default_rng(2).normal(size=(300, 12))
BIG = {"hidden_layer_sizes": 40, "batch_size": 256, "dtype": "float32"}


@in_time
@pytest.mark.jit
def test_threads_do_not_change_a_bit():
    y = BIG_X.sum(axis=1)
    one, *others = [
        net(**BIG, n_jobs=n_jobs).fit(BIG_X, y).predict(BIG_X) for n_jobs in (1, 2, 3, -1, None)
    ]
    for other in others:
        np.testing.assert_array_equal(one, other)


@in_time
@pytest.mark.jit
def test_fits_in_several_threads_are_those_of_one():
    y = BIG_X.sum(axis=1)

    def predictions(seed):
        return net(**BIG, random_state=seed, n_jobs=2).fit(BIG_X, y).predict(BIG_X)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(predictions, range(6)))
    for seed, found in enumerate(together):
        np.testing.assert_array_equal(found, predictions(seed))


@in_time
def test_the_global_random_state_is_neither_used_nor_touched():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    first = net(random_state=3).fit(X, Y)
    after = np.random.get_state()  # noqa: NPY002
    assert before[2:] == after[2:]
    np.testing.assert_array_equal(before[1], after[1])
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(net(random_state=3).fit(X, Y).theta_, first.theta_)
    assert not np.array_equal(net(random_state=4).fit(X, Y).theta_, first.theta_)


@in_time
@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_random_generators(make):
    """A generator goes on: a second fit differs, a second generator from the same seed does not."""
    fitted = net(random_state=make(5)).fit(X, Y)
    first = fitted.theta_
    second = fitted.fit(X, Y).theta_
    again = net(random_state=make(5)).fit(X, Y)
    np.testing.assert_array_equal(again.theta_, first)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(again.fit(X, Y).theta_, second)


@in_time
def test_without_a_seed_fits_differ():
    thetas = [net(random_state=None).fit(X, Y).theta_ for _ in range(2)]
    assert not np.array_equal(*thetas)

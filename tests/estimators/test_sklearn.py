"""scikit-learn around a network on windows: its own checks, its searches, its containers."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from forecaster import ElmanClassifier, ElmanRegressor
from tests.estimators.common import CLASSIFIERS, REGRESSORS, in_time

pytestmark = in_time
RNG = np.random.default_rng(0)
X = RNG.normal(2, 3, (24, 3))
Y = 5 + X[:, 2] - np.tanh(X[:, 0]) * X[:, 1]


def net(**options):
    defaults = {"hidden_layer_sizes": 3, "max_iter": 3, "random_state": 0, "n_jobs": 1}
    return ElmanRegressor(**{**defaults, **options})


# --- scikit-learn's own checks ------------------------------------------------------------------

VARIANT = ElmanRegressor(
    hidden_layer_sizes=4,
    readout="all",
    skip=True,
    solver="sgd",
    learning_rate_init=0.1,
    max_iter=30,
    dtype="float64",
)
CHECKED = [cls() for cls in REGRESSORS + CLASSIFIERS] + [
    VARIANT,
    ElmanRegressor(dtype="float64"),
    ElmanClassifier(dtype="float64"),
]


@pytest.mark.jit
@parametrize_with_checks(CHECKED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# --- Searches and compositions ------------------------------------------------------------------


def search(**options):
    return GridSearchCV(
        net(),
        {"hidden_layer_sizes": [2, (3, 2)], "alpha": [0.0, 1.0]},
        cv=TimeSeriesSplit(2),
        **options,
    ).fit(X, Y)


def test_a_search_gives_the_same_on_threads():
    found, alone = search_on("threading"), search()
    assert_equal_searches(found, alone)


@pytest.mark.jit
@pytest.mark.slow
def test_a_search_gives_the_same_in_processes():
    assert_equal_searches(search_on("loky"), search())


def search_on(backend):
    with joblib.parallel_backend(backend, n_jobs=2):
        return search()


def assert_equal_searches(found, expected):
    for key in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(found.cv_results_[key], expected.cv_results_[key])
    assert len(set(expected.cv_results_["mean_test_score"])) == 4
    assert found.best_params_ == expected.best_params_
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))


def test_cross_val_predict():
    found = cross_val_predict(net(), X, Y, cv=3)
    fold = net().fit(X[8:], Y[8:])
    np.testing.assert_array_equal(found[:8], fold.predict(X[:8]))


def test_in_a_pipeline():
    found = make_pipeline(StandardScaler(), net(dtype="float64")).fit(X, Y)
    scaled = StandardScaler().fit_transform(X)
    np.testing.assert_array_equal(
        found.predict(X), net(dtype="float64").fit(scaled, Y).predict(scaled)
    )


def test_states_as_features_of_a_pipeline():
    found = make_pipeline(net(), StandardScaler()).fit_transform(X, Y)
    np.testing.assert_array_equal(
        found, StandardScaler().fit_transform(net().fit(X, Y).transform(X))
    )


def test_a_transformed_target():
    y = np.exp(Y / 10)
    logs = TransformedTargetRegressor(net(), func=np.log, inverse_func=np.exp).fit(X, y)
    np.testing.assert_allclose(logs.predict(X), np.exp(net().fit(X, np.log(y)).predict(X)))


def test_weights_are_routed():
    weights = np.linspace(0, 1, len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            net().set_fit_request(sample_weight=True).set_score_request(sample_weight=True),
        )
        found = cross_validate(
            pipeline,
            X,
            Y,
            cv=TimeSeriesSplit(2),
            params={"sample_weight": weights},
            return_estimator=True,
        )["estimator"][0]
    train = next(TimeSeriesSplit(2).split(X))[0]
    scaled = StandardScaler().fit_transform(X[train])
    routed = net().fit(scaled, Y[train], sample_weight=weights[train])
    np.testing.assert_array_equal(found[-1].theta_, routed.theta_)
    assert not np.array_equal(found[-1].theta_, net().fit(scaled, Y[train]).theta_)


# --- Names --------------------------------------------------------------------------------------


def test_states_as_a_frame():
    frame = pd.DataFrame(X, columns=["lag3", "lag2", "lag1"], index=range(100, 124))
    fitted = net().fit(frame, Y).set_output(transform="pandas")
    states = fitted.transform(frame)
    assert list(states.columns) == ["elmanregressor0", "elmanregressor1", "elmanregressor2"]
    assert states.index.equals(frame.index)
    assert list(fitted.feature_names_in_) == ["lag3", "lag2", "lag1"]
    assert list(fitted.get_feature_names_out()) == list(states.columns)
    with pytest.raises(ValueError, match=r"feature names.*\n?.*order"):
        fitted.predict(frame[["lag1", "lag2", "lag3"]])


# --- Copies -------------------------------------------------------------------------------------


def through_joblib(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "net.joblib")
    return joblib.load(tmp_path / "net.joblib")


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda fitted, _: pickle.loads(pickle.dumps(fitted)),
        lambda fitted, _: copy.deepcopy(fitted),
        through_joblib,
    ],
    ids=["pickle", "deepcopy", "joblib"],
)
def test_copies_predict_the_same_and_go_on_the_same(duplicate, tmp_path):
    fitted = net().fit(X, Y).set_params(max_iter=1).partial_fit(X, Y)
    twin = duplicate(fitted, tmp_path)
    np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))
    thetas = [one.partial_fit(X, Y).theta_ for one in (fitted, twin)]
    np.testing.assert_array_equal(*thetas)


def test_a_pickle_holds_no_code():
    """Compiled functions in it would be compiled again wherever it is loaded."""
    fitted = net().fit(X, Y)
    fitted.predict(X)
    assert b"numba" not in pickle.dumps(fitted)


@pytest.mark.jit
def test_a_pickle_is_loaded_by_another_process(tmp_path):
    fitted = net().fit(X, Y)
    (tmp_path / "net.pickle").write_bytes(pickle.dumps((fitted, X)))
    code = (
        "import pathlib, pickle, sys\n"
        "net, X = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(net.predict(X).tobytes().hex())"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "net.pickle")]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert found.strip() == fitted.predict(X).tobytes().hex()


def test_a_clone_starts_afresh():
    fitted = net().fit(X, Y)
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        twin.predict(X)
    np.testing.assert_array_equal(twin.fit(X, Y).theta_, fitted.theta_)


@pytest.mark.parametrize("name", ["weights_", "coefs_", "intercepts_", "theta_", "U_"])
def test_no_weights_before_fit(name):
    with pytest.raises(NotFittedError, match="ElmanRegressor instance is not fitted yet"):
        getattr(ElmanRegressor(), name)


# --- Bad input ----------------------------------------------------------------------------------


def with_value(data, value):
    changed = data.copy()
    changed.flat[4] = value
    return changed


@pytest.mark.parametrize(
    "bad_X, bad_y, message",
    [
        (np.empty((0, 3)), np.empty(0), r"0 sample\(s\).*minimum of 1 is required"),
        (np.empty((24, 0)), Y, r"0 feature\(s\).*minimum of 1 is required"),
        (np.empty((24, 0, 2)), Y, r"at least one step of one input.*\(24, 0, 2\)"),
        (np.empty((24, 3, 0)), Y, r"at least one step of one input.*\(24, 3, 0\)"),
        (with_value(X, np.nan), Y, "Input X contains NaN at sample 1, step 1: impute it"),
        (with_value(X, np.inf), Y, "Input X contains infinity.* at sample 1, step 1: replace it"),
        (
            with_value(X[:, :, None], -np.inf),
            Y,
            "Input X contains infinity.* at sample 1, step 1, input 0: replace it",
        ),
        (X, np.full(24, np.nan), "All targets with a weight are NaN"),
        (X, np.stack([Y, np.full(24, np.nan)], axis=1), "Output 1 of y is NaN wherever"),
        (X, with_value(Y, -np.inf), "Input y contains infinity.* at sample 4: replace it"),
        (X, with_value(X, np.inf), "Input y contains infinity.* at sample 1, output 1: replace it"),
        (X + 1j, Y, "Complex data not supported"),
        ([["a", "b"]], [1], "could not convert string to float: 'a'"),
        (X, ["up"] * 24, "could not convert string to float: 'up'"),
        (X[0], Y[:3], "Expected 2D array, got 1D array"),
        (X[None, None], Y[:1], "or .n_samples, n_steps, n_inputs., got 4 dimensions"),
        (X, Y[:-1], r"inconsistent numbers of samples: \[24, 23\]"),
        (X, np.zeros((24, 2, 2)), "Found array with dim 3"),
        (X, None, "ElmanRegressor requires y to be passed, but the target y is None"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_data_that_cannot_be_learned_from(bad_X, bad_y, message):
    with pytest.raises(ValueError, match=message):
        net().fit(bad_X, bad_y)


@pytest.mark.parametrize("y", [Y, X[:, :2], X[:, :, None, None]], ids=["1-D", "steps", "4-D"])
def test_a_target_at_every_step_needs_all_steps(y):
    with pytest.raises(ValueError, match='readout="each" needs a target for every step.*= 3, got'):
        net(readout="each").fit(X, y)


@pytest.mark.parametrize("method", ["predict", "transform"])
def test_windows_unlike_those_of_fit(method):
    use = getattr(net(), method)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        use(X)
    use = getattr(net().fit(X, Y), method)
    with pytest.raises(ValueError, match="X has 2 features, but ElmanRegressor is expecting 3"):
        use(X[:, :2])
    with pytest.raises(ValueError, match="1 inputs a step, as in fit, got 2"):
        use(np.stack([X, X], axis=2))
    with pytest.raises(ValueError, match="got 4 dimensions"):
        use(X[:, :, None, None])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        use(X[0])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        use(np.full((1, 3), np.nan))

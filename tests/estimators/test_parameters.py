"""Every constructor parameter has an effect, and its rule a sentence."""

import numpy as np
import pytest
from sklearn.base import clone

from forecaster import ElmanRegressor
from tests.estimators.common import in_time

pytestmark = in_time
RNG = np.random.default_rng(0)
X = RNG.normal(2, 3, (20, 3))
Y = 5 + X[:, 2] - np.tanh(X[:, 0]) * X[:, 1] + RNG.normal(size=20)
BASE = {"hidden_layer_sizes": 3, "max_iter": 4, "random_state": 0, "batch_size": 8}
SGD = {"solver": "sgd"}
STOP = {"early_stopping": True, "validation_fraction": 0.2}
STALE = {"max_iter": 40, "learning_rate_init": 0.1}

# parameter, other value, and what else must be so for it to matter
EFFECTS = [
    ("hidden_layer_sizes", 4, {}),
    ("hidden_layer_sizes", (3, 2), {}),
    ("activation", "relu", {}),
    ("activation", "logistic", {}),
    ("activation", "identity", {}),
    ("loss", "absolute_error", {}),
    ("readout", "all", {}),
    ("skip", True, {}),
    ("learn_initial_state", True, {}),
    ("solver", "sgd", {}),
    ("alpha", 0.1, {}),
    ("batch_size", 5, {}),
    ("batch_size", "auto", {}),
    ("learning_rate", "one_cycle", {}),
    ("learning_rate_init", 0.05, {}),
    ("max_iter", 5, {}),
    ("shuffle", False, {}),
    ("random_state", 1, {}),
    ("tol", 10.0, {"max_iter": 20}),
    ("momentum", 0.5, SGD),
    ("nesterovs_momentum", False, SGD),
    ("early_stopping", True, {}),
    ("validation_fraction", 0.4, STOP),
    ("beta_1", 0.5, {}),
    ("beta_2", 0.9, {}),
    ("epsilon", 1e-2, {}),
    ("n_iter_no_change", 1, STALE),
    ("max_grad_norm", 1e-3, SGD),
    ("max_grad_norm", None, SGD),
    ("n_init", 6, {}),
    ("scale_inputs", False, {}),
    ("scale_targets", False, {}),
    ("dtype", "float64", {}),
]
# warm_start: test_training; verbose and n_jobs: below
ELSEWHERE = {"warm_start", "verbose", "n_jobs"}


def test_every_parameter_is_tested():
    assert {name for name, *_ in EFFECTS} | ELSEWHERE == set(ElmanRegressor().get_params())


@pytest.mark.parametrize("name, value, needed", EFFECTS, ids=lambda part: str(part))
def test_every_parameter_changes_the_result(name, value, needed):
    base = ElmanRegressor(**{**BASE, **needed})
    other = clone(base).set_params(**{name: value})
    assert not np.array_equal(base.fit(X, Y).predict(X), other.fit(X, Y).predict(X))


@pytest.mark.parametrize("n_jobs", [2, -1, None])
def test_n_jobs_does_not(n_jobs):
    one, other = (ElmanRegressor(**BASE, n_init=3, n_jobs=n).fit(X, Y) for n in (1, n_jobs))
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_verbose_shows_a_bar_on_stderr(capsys):
    quiet = ElmanRegressor(**BASE).fit(X, Y)
    assert capsys.readouterr() == ("", "")
    loud = ElmanRegressor(**BASE, n_init=2, verbose=True).fit(X, Y)
    out, err = capsys.readouterr()
    assert out == ""
    assert "ElmanRegressor: 100%" in err
    assert "24/24" in err  # two nets, four passes of three batches
    assert loud.best_loss_ <= quiet.best_loss_


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("hidden_layer_sizes", 0, "a positive integer or a tuple of them, got 0"),
        ("hidden_layer_sizes", (), r"a positive integer or a tuple of them, got \(\)"),
        ("hidden_layer_sizes", (8, 1.5), "a positive integer or a tuple of them"),
        ("hidden_layer_sizes", "auto", "a positive integer or a tuple of them, got 'auto'"),
        ("hidden_layer_sizes", np.array(8.5), "a positive integer or a tuple of them"),
        ("activation", "sigmoid", "one of 'tanh', 'relu', 'logistic', 'identity', got 'sigmoid'"),
        ("activation", None, "one of 'tanh'.*, got None"),
        ("loss", "huber", "one of 'squared_error', 'absolute_error', got 'huber'"),
        ("readout", "first", "one of 'last', 'all', 'each', got 'first'"),
        ("skip", 1, "True or False, got 1"),
        ("learn_initial_state", None, "True or False, got None"),
        ("solver", "lbfgs", "one of 'adam', 'sgd', got 'lbfgs'"),
        ("alpha", -1e-4, "a number >= 0, got -0.0001"),
        ("alpha", np.nan, "a number >= 0, got nan"),
        ("batch_size", 0, "an integer >= 1 or one of 'auto', got 0"),
        ("batch_size", 8.0, "an integer >= 1 or one of 'auto', got 8.0"),
        ("learning_rate", "adaptive", "one of 'constant', 'one_cycle', got 'adaptive'"),
        ("learning_rate_init", np.inf, "a number >= 0, got inf"),
        ("learning_rate_init", "fast", "a number >= 0, got 'fast'"),
        ("max_iter", 0, "an integer >= 1, got 0"),
        ("max_iter", True, "an integer >= 1, got True"),
        ("shuffle", "no", "True or False, got 'no'"),
        ("tol", -1, "a number >= 0, got -1"),
        ("verbose", -1, "True or False or an integer >= 0, got -1"),
        ("warm_start", 0, "True or False, got 0"),
        ("momentum", 1.0, "a number >= 0 and < 1, got 1.0"),
        ("nesterovs_momentum", 2, "True or False, got 2"),
        ("early_stopping", "yes", "True or False, got 'yes'"),
        ("validation_fraction", 0.0, "a number > 0 and < 1, got 0.0"),
        ("validation_fraction", 1, "a number > 0 and < 1, got 1"),
        ("beta_1", 1, "a number >= 0 and < 1, got 1"),
        ("beta_2", -0.1, "a number >= 0 and < 1, got -0.1"),
        ("epsilon", 0, "a number > 0, got 0"),
        ("n_iter_no_change", 0, "an integer >= 1, got 0"),
        ("max_grad_norm", 0, "a number > 0 or None, got 0"),
        ("n_init", 0, "an integer >= 1, got 0"),
        ("scale_inputs", 1.0, "True or False, got 1.0"),
        ("scale_targets", None, "True or False, got None"),
        ("dtype", "float16", "'float32' or 'float64', got 'float16'"),
        ("n_jobs", 0, "None or a non-zero integer, got 0"),
        ("n_jobs", 1.5, "None or a non-zero integer, got 1.5"),
    ],
    ids=lambda part: str(part)[:30],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_value_that_makes_no_sense(method, name, value, expected):
    with pytest.raises(ValueError, match=f"^ElmanRegressor expects {name} to be {expected}"):
        getattr(ElmanRegressor(**{name: value}), method)(X, Y)


@pytest.mark.parametrize("value", ["seed", 1.5, -1, np.random])
def test_random_states_that_make_no_sense(value):
    with pytest.raises(ValueError, match="random_state must be None, a non-negative integer"):
        ElmanRegressor(random_state=value).fit(X, Y)


@pytest.mark.parametrize("value", [np.float32, np.float64, np.dtype("float32"), "float64"], ids=str)
def test_ways_to_name_a_type(value):
    fitted = ElmanRegressor(**BASE, dtype=value).fit(X, Y)
    assert fitted.theta_.dtype == np.dtype(value)


@pytest.mark.parametrize("value", [3, [3], (3,), np.array([3]), np.int64(3), np.array(3)], ids=repr)
def test_ways_to_write_one_layer(value):
    fitted = ElmanRegressor(**{**BASE, "hidden_layer_sizes": value}).fit(X, Y)
    np.testing.assert_array_equal(fitted.theta_, ElmanRegressor(**BASE).fit(X, Y).theta_)

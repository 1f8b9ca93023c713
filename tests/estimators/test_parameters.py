"""Every constructor parameter has an effect, and its rule a sentence."""

import numpy as np
import pytest
from sklearn.base import clone

from forecaster import ElmanRegressor, JordanRegressor
from tests.estimators.common import CLASSIFIERS, REGRESSORS, in_time

pytestmark = in_time
RNG = np.random.default_rng(0)
X = RNG.normal(2, 3, (20, 3))
Y = np.round(9 + X[:, 2] - np.tanh(X[:, 0]) * X[:, 1] + RNG.normal(size=20))
CLASSES = np.where(np.median(Y) < Y, "high", "low")
DEEP = np.repeat(X[..., None], 3, axis=2)  # three inputs a step
BASE = {"hidden_layer_sizes": 3, "max_iter": 4, "random_state": 0, "batch_size": 8}
SGD = {"solver": "sgd"}
STOP = {"early_stopping": True, "validation_fraction": 0.2}
STALE = {"max_iter": 40, "learning_rate_init": 0.1}
STACK = {"hidden_layer_sizes": (3, 3)}
SEVERAL = {"n_estimators": 3}


class Stop:
    """A callback that ends training after its first pass."""

    def on_epoch_end(self, epoch):
        return True


# parameter, other value, and what else must be so for it to matter
EFFECTS = [
    ("hidden_layer_sizes", 4, {}),
    ("hidden_layer_sizes", (3, 2), {}),
    ("activation", "relu", {}),
    ("activation", "logistic", {}),
    ("activation", "identity", {}),
    ("readout", "all", {}),
    ("readout", "last", {}),
    ("skip", True, {}),
    ("learn_initial_state", True, {}),
    ("residual", True, STACK),
    ("dilations", 3, {}),
    ("dilations", (3, 1), STACK),
    ("dropout", 0.3, STACK),
    ("layer_norm", True, {}),
    ("solver", "sgd", {}),
    ("solver", "rmsprop", {}),
    ("solver", "adamw", {"alpha": 0.1}),
    ("solver", "lbfgs", {}),
    ("alpha", 0.1, {}),
    ("alpha", 0.1, {"solver": "adamw"}),
    ("alpha", 0.1, {"solver": "lbfgs"}),
    ("batch_size", 5, {}),
    ("batch_size", "auto", {}),
    ("bptt_steps", 1, {"readout": "each"}),
    ("learning_rate", "one_cycle", {}),
    ("learning_rate", "cosine", {}),
    ("learning_rate", "step", {}),
    ("learning_rate", "plateau", {"n_iter_no_change": 2, "tol": 10.0}),
    ("learning_rate_init", 0.05, {}),
    ("max_iter", 5, {}),
    ("max_seconds", 1e-9, {}),
    ("shuffle", False, {}),
    ("random_state", 1, {}),
    ("tol", 10.0, {"max_iter": 20}),
    ("momentum", 0.5, SGD),
    ("momentum", 0.5, {"solver": "rmsprop"}),
    ("nesterovs_momentum", False, SGD),
    ("early_stopping", True, {}),
    ("validation_fraction", 0.4, STOP),
    ("beta_1", 0.5, {}),
    ("beta_2", 0.9, {}),
    ("beta_2", 0.9, {"solver": "rmsprop"}),
    ("epsilon", 1e-2, {}),
    ("n_iter_no_change", 1, STALE),
    ("max_grad_norm", 1e-3, SGD),
    ("max_grad_norm", None, {**SGD, "alpha": 10.0}),
    ("ema_decay", 0.9, {}),
    ("callbacks", [Stop()], {}),
    ("n_init", 6, {"random_state": 3}),
    ("n_estimators", 3, {}),
    ("aggregate", "median", SEVERAL),
    ("scale_inputs", False, {}),
    ("dtype", "float64", {}),
]
EFFECTS_ON_NUMBERS = [
    *[("loss", name, {}) for name in ("absolute_error", "huber", "pinball", "gaussian")],
    *[("loss", name, {}) for name in ("student_t", "negative_binomial")],
    ("huber_delta", 0.1, {"loss": "huber"}),
    ("quantiles", 0.8, {"loss": "pinball"}),
    ("scale_targets", False, {}),
]
EFFECTS_ON_CLASSES = [
    ("class_weight", {"high": 3}, {}),
    ("class_weight", "balanced", {}),
]
# warm_start: test_training; verbose and n_jobs: below
ELSEWHERE = {"warm_start", "verbose", "n_jobs"}


def of_any_use(cls, name, value):
    """What a cell has no use for it refuses: see the end of this file; and "auto" is one of two."""
    gated = cls._cell in ("gru", "lstm")
    feeds_back = "jordan" in cls._cell
    last_is_dilated = name == "dilations" and value == 3
    is_default = name == "readout" and value == ("all" if feeds_back else "last")
    return not (
        is_default
        or (gated and name == "activation")
        or (feeds_back and (last_is_dilated or name in ("layer_norm", "residual")))
    )


CASES = [
    pytest.param(cls, *effect, id=f"{cls.__name__}-{effect[0]}-{str(effect[1])[:12]}")
    for classes, effects in (
        (REGRESSORS, EFFECTS + EFFECTS_ON_NUMBERS),
        (CLASSIFIERS, EFFECTS + EFFECTS_ON_CLASSES),
    )
    for cls in classes
    for effect in effects
    if of_any_use(cls, *effect[:2])
]


def targets(estimator):
    """Numbers or classes, at every step if that is what is asked for."""
    y = Y if hasattr(estimator, "loss") else CLASSES
    return np.stack([y, y[::-1], y], axis=1) if estimator.readout == "each" else y


def computed(estimator):
    estimator.fit(X, targets(estimator))
    return getattr(estimator, "predict_proba", estimator.predict)(X)


@pytest.mark.parametrize("cls", REGRESSORS + CLASSIFIERS)
def test_every_parameter_is_tested(cls):
    own = EFFECTS_ON_NUMBERS if cls in REGRESSORS else EFFECTS_ON_CLASSES
    assert {name for name, *_ in EFFECTS + own} | ELSEWHERE == set(cls().get_params())


@pytest.mark.parametrize("cls, name, value, needed", CASES)
def test_every_parameter_changes_the_result(cls, name, value, needed):
    base = cls(**{**BASE, **needed})
    other = clone(base).set_params(**{name: value})
    assert not np.array_equal(computed(base), computed(other))


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
        ("loss", "log_loss", "one of 'squared_error', .*'negative_binomial', got 'log_loss'"),
        ("huber_delta", 0, "a number > 0, got 0"),
        (
            "quantiles",
            (0.5, 0.1),
            r"a number between 0 and 1, or a rising.*got \(0.5, 0.1\)",
        ),
        ("quantiles", 1.0, "a number between 0 and 1, or a rising tuple of them, got 1.0"),
        ("readout", "first", "one of 'auto', 'last', 'all', 'each', got 'first'"),
        ("skip", 1, "True or False, got 1"),
        ("learn_initial_state", None, "True or False, got None"),
        ("residual", 1, "True or False, got 1"),
        ("dilations", 0, "a positive integer or a tuple of them or None, got 0"),
        ("dropout", 1.0, "a number >= 0 and < 1, got 1.0"),
        ("layer_norm", "yes", "True or False, got 'yes'"),
        ("solver", "newton", "one of 'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs', got 'newton'"),
        ("bptt_steps", 0, "an integer >= 1 or None, got 0"),
        ("max_seconds", 0, "a number > 0 or None, got 0"),
        ("ema_decay", 1.0, "a number >= 0 and < 1 or None, got 1.0"),
        ("callbacks", print, "None or a sequence of objects with a method on_epoch_end, got"),
        ("callbacks", [print], "None or a sequence of objects with a method on_epoch_end, got"),
        ("n_estimators", 0, "an integer >= 1, got 0"),
        ("aggregate", "max", "one of 'mean', 'median', got 'max'"),
        ("alpha", -1e-4, "a number >= 0, got -0.0001"),
        ("alpha", np.nan, "a number >= 0, got nan"),
        ("batch_size", 0, "an integer >= 1 or 'auto', got 0"),
        ("batch_size", 8.0, "an integer >= 1 or 'auto', got 8.0"),
        ("learning_rate", "adaptive", "one of 'constant', 'step', .*, got 'adaptive'"),
        ("learning_rate_init", np.inf, "a number >= 0, got inf"),
        ("learning_rate_init", "fast", "a number >= 0, got 'fast'"),
        ("max_iter", 0, "an integer >= 1, got 0"),
        ("max_iter", True, "an integer >= 1, got True"),
        ("shuffle", "no", "True or False, got 'no'"),
        ("tol", -1, "a number >= 0, got -1"),
        ("verbose", -1, "True or False or an integer >= 0, got -1"),
        ("warm_start", 0, "True or False, got 0"),
        ("momentum", 1.0, "a number >= 0 and < 1 or 'auto', got 1.0"),
        ("nesterovs_momentum", 2, "True or False, got 2"),
        ("early_stopping", "yes", "True or False, got 'yes'"),
        ("validation_fraction", 0.0, "a number > 0 and < 1, got 0.0"),
        ("validation_fraction", 1, "a number > 0 and < 1, got 1"),
        ("beta_1", 1, "a number >= 0 and < 1, got 1"),
        ("beta_2", -0.1, "a number >= 0 and < 1 or 'auto', got -0.1"),
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


REFUSED = [
    ("gru lstm", {"activation": "relu"}, "activations of its own.*'tanh', got 'relu'"),
    ("all", {"dropout": 0.1}, "dropout acts between layers, so with one layer it must be 0"),
    ("all", {"residual": True}, "as many units as inputs, got 1 inputs.*=\\(3,\\)"),
    ("all", {"dilations": 2}, "dilations that divide the 3 steps, got \\(2,\\)"),
    ("all", {"dilations": (1, 1)}, "a dilation for each layer, 1 in all, got \\(1, 1\\)"),
    ("jordan", {"layer_norm": True}, "feeds the output of its last layer back"),
    ("jordan", {"dilations": 3}, "feeds the output of its last layer back"),
    ("jordan", {**STACK, "residual": True}, "feeds the output of its last layer back"),
    ("all", {"bptt_steps": 2}, 'bptt_steps.*needs readout="each", skip=False'),
    ("all", {"bptt_steps": 2, "readout": "each", "skip": True}, "bptt_steps.*skip=False"),
    ("all", {"bptt_steps": 2, "readout": "each", "solver": "lbfgs"}, 'other than "lbfgs"'),
    ("all", {"dropout": 0.1, **STACK, "solver": "lbfgs"}, '"lbfgs".*dropout must be 0'),
    ("all", {"ema_decay": 0.9, "solver": "lbfgs"}, '"lbfgs".*ema_decay None'),
]


@pytest.mark.parametrize(
    "cls, options, sentence",
    [
        pytest.param(cls, options, sentence, id=f"{cls.__name__}-{','.join(options)}")
        for cells, options, sentence in REFUSED
        for cls in REGRESSORS + CLASSIFIERS
        if cells == "all" or any(cell in cls._cell for cell in cells.split())
    ],
)
def test_what_has_no_use_is_refused(cls, options, sentence):
    estimator = cls(**{**BASE, **options})
    with pytest.raises(ValueError, match=sentence):
        estimator.fit(X, targets(estimator))


def test_segments_must_fit_dilations():
    estimator = ElmanRegressor(**BASE, readout="each", dilations=3, bptt_steps=2)
    with pytest.raises(ValueError, match=r"bptt_steps=2 must be a multiple of every dilation.*3"):
        estimator.fit(X, targets(estimator))


def test_layers_below_the_last_one_of_jordan_may_be_dilated_and_residual():
    found = JordanRegressor(
        **{**BASE, "hidden_layer_sizes": (3, 2)}, residual=True, dilations=(3, 1)
    )
    assert np.isfinite(found.fit(DEEP, Y).predict(DEEP)).all()


@pytest.mark.parametrize("given", [[3], np.array([3]), (3,), 3], ids=repr)
def test_ways_to_write_a_dilation_can_be_compared(given):
    """Going on compares parameters: arrays must not confuse it."""
    fitted = ElmanRegressor(**BASE, dilations=given, quantiles=np.array([0.2, 0.8])).fit(X, Y)
    assert fitted.partial_fit(X, Y).n_iter_ == 5

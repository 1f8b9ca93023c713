"""The gradient by time lag, against closed forms and the twin's complex step."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import forecaster
from forecaster import ElmanForecaster, LSTMRegressor
from forecaster.evaluation import gradient_by_lag, gradients
from tests import reference

N, T, D = 7, 5, 2
rng = np.random.default_rng(0)
X = rng.normal(1, 2, (N, T, D))
Y = rng.normal(3, 2, (N, 2))
EACH = rng.normal(3, 2, (N, T))
CLASSES = np.arange(N) % 3
CELLS = ["Elman", "Jordan", "ElmanJordan", "GRU", "LSTM"]

pytestmark = pytest.mark.filterwarnings("ignore:.*max_iter")


def fitted(kind, y, X=X, **options):
    """A small net, hardly trained, with random weights of which none is zero."""
    options = {"hidden_layer_sizes": 3, "max_iter": 1, "random_state": 0, **options}
    net = getattr(forecaster, kind)(**options).fit(X, y)
    rng = np.random.default_rng(1)
    net.thetas_ = [0.5 * rng.standard_normal(theta.size) for theta in net.thetas_]
    return net


def standardised(A):
    A = A.reshape(*A.shape[:2], -1) if A.ndim > 2 else A[:, None]
    return (A - A.mean(axis=(0, 1))) / A.std(axis=(0, 1))


def twin(net, value):
    """Mean norms by lag; ``value(outputs of a sample, number of it)`` is a vector."""
    norms = []
    for theta in net.thetas_:
        for i, x in enumerate(standardised(X)):

            def values(x, i=i, theta=theta):
                return value(reference.outputs(net.network_, theta, x[None])[0], i)

            jacobian = [
                reference.gradient(lambda x, k=k: values(x)[k], x) for k in range(len(values(x)))
            ]
            norms.append(np.sqrt(np.sum(np.square(jacobian), axis=(0, 2)))[::-1])
    return np.mean(norms, axis=0)


def loss_of(net, Z):
    """The loss of a sample, averaged over its targets, as a vector of one element."""
    return lambda outputs, i: [np.mean(reference.element_losses(net._loss, outputs[-1], Z[i]))]


def last_outputs(outputs, i):
    return outputs[-1]


@pytest.mark.parametrize("cell", CELLS)
def test_of_the_outputs_equals_the_twin(cell):
    for net in (fitted(f"{cell}Regressor", Y), fitted(f"{cell}Classifier", CLASSES)):
        norms = gradient_by_lag(net, X)
        reference.assert_close(norms.to_numpy(), twin(net, last_outputs), 100)


@pytest.mark.parametrize("cell", CELLS)
def test_of_the_loss_equals_the_twin(cell):
    net = fitted(f"{cell}Regressor", Y)
    expected = twin(net, loss_of(net, standardised(Y)[:, 0]))
    reference.assert_close(gradient_by_lag(net, X, Y).to_numpy(), expected, 100)
    net = fitted(f"{cell}Classifier", CLASSES)
    expected = twin(net, loss_of(net, CLASSES[:, None]))
    reference.assert_close(gradient_by_lag(net, X, CLASSES).to_numpy(), expected, 100)


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_layer_sizes": (3, 2), "layer_norm": True, "dropout": 0.3},
        {"hidden_layer_sizes": (2, 2), "residual": True, "learn_initial_state": True},
        {"dilations": 5},
        {"readout": "all"},
        {"skip": True},
        {"skip": True, "readout": "all"},
        {"n_estimators": 2},
        {"loss": "pinball"},
        {"loss": "gaussian"},
        {"dtype": "float64", "n_jobs": 2},
    ],
    ids=str,
)
def test_options_equal_the_twin(options):
    net = fitted("GRURegressor", Y, **options)
    reference.assert_close(gradient_by_lag(net, X).to_numpy(), twin(net, last_outputs), 200)
    expected = twin(net, loss_of(net, standardised(Y)[:, 0]))
    reference.assert_close(gradient_by_lag(net, X, Y).to_numpy(), expected, 200)


def test_of_outputs_at_every_step_only_the_last_counts():
    net = fitted("ElmanRegressor", EACH, readout="each")
    Z = (EACH - EACH.mean()) / EACH.std()
    reference.assert_close(gradient_by_lag(net, X).to_numpy(), twin(net, last_outputs), 100)
    expected = twin(net, loss_of(net, Z[:, -1:]))
    reference.assert_close(gradient_by_lag(net, X, EACH).to_numpy(), expected, 100)


def test_a_linear_net_has_powers_of_its_matrix():
    """``y = sum of x[T - k] W^k``."""
    T, H = 20, 3
    rng = np.random.default_rng(2)
    X, W = rng.standard_normal((4, T, H)), rng.standard_normal((H, H)) / 2
    options = {"scale_inputs": False, "scale_targets": False, "dtype": "float64"}
    net = fitted("ElmanRegressor", X[:, 0], X, activation="identity", **options)
    views = net.network_.views(net.thetas_[0])
    views["0.Wx"][:] = views["V"][:] = np.eye(H)
    views["0.Wh"][:] = W
    expected = [np.linalg.norm(np.linalg.matrix_power(W, k)) for k in range(T)]
    norms = gradient_by_lag(net, X)
    np.testing.assert_allclose(norms, expected, rtol=1e-13)
    pd.testing.assert_index_equal(norms.index, pd.RangeIndex(T, name="lag"))
    assert norms.name == "gradient_norm"


def test_what_has_nearly_vanished_is_not_zero():
    """0.001^90 = 1e-270, whose square is 0 in float64."""
    X = np.ones((2, 91, 1))
    net = fitted("ElmanRegressor", [0.0, 1.0], X, hidden_layer_sizes=1, activation="identity")
    views = net.network_.views(net.thetas_[0])
    views["0.Wx"][:], views["0.Wh"][:], views["V"][:] = 1, 1e-3, 1
    np.testing.assert_allclose(gradient_by_lag(net, X), 10.0 ** (-3 * np.arange(91)), rtol=1e-12)


def test_lags_count_from_the_end_of_each_sample():
    net, samples = fitted("LSTMRegressor", Y), X[:3].copy()
    samples[1, 2:], samples[2, 4:] = np.nan, np.nan
    alone = [gradient_by_lag(net, samples[i : i + 1]).to_numpy() for i in range(3)]
    assert [len(norms) for norms in alone] == [5, 2, 4]
    expected = [np.mean([norms[k] for norms in alone if k < len(norms)]) for k in range(T)]
    np.testing.assert_allclose(gradient_by_lag(net, samples), expected, rtol=1e-12)
    ragged = [x[: len(norms)] for x, norms in zip(samples, alone)]
    np.testing.assert_allclose(gradient_by_lag(net, ragged), expected, rtol=1e-12)


def test_samples_whose_target_is_missing_do_not_count():
    net, some = fitted("GRURegressor", Y), Y.copy()
    some[2:] = np.nan
    norms = gradient_by_lag(net, X, some)
    np.testing.assert_allclose(norms, gradient_by_lag(net, X[:2], Y[:2]), rtol=1e-12)


def test_blocks_change_nothing(monkeypatch):
    net = fitted("GRURegressor", Y)
    whole = gradient_by_lag(net, X)
    monkeypatch.setattr(gradients, "_BATCH", 3)
    np.testing.assert_allclose(gradient_by_lag(net, X), whole, rtol=1e-13)


def test_only_networks_on_windows_have_it():
    for other in (
        LinearRegression().fit(X[:, 0], Y),
        make_pipeline(fitted("GRURegressor", Y)),
        ElmanForecaster(),
    ):
        with pytest.raises(TypeError, match=f"regressor or classifier.*{type(other).__name__}"):
            gradient_by_lag(other, X)
    with pytest.raises(NotFittedError):
        gradient_by_lag(LSTMRegressor(), X)


def test_data_must_match_those_of_fit():
    net = fitted("GRURegressor", Y)
    with pytest.raises(ValueError, match="2 inputs"):
        gradient_by_lag(net, X[..., :1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        gradient_by_lag(net, X, Y[:3])
    with pytest.raises(ValueError, match="Training goes on with 2 inputs a step and 2 outputs"):
        gradient_by_lag(net, X, Y[:, 0])


def test_some_target_must_be_known():
    net = fitted("ElmanRegressor", EACH, readout="each")
    missing = EACH.copy()
    missing[:, -1] = np.nan
    with pytest.raises(ValueError, match="No target at the last step"):
        gradient_by_lag(net, X, missing)


def test_the_net_is_left_as_it_was():
    net = fitted("GRUClassifier", CLASSES)
    before = net.predict_proba(X)
    gradient_by_lag(net, X, CLASSES)
    np.testing.assert_array_equal(net.predict_proba(X), before)

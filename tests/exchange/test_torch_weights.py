"""Weights from and to PyTorch's layout, without PyTorch; its own outputs are in golden files."""

import copy
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecaster import (
    ElmanForecaster,
    ElmanRegressor,
    GRUClassifier,
    GRURegressor,
    LSTMRegressor,
    load,
    save,
)
from forecaster.exchange import from_torch, to_onnx, to_torch
from forecaster.exchange.torch_weights import weights_from_torch, weights_to_torch
from tests.exchange.common import ARCHITECTURES, JOINED, PLAIN, X, assert_close, estimator

FOLDER = Path(__file__).parents[1] / "golden" / "state_dicts"
KINDS = {
    "rnn-tanh": ElmanRegressor,
    "rnn-relu": ElmanRegressor,
    "gru": GRURegressor,
    "lstm": LSTMRegressor,
}


def read(name):
    """The state dicts of the recurrent and of the linear module, inputs and outputs."""
    with np.load(FOLDER / f"{name}.npz") as arrays:
        parts = {
            role: {
                key.removeprefix(f"{role}."): arrays[key] for key in arrays if key.startswith(role)
            }
            for role in ("recurrent", "linear")
        }
        return parts["recurrent"], parts["linear"], arrays["X"], arrays["outputs"]


def rebuilt(name, readout="each", **options):
    recurrent, linear, X, _ = read(name)
    activation = "relu" if name == "rnn-relu" else "tanh"
    return from_torch(
        recurrent, linear, X.shape[1], readout=readout, activation=activation, **options
    )


@pytest.mark.parametrize("name", KINDS)
def test_outputs_of_pytorch(name):
    _, _, X, outputs = read(name)
    net = rebuilt(name)
    assert type(net) is KINDS[name]
    assert net.theta_.dtype == np.float64
    assert_close(net.predict(X), outputs, 1e-14)
    assert_close(rebuilt(name, "last").predict(X), outputs[:, -1], 1e-14)


@pytest.mark.parametrize("name", KINDS)
def test_the_way_back_shares_biases_out_otherwise(name):
    recurrent, linear, *_ = read(name)
    net = rebuilt(name)
    weights = weights_to_torch(net.network_, net.theta_)
    assert set(weights) == {f"recurrent.0.{key}" for key in recurrent} | {
        f"linear.{key}" for key in linear
    }
    for key, values in linear.items():
        np.testing.assert_array_equal(weights[f"linear.{key}"], values)
    H = recurrent["weight_hh_l0"].shape[1]
    for k in range(2):
        for key in (f"weight_ih_l{k}", f"weight_hh_l{k}"):
            np.testing.assert_array_equal(weights[f"recurrent.0.{key}"], recurrent[key])
        ours = [weights[f"recurrent.0.bias_{side}_l{k}"] for side in ("ih", "hh")]
        theirs = [recurrent[f"bias_{side}_l{k}"] for side in ("ih", "hh")]
        if name == "gru":  # within the reset product
            np.testing.assert_array_equal(ours[1][-H:], theirs[1][-H:])
        np.testing.assert_allclose(sum(ours), sum(theirs), rtol=1e-15)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("name", [*ARCHITECTURES, *JOINED])
def test_there_and_back(name, cell):
    network = replace((ARCHITECTURES | JOINED)[name], cell=cell)
    theta = np.arange(network.n_parameters, dtype=np.float64)
    weights = weights_to_torch(network, theta)
    np.testing.assert_array_equal(weights_from_torch(network, weights), theta)


def test_precision_is_kept():
    recurrent, linear, X, outputs = read("gru")
    single = [
        {name: a.astype(np.float32) for name, a in part.items()} for part in (recurrent, linear)
    ]
    net = from_torch(*single, X.shape[1], readout="each")
    assert net.dtype == "float32"
    assert net.theta_.dtype == np.float32
    assert_close(net.predict(X), outputs, 1e-6)


def test_weights_without_biases():
    recurrent, linear, X, _ = read("lstm")
    zero = {name: np.zeros_like(a) if "bias" in name else a for name, a in recurrent.items()}
    without = {name: a for name, a in recurrent.items() if "bias" not in name}
    expected = from_torch(zero, linear, X.shape[1]).predict(X)
    np.testing.assert_array_equal(from_torch(without, linear, X.shape[1]).predict(X), expected)


def test_the_inputs_may_pass_the_states_by():
    recurrent, linear, X, outputs = read("gru")
    passed = np.ones((3, X[0].size))
    wide = {"weight": np.hstack([linear["weight"], passed]), "bias": linear["bias"]}
    net = from_torch(recurrent, wide, X.shape[1], skip=True)
    expected = outputs[:, -1] + X.sum(axis=(1, 2))[:, None]
    assert_close(net.predict(X), expected, 1e-14)


def test_classifier():
    _, _, X, outputs = read("gru")
    net = rebuilt("gru", "last", classes=["a", "b", "c"])
    assert type(net) is GRUClassifier
    odds = np.exp(outputs[:, -1])
    assert_close(net.predict_proba(X), odds / odds.sum(axis=1, keepdims=True), 1e-14)
    assert set(net.predict(X)) <= {"a", "b", "c"}


def test_training_goes_on():
    _, _, X, outputs = read("gru")
    net = rebuilt("gru").set_params(learning_rate_init=0.0, alpha=0.0)
    before = net.theta_.copy()
    np.testing.assert_array_equal(net.partial_fit(X, outputs).theta_, before)
    assert net.loss_ < 1e-20  # nothing is left to learn, and no scaling stands between
    net.set_params(learning_rate_init=0.01).partial_fit(X, outputs + 1)
    assert np.abs(net.theta_ - before).max() > 1e-3


def test_parameters_tell_the_architecture():
    net = estimator(JOINED["dilated"])
    assert net.get_params()["dilations"] == (1, 3)
    assert net.get_params()["hidden_layer_sizes"] == (4, 4)
    assert net.get_params()["scale_inputs"] is True
    assert rebuilt("rnn-relu").get_params()["activation"] == "relu"
    assert rebuilt("rnn-relu").get_params()["scale_targets"] is False
    assert json.dumps(net.get_params())  # plain values only


def test_the_estimator_is_saved_copied_and_trained_like_any_other(tmp_path):
    _, _, X, outputs = read("lstm")
    net = rebuilt("lstm")
    save(net, tmp_path / "net.npz")
    for again in (load(tmp_path / "net.npz"), copy.deepcopy(net)):
        np.testing.assert_array_equal(again.predict(X), net.predict(X))
    net.set_params(warm_start=True, max_iter=2, tol=1e9, n_iter_no_change=1, learning_rate_init=0)
    np.testing.assert_array_equal(net.fit(X, outputs).predict(X), again.predict(X))


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"linear": None}, "linear must be a torch.nn.Linear or its state dict"),
        ({"recurrent": {"weight": 0}}, "recurrent must be a torch.nn.RNN, GRU or LSTM"),
        ({"n_steps": None}, "n_steps must be an integer >= 1, got None"),
        ({"readout": "first"}, "readout must be one of 'last', 'all', 'each'"),
        ({"activation": "logistic"}, "activation must be one of 'tanh', 'relu'"),
        ({"readout": "all"}, r"'linear.weight' of shape \(3, 24\)"),
        ({"skip": True}, "check n_steps, readout and skip"),
        ({"classes": ["b", "a", "c"]}, "3 different labels in rising order"),
        ({"classes": [0, 1]}, "3 different labels in rising order"),
        (
            {"recurrent": {"weight_ih_l0": np.ones(4), "weight_hh_l0": np.ones((4, 4))}},
            r"weight_ih_l0 of recurrent must be a matrix, got an array of shape \(4,\)",
        ),
    ],
)
def test_refused(change, sentence):
    recurrent, linear, X, _ = read("gru")
    arguments = {"recurrent": recurrent, "linear": linear, "n_steps": X.shape[1]}
    with pytest.raises((TypeError, ValueError), match=sentence):
        from_torch(**(arguments | change))


def test_state_dicts_of_lists():
    recurrent, linear, X, outputs = read("gru")
    lists = ({name: array.tolist() for name, array in one.items()} for one in (recurrent, linear))
    found = from_torch(*lists, X.shape[1], readout="each").predict(X)
    assert_close(found, outputs, 1e-12)


@pytest.mark.parametrize("name", ["weight_ih_l0_reverse", "weight_hr_l0"])
def test_two_directions_and_projections_are_refused(name):
    recurrent, linear, X, _ = read("lstm")
    more = recurrent | {name: recurrent["weight_ih_l0"]}
    with pytest.raises(ValueError, match=f"got '{name}' as well: leave bidirectional"):
        from_torch(more, linear, X.shape[1])
    twice = linear | {"weight": np.hstack([linear["weight"]] * 2)}  # as two directions need it
    with pytest.raises(ValueError, match=f"got '{name}' as well: leave bidirectional"):
        from_torch(more, twice, X.shape[1])


def test_weights_of_another_network_are_refused():
    recurrent, linear, X, _ = read("gru")
    with pytest.raises(ValueError, match=r"alone, got 'recurrent.0.weight_x' as well: check cell"):
        from_torch(recurrent | {"weight_x": recurrent["weight_ih_l0"]}, linear, X.shape[1])


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"network": replace(PLAIN, cell="jordan")}, "a cell of elman, gru, lstm, got 'jordan'"),
        ({"network": replace(PLAIN, activation="logistic")}, "an activation of tanh, relu"),
        ({"network": replace(PLAIN, n_outputs=2), "loss": "gaussian"}, "got 'gaussian'"),
        ({"network": PLAIN, "n_members": 2}, "n_estimators=1, got 2"),
    ],
)
def test_what_pytorch_cannot_compute_is_refused(options, expected):
    with pytest.raises(ValueError, match=f"{expected}.*: use to_onnx"):
        to_torch(estimator(**options))


def test_other_types_and_estimators_are_refused():
    with pytest.raises(ValueError, match="dtype must be 'float32', 'float64' or None, got 'half'"):
        to_torch(estimator(PLAIN), "half")
    with pytest.raises(TypeError, match="to_torch takes a regressor or classifier on windows"):
        to_torch(ElmanForecaster())
    with pytest.raises(ValueError, match="not fitted"):
        to_torch(ElmanRegressor())


@pytest.mark.parametrize("goal, module", [(to_torch, "torch"), (to_onnx, "onnx")])
def test_a_missing_library_is_named(goal, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"needs {module}: .*'forecaster\[{module}\]'"):
        goal(estimator(PLAIN))


def test_x_is_scaled():
    """The estimators of these tests do scale: a test of scaling could not fail otherwise."""
    net = estimator(PLAIN)
    assert net.predict(X).std() > 0.1
    assert np.abs(net._input_scaler.center).min() > 1

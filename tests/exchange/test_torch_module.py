"""PyTorch computes the same, both ways."""

import copy
import io
from dataclasses import replace

import numpy as np
import pytest

from forecaster.exchange import from_torch, to_torch
from tests.exchange.common import ARCHITECTURES, JOINED, PLAIN, X, assert_close, estimator

torch = pytest.importorskip("torch")

KINDS = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def outputs(module, X):
    return module(torch.tensor(X)).detach().numpy()


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("name", [*ARCHITECTURES, *JOINED])
def test_module(name, cell):
    net = estimator(replace((ARCHITECTURES | JOINED)[name], cell=cell))
    module = to_torch(net)
    assert module.linear.weight.dtype == torch.float64
    assert_close(outputs(module, X), net.predict(X), 1e-13)
    single = outputs(to_torch(net, "float32"), X)
    assert single.dtype == np.float32
    assert_close(single, net.predict(X), 1e-5)
    again = from_torch(module)
    assert type(again) is type(net)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert again.get_params() == net.get_params()


def test_relu():
    net = estimator(replace(PLAIN, activation="relu"))
    assert_close(outputs(to_torch(net), X), net.predict(X), 1e-13)


@pytest.mark.parametrize("cell", KINDS)
def test_standard_state_dicts(cell):
    network = replace(ARCHITECTURES["stack"], cell=cell, learn_initial_state=False)
    net = estimator(network)
    module = to_torch(net)
    recurrent = KINDS[cell](network.n_inputs, 4, 3, batch_first=True).double()
    recurrent.load_state_dict(module.recurrent[0].state_dict())
    linear = torch.nn.Linear(4, 1).double()
    linear.load_state_dict(module.linear.state_dict())
    inputs = net._input_scaler.transform(X, np.float64)
    y = linear(recurrent(torch.tensor(inputs))[0][:, -1]).detach().numpy()
    assert_close(net._target_scaler.inverse(y)[:, 0], net.predict(X), 1e-13)


@pytest.mark.parametrize("kind", KINDS.values())
def test_modules_of_pytorch(kind):
    torch.manual_seed(0)
    recurrent, linear = kind(2, 5, 2, batch_first=True), torch.nn.Linear(5, 1)
    net = from_torch(recurrent, linear, X.shape[1])
    inputs = torch.tensor(X, dtype=torch.float32)
    expected = linear(recurrent(inputs)[0][:, -1]).detach().numpy()[:, 0]
    assert net.dtype == "float32"
    assert_close(net.predict(X), expected, 1e-6)


def test_the_nonlinearity_of_a_module_counts():
    recurrent = torch.nn.RNN(2, 5, nonlinearity="relu")
    net = from_torch(recurrent, torch.nn.Linear(5, 1), X.shape[1])
    assert net.activation == "relu"


def test_the_dropout_of_a_module_is_kept_for_further_training():
    linear = torch.nn.Linear(5, 1)
    net = from_torch(torch.nn.GRU(2, 5, 2, dropout=0.25), linear, X.shape[1])
    assert net.get_params()["dropout"] == net.network_.dropout == 0.25
    assert from_torch(torch.nn.GRU(2, 5), linear, X.shape[1]).dropout == 0.0


def test_half_precision_comes_in_as_single():
    recurrent, linear = torch.nn.GRU(2, 5).bfloat16(), torch.nn.Linear(5, 1).bfloat16()
    net = from_torch(recurrent, linear, X.shape[1])
    assert net.dtype == "float32"
    twin = from_torch(recurrent.float(), linear.float(), X.shape[1])
    np.testing.assert_array_equal(net.predict(X), twin.predict(X))


def test_windows_of_one_variable():
    net = estimator(replace(PLAIN, n_inputs=1))
    assert_close(outputs(to_torch(net), X[:, :, 0]), net.predict(X[:, :, 0]), 1e-13)


def test_logits_of_a_classifier():
    net = estimator(replace(PLAIN, n_outputs=3), classes=["a", "b", "c"])
    module = to_torch(net)
    probabilities = torch.softmax(module(torch.tensor(X)), dim=-1).detach().numpy()
    assert_close(probabilities, net.predict_proba(X), 1e-13)
    np.testing.assert_array_equal(from_torch(module).predict(X), net.predict(X))


def test_training_in_pytorch_comes_back():
    net = estimator(JOINED["normalised"])
    module = to_torch(net)
    y = torch.tensor(net.predict(X) + 3)
    loss = torch.nn.functional.mse_loss(module(torch.tensor(X)), y)
    loss.backward()
    gradients = {name: p.grad for name, p in module.named_parameters()}
    assert all(gradient is not None for gradient in gradients.values())
    torch.optim.SGD(module.parameters(), lr=1e-3).step()
    trained = from_torch(module)
    assert_close(outputs(module, X), trained.predict(X), 1e-13)
    assert np.mean((trained.predict(X) - y.numpy()) ** 2) < 9  # it was 3 squared


def test_dropout_acts_in_training_only():
    module = to_torch(estimator(JOINED["normalised"]))
    torch.manual_seed(0)
    still = outputs(module, X)
    np.testing.assert_array_equal(outputs(module, X), still)
    assert np.abs(outputs(module.train(), X) - still).max() > 0.01


def test_modules_are_copied_and_saved():
    module = to_torch(estimator(PLAIN))
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    for again in (copy.deepcopy(module), torch.load(file, weights_only=False)):
        np.testing.assert_array_equal(outputs(again, X), outputs(module, X))


def test_the_global_random_state_is_not_touched():
    before = torch.random.get_rng_state()
    to_torch(estimator(PLAIN))
    assert torch.equal(torch.random.get_rng_state(), before)

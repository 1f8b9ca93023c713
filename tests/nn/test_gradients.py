"""Whole networks: outputs and loss equal the twin's, gradients equal those of the loss."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.kernels.losses import LOSSES
from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from tests import reference
from tests.reference import assert_close

NETWORKS = {
    "least": Network(1, 1, (1,), 1, learn_initial_state=True),
    "last": Network(3, 2, (4,), 2),
    "last-skip": Network(3, 2, (4,), 1, skip=True),
    "all": Network(3, 2, (3,), 2, readout="all"),
    "all-skip": Network(3, 2, (3,), 2, readout="all", skip=True),
    "wide": Network(3, 2, (6,), 1, readout="all", skip=True),
    "each": Network(3, 2, (3,), 1, readout="each"),
    "each-skip": Network(3, 2, (3,), 2, readout="each", skip=True),
    "learned-start": Network(3, 2, (3,), 1, learn_initial_state=True),
    "two-layers": Network(3, 2, (3, 2), 1),
    "three-layers": Network(
        3, 1, (3, 2, 3), 2, readout="each", skip=True, learn_initial_state=True
    ),
}


class Problem:
    """A network with random weights, and weighted rows."""

    def __init__(self, network, loss="squared_error", n_rows=4):
        rng = np.random.default_rng(0)
        self.network, self.loss_name = network, loss
        self.theta = 0.5 * rng.standard_normal(network.n_parameters)
        self.X = rng.standard_normal((n_rows, network.n_steps, network.n_inputs))
        # Shares of a whole where a loss wants them, and as good as any other targets elsewhere
        Z = rng.uniform(0.1, 1, (n_rows, network.n_output_steps, network.n_outputs))
        self.Z = Z / Z.sum(axis=2, keepdims=True)
        self.weights = rng.uniform(0.5, 2, n_rows)
        self.source = ArraySource(self.X, self.Z, self.weights)
        self.rows = np.arange(n_rows)
        self.engine = Engine(network, n_rows, self.theta.dtype)

    def loss(self, theta):
        """Mean loss, as training takes it."""
        sums = self.engine.loss(
            self.network.bind(theta), self.source, self.rows, LOSSES[self.loss_name]
        )
        return self.network.n_output_steps * sums[0] / sums[1]

    def gradient(self):
        n, _, weight = self.engine.gradient(
            self.network.bind(self.theta), self.source, self.rows, LOSSES[self.loss_name]
        )
        return self.network.n_output_steps * self.engine.gradients[:n].sum(axis=0) / weight

    def twin(self, theta):
        return reference.loss(self.network, theta, self.X, self.Z, self.weights, self.loss_name)


def cases():
    """Every network with every cell, and every activation and loss with one network."""
    for cell in CELLS:
        for name, network in NETWORKS.items():
            yield pytest.param(replace(network, cell=cell), "squared_error", id=f"{cell}-{name}")
        for activation in [name for name in CELLS[cell].activations if name != "tanh"]:
            network = replace(NETWORKS["wide"], cell=cell, activation=activation)
            yield pytest.param(network, "squared_error", id=f"{cell}-{activation}")
    for loss in LOSSES:
        for name in ("all-skip", "each-skip"):
            yield pytest.param(NETWORKS[name], loss, id=f"{loss}-{name}")


CASES = list(cases())


@pytest.mark.parametrize("network, loss", CASES)
def test_gradient_equals_central_differences(network, loss):
    """Of every parameter, and no parameter is left out."""
    p, step = Problem(network, loss), 1e-5
    expected = np.zeros_like(p.theta)
    for i in range(p.theta.size):
        up, down = p.theta.copy(), p.theta.copy()
        up[i] += step
        down[i] -= step
        expected[i] = (p.loss(up) - p.loss(down)) / (2 * step)
    actual = p.gradient()
    for name, where in network.slices.items():
        assert np.any(actual[where]), f"the gradient of {name} is zero"
        # The difference errs by step^2 times a third derivative, and by rounding / step.
        np.testing.assert_allclose(actual[where], expected[where], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("network, loss", CASES)
def test_loss_and_gradient_equal_the_twin(network, loss):
    p = Problem(network, loss)
    terms = 10 * network.n_steps * len(network.hidden_sizes)
    assert_close(p.loss(p.theta), p.twin(p.theta), terms)
    assert_close(p.gradient(), reference.gradient(p.twin, p.theta), terms)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_outputs_and_states_equal_the_twin(network):
    p = Problem(network)
    bound = network.bind(p.theta)
    outputs = p.engine.outputs(bound, p.source, p.rows)
    states = p.engine.states(bound, p.source, p.rows)
    expected = [reference.states(network, p.theta, x)[-1][1:] for x in p.X]
    assert_close(outputs, reference.outputs(network, p.theta, p.X), 30)
    assert_close(states, expected, 30)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", ["last", "all-skip", "each-skip", "three-layers"])
def test_single_precision_is_double_precision_rounded(name, loss):
    p = Problem(NETWORKS[name], loss)
    expected = p.gradient()
    p.theta, p.X, p.Z, p.weights = (a.astype(np.float32) for a in (p.theta, p.X, p.Z, p.weights))
    p.source = ArraySource(p.X, p.Z, p.weights)
    p.engine = Engine(p.network, len(p.X), p.theta.dtype)
    actual = p.gradient()
    assert actual.dtype == np.float32
    assert_close(actual, expected, 30)

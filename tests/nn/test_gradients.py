"""Whole networks: outputs and loss equal the twin's, gradients equal those of the loss."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.losses import KERNELS, Loss
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
    "dilated": Network(6, 2, (3, 2), 1, dilations=(1, 3), learn_initial_state=True),
    "residual": Network(3, 2, (2, 2, 3), 1, residual=True, readout="all"),
    "residual-last": Network(3, 2, (3, 3), 1, residual=True),
    "normalised-last": Network(3, 2, (4, 3), 1, layer_norm=True),
    "normalised": Network(3, 2, (4, 3), 1, layer_norm=True, readout="each"),
    "everything": Network(
        4, 2, (3, 3), 2, readout="all", skip=True, learn_initial_state=True, residual=True,
        dilations=(2, 1), dropout=0.4, layer_norm=True,
    ),
}  # fmt: skip
SETTINGS = {"huber": (0.7,), "pinball": (0.1, 0.5, 0.8), "negative_binomial": (3.0, 0.5)}
LOSSES = [Loss(name, SETTINGS.get(name, ())) for name in KERNELS]
SEED = 123  # of dropout


class Problem:
    """A network with random weights, and weighted rows."""

    def __init__(self, network, loss=LOSSES[0], n_rows=4):
        rng = np.random.default_rng(0)
        self.network, self.loss_of_element = network, loss
        self.theta = 0.5 * rng.standard_normal(network.n_parameters)
        self.X = rng.standard_normal((n_rows, network.n_steps, network.n_inputs))
        # Counts or classes where a loss wants them, and as good as any other targets elsewhere
        n_targets = loss.n_targets(network.n_outputs)
        Z = rng.integers(0, 3, (n_rows, network.n_output_steps, n_targets))
        self.Z = Z + (0.3 if loss.name in ("pinball", "absolute_error") else 0.0)
        self.weights = rng.uniform(0.5, 2, self.Z.shape)
        self.source = ArraySource(self.X, self.Z, self.weights)
        self.rows = np.arange(n_rows)
        self.engine = Engine(network, n_rows, self.theta.dtype, n_targets=n_targets)

    def training(self, theta):
        """The engine's sums, with gradients and dropout."""
        loss = self.loss_of_element.bind(theta.dtype)
        bound = self.network.bind(theta)
        return self.engine.gradient(bound, self.source, self.rows, loss, seed=SEED)

    def loss(self, theta):
        """Mean loss, as training takes it."""
        _, total, weight = self.training(theta)
        return self.network.n_output_steps * total / weight

    def gradient(self):
        n, _, weight = self.training(self.theta)
        return self.network.n_output_steps * self.engine.gradients[:n].sum(axis=0) / weight

    def twin(self, theta):
        return reference.loss(
            self.network, theta, self.X, self.Z, self.weights, self.loss_of_element
        )


def cases():
    """Every network with every cell, and every activation and loss with one network."""
    for cell in CELLS:
        for name, network in NETWORKS.items():
            network = replace(network, cell=cell)
            if not network.distorts_feedback:
                yield pytest.param(network, LOSSES[0], id=f"{cell}-{name}")
        for activation in [name for name in CELLS[cell].activations if name != "tanh"]:
            network = replace(NETWORKS["wide"], cell=cell, activation=activation)
            yield pytest.param(network, LOSSES[0], id=f"{cell}-{activation}")
    for loss in LOSSES:
        for name in ("all-skip", "each-skip"):
            yield pytest.param(*with_outputs(name, loss), id=f"{loss.name}-{name}")


def with_outputs(name, loss):
    """A network with the outputs that a loss needs for two targets, or for three classes."""
    n_outputs = 3 if loss.name == "cross_entropy" else 2 * loss.outputs_per_target
    return replace(NETWORKS[name], n_outputs=n_outputs), loss


CASES = list(cases())


@pytest.mark.parametrize("network, loss", CASES)
def test_gradient_equals_central_differences(network, loss):
    """Of every parameter, and no parameter is left out."""
    p, step = Problem(network, loss), 3e-5
    expected = np.zeros_like(p.theta)
    for i in range(p.theta.size):
        moved = np.tile(p.theta, (4, 1))
        moved[:, i] += np.array([2, 1, -1, -2]) * step
        expected[i] = np.dot([-1, 8, -8, 1], [p.loss(theta) for theta in moved]) / (12 * step)
    actual = p.gradient()
    for name, where in network.slices.items():
        assert np.any(actual[where]), f"the gradient of {name} is zero"
        # The difference errs by step^4 times a fifth derivative, and by rounding / step.
        np.testing.assert_allclose(actual[where], expected[where], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("network, loss", CASES)
def test_loss_and_gradient_equal_the_twin(network, loss):
    p = Problem(replace(network, dropout=0.0), loss)
    terms = 10 * network.n_steps * len(network.hidden_sizes)
    assert_close(p.loss(p.theta), p.twin(p.theta), terms)
    assert_close(p.gradient(), reference.gradient(p.twin, p.theta), terms)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_outputs_and_states_equal_the_twin(network):
    p = Problem(network)
    bound = network.bind(p.theta)
    outputs = p.engine.outputs(bound, p.source, p.rows)
    states = p.engine.states(bound, p.source, p.rows)
    expected = [reference.states(network, p.theta, x)[-1] for x in p.X]
    assert_close(outputs, reference.outputs(network, p.theta, p.X), 30)
    assert_close(states, expected, 30)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
@pytest.mark.parametrize("name", ["last", "all-skip", "each-skip", "everything"])
def test_single_precision_is_double_precision_rounded(name, loss):
    p = Problem(*with_outputs(name, loss))
    expected = p.gradient()
    p.theta, p.X, p.Z, p.weights = (a.astype(np.float32) for a in (p.theta, p.X, p.Z, p.weights))
    p.source = ArraySource(p.X, p.Z, p.weights)
    n_targets = loss.n_targets(p.network.n_outputs)
    p.engine = Engine(p.network, len(p.X), p.theta.dtype, n_targets=n_targets)
    actual = p.gradient()
    assert actual.dtype == np.float32
    assert_close(actual, expected, 30)

"""What the tests of training share: a small network, rows that keep a record, and two plans."""

import numpy as np

from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.solvers import SGD, Adam
from forecaster.nn.source import ArraySource
from forecaster.nn.training import Plan, train
from tests import reference

NETWORK = Network(3, 2, (3,), 1, readout="all", skip=True)
N_ROWS = 10


def plain_sgd(n_parameters, dtype, decay):
    return SGD(n_parameters, dtype, decay, momentum=0.0, nesterov=False)


# Plain gradient descent on all rows at once: a step that can be written down by hand
ONE_STEP = Plan(
    plain_sgd, batch_size=N_ROWS, learning_rate=0.1, max_iter=1, max_grad_norm=None, shuffle=False
)
ADAM = Plan(Adam, batch_size=4, learning_rate=0.01, max_iter=5, n_iter_no_change=0)


class Rows(ArraySource):
    """Random rows that remember which of them were asked for."""

    def __init__(self, network=NETWORK, n_rows=N_ROWS, dtype="float64", seed=1):
        rng = np.random.default_rng(seed)
        self.X = rng.standard_normal((n_rows, network.n_steps, network.n_inputs)).astype(dtype)
        self.Z = rng.standard_normal((n_rows, network.n_output_steps, network.n_outputs))
        self.Z = self.Z.astype(dtype)
        self.weights = rng.uniform(0.5, 2, self.Z.shape).astype(dtype)
        super().__init__(self.X, self.Z, self.weights)
        self.batches = []

    def fill(self, rows, chunk):
        self.batches.append(rows.tolist())
        super().fill(rows, chunk)


class InterruptedRows(Rows):
    """Rows whose reader is interrupted at the nth batch."""

    def __init__(self, n, **options):
        super().__init__(**options)
        self.n = n

    def fill(self, rows, chunk):
        if len(self.batches) == self.n:
            raise KeyboardInterrupt
        super().fill(rows, chunk)


class Clock:
    """A clock that goes on by a second each time one looks at it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def full_gradient(theta, source, network=NETWORK):
    """Gradient over all rows, by the twin."""

    def loss(theta):
        return reference.loss(network, theta, source.X, source.Z, source.weights, Loss())

    return reference.gradient(loss, theta)


def start(network=NETWORK, dtype="float64"):
    """Weights none of which is zero."""
    theta = 0.5 * np.random.default_rng(2).standard_normal(network.n_parameters)
    return theta.astype(dtype)


def fit(plan, source=None, network=NETWORK, theta=None, rng=0, **options):
    """Train on random rows from random weights, the same ones each time."""
    theta = start(network) if theta is None else theta
    source = Rows(network) if source is None else source
    return train(network, theta, source, plan, np.random.default_rng(rng), **options)

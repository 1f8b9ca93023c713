"""Estimators with known weights: without a training, any network in a moment."""

from dataclasses import replace

import numpy as np

from forecaster.estimators._scaling import Scaler
from forecaster.exchange._estimators import CROSS_ENTROPY, Model, put_together
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network

T, D = 6, 2
X = np.random.default_rng(0).normal(5, 3, (9, T, D))

PLAIN = Network(T, D, (4,), 1)
# One for each thing that a network can have. Learned initial states are given to some.
ARCHITECTURES = {
    "plain": PLAIN,
    "two outputs": replace(PLAIN, n_outputs=2),
    "stack": replace(PLAIN, hidden_sizes=(4, 4, 4), learn_initial_state=True),
    "uneven stack": replace(PLAIN, hidden_sizes=(4, 3), learn_initial_state=True),
    "all": replace(PLAIN, readout="all", skip=True, n_outputs=2, learn_initial_state=True),
    "each": replace(PLAIN, readout="each", skip=True),
    "each, two outputs": replace(PLAIN, readout="each", n_outputs=2),
}
# What a layer that feeds outputs back cannot have
JOINED = {
    "residual": replace(PLAIN, hidden_sizes=(D, D, 3), residual=True),
    "dilated": replace(PLAIN, hidden_sizes=(4, 4), dilations=(1, 3), learn_initial_state=True),
    "normalised": replace(PLAIN, hidden_sizes=(4, 3), layer_norm=True, dropout=0.5),
}


def estimator(network, loss="squared_error", settings=(), classes=None, n_members=1, **options):
    """An estimator with random weights and scaling."""
    rng = np.random.default_rng(1)
    loss = Loss(CROSS_ENTROPY if classes is not None else loss, settings)
    n_targets = loss.n_targets(network.n_outputs)
    scales = classes is None and loss.name != "negative_binomial"
    model = Model(
        network,
        [0.7 * rng.standard_normal(network.n_parameters) for _ in range(n_members)],
        inputs=Scaler(rng.normal(5, 1, network.n_inputs), rng.uniform(2, 4, network.n_inputs)),
        targets=Scaler(rng.normal(9, 1, n_targets), rng.uniform(2, 4, n_targets))
        if scales
        else Scaler.identity(n_targets),
        loss=loss,
        flat=classes is None and n_targets == 1,
        classes=None if classes is None else np.array(classes),
    )
    return put_together(model).set_params(**options)


def assert_close(actual, expected, tolerance):
    """Of the same shape, and relative to the largest element."""
    assert np.shape(actual) == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())

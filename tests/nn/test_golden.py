"""PyTorch is the judge: outputs, loss, every gradient, and ten training steps.

The files come from tests/golden/make_golden.py, which says what is in them.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.solvers import SGD, Adam
from forecaster.nn.source import ArraySource
from forecaster.nn.training import Plan, train

FILES = sorted((Path(__file__).parents[1] / "golden").glob("*.npz"))

# Both add the same numbers in another order: some tens of roundings of numbers of size 1 to 10.
ROUNDINGS = 16
# Ten steps carry them on, and Adam magnifies them where a gradient passes near zero, because it
# divides by the gradient's own size.
ROUNDINGS_OF_TEN_STEPS = 160


def settings(path):
    with np.load(path) as arrays:
        return json.loads(str(arrays["settings"]))


class Golden:
    """One case of a file, and the library's network for it."""

    def __init__(self, path, name):
        cell, activation, dtype = path.stem.split("-")
        self.dtype = np.dtype(dtype)
        with np.load(path) as arrays:
            for key in arrays:
                case, _, what = key.partition("/")
                if case == name:
                    setattr(self, what, arrays[key])
        self.settings = settings(path)
        case = self.settings["cases"][name]
        self.network = Network(
            case["T"],
            case["D"],
            (case["H"],) * case["n_layers"],
            case["O"],
            cell,
            activation,
            case["readout"],
            case["skip"],
        )
        self.rows = np.arange(case["B"])
        self.source = ArraySource(self.X, self.Z, np.ones_like(self.Z))

    def train(self, make_solver, learning_rate, max_grad_norm):
        plan = Plan(
            make_solver,
            batch_size=len(self.rows),
            learning_rate=learning_rate,
            max_iter=self.settings["n_steps"],
            shuffle=False,
            max_grad_norm=max_grad_norm,
            n_iter_no_change=0,
        )
        return train(self.network, self.weights, self.source, plan, np.random.default_rng(0))

    def assert_close(self, actual, expected, roundings):
        """Relative to the largest element, and to 1 where all are smaller."""
        unit = np.finfo(self.dtype).eps * max(1, np.max(np.abs(expected)))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=roundings * unit)


golden = pytest.mark.parametrize(
    "path, name",
    [
        pytest.param(path, name, id=f"{path.stem}-{name}")
        for path in FILES
        for name in settings(path)["cases"]
    ],
)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_is_judged_in_both_precisions(cell):
    assert {path.stem.split("-")[2] for path in FILES if path.stem.startswith(cell + "-")} == {
        "float32",
        "float64",
    }


@golden
def test_outputs(path, name):
    g = Golden(path, name)
    with Engine(g.network, len(g.rows), g.dtype) as engine:
        outputs = engine.outputs(g.network.bind(g.weights), g.source, g.rows)
    assert outputs.dtype == g.dtype
    g.assert_close(outputs, g.outputs, ROUNDINGS)


@golden
def test_loss_and_gradient(path, name):
    g = Golden(path, name)
    with Engine(g.network, len(g.rows), g.dtype) as engine:
        loss = Loss("squared_error").bind(g.dtype)
        n, total, weight = engine.gradient(g.network.bind(g.weights), g.source, g.rows, loss)
        scale = g.network.n_output_steps / weight
        g.assert_close(scale * total, g.loss, ROUNDINGS)
        g.assert_close(scale * engine.gradients[:n].sum(axis=0), g.gradient, ROUNDINGS)


@golden
def test_ten_steps_of_adam(path, name):
    g = Golden(path, name)
    options = g.settings["adam"]
    make_solver = partial(
        Adam, beta_1=options["betas"][0], beta_2=options["betas"][1], epsilon=options["eps"]
    )
    trained = g.train(make_solver, options["lr"], None)
    g.assert_close(trained.loss_curve, g.adam_losses, ROUNDINGS_OF_TEN_STEPS)
    g.assert_close(trained.theta, g.adam_weights, ROUNDINGS_OF_TEN_STEPS)


@golden
def test_ten_shortened_steps_with_nesterov_momentum(path, name):
    g = Golden(path, name)
    options = g.settings["sgd"]
    make_solver = partial(SGD, momentum=options["momentum"], nesterov=options["nesterov"])
    trained = g.train(make_solver, options["lr"], g.settings["max_norm"])
    g.assert_close(trained.loss_curve, g.sgd_losses, ROUNDINGS_OF_TEN_STEPS)
    g.assert_close(trained.theta, g.sgd_weights, ROUNDINGS_OF_TEN_STEPS)

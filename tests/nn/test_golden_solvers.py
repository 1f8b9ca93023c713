"""PyTorch is the judge of the optimisers, too: the weights after each step.

The file comes from tests/golden/make_solvers.py, which says what is in it.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from forecaster.nn.solvers import SGD, SOLVERS, RMSprop
from tests.reference import assert_close

FILE = Path(__file__).parents[1] / "golden" / "solvers" / "torch.npz"


def make(name, options):
    """The library's optimiser for one of PyTorch's, and its decoupled decay."""
    if name in ("Adam", "AdamW"):
        beta_1, beta_2 = options["betas"]
        solver = SOLVERS[name.lower()]
        solver = partial(solver, beta_1=beta_1, beta_2=beta_2, epsilon=options["eps"])
    elif name == "RMSprop":
        momentum = options.get("momentum", 0.0)
        solver = partial(RMSprop, rho=options["alpha"], momentum=momentum, epsilon=options["eps"])
    else:
        solver = partial(SGD, momentum=options["momentum"], nesterov=options["nesterov"])
    return solver, options.get("weight_decay", 0.0)


with np.load(FILE) as arrays:
    GOLDEN = dict(arrays)
SETTINGS = json.loads(str(GOLDEN["settings"]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", SETTINGS["cases"])
def test_path(case, dtype):
    make_solver, decay = make(*SETTINGS["cases"][case])
    theta = GOLDEN[f"start/{dtype}"].copy()
    solver = make_solver(len(theta), theta.dtype, np.full(len(theta), decay))
    steps = zip(SETTINGS["rates"], GOLDEN[f"gradients/{dtype}"], GOLDEN[f"{case}/{dtype}"])
    for n, (rate, gradient, expected) in enumerate(steps, start=1):
        solver.step(theta, gradient, 1.0, rate)
        # a few roundings a step; squares of gradients near zero magnify none of them
        assert_close(theta, expected, n)

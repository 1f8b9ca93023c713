"""Every cell against its twin: states, and the gradients of weights, inputs and initial states."""

import numpy as np
import pytest

from forecaster._jit import simd_bytes
from forecaster.kernels.activations import ACTIVATIONS
from forecaster.nn.cell import CELLS
from tests import reference
from tests.reference import assert_close

SHAPES = [  # T, C, D, H, O
    (1, 1, 1, 1, 1),
    (1, 3, 2, 4, 2),
    (4, 1, 2, 3, 1),
    (5, 2, 1, 2, 3),
    (3, 4, 3, 1, 2),
    (3, 9, 2, 5, 1),
]
SHAPE = (3, 4, 2, 5, 2)
# A cell that feeds the outputs back meets a readout of one state, or of all states at once.
ALL_STATES = "-all"
VARIANTS = [*CELLS, *(name + ALL_STATES for name, cell in CELLS.items() if cell.feeds_back)]


class Problem:
    """Random weights and data of one cell, and all the arrays that its kernels want."""

    def __init__(self, variant, shape, dtype, activation="tanh"):
        T, C, D, H, O = shape
        rng = np.random.default_rng(shape)

        def draw(*shape):
            return (0.6 * rng.standard_normal(shape)).astype(dtype)

        self.name, self.activation, self.shape = variant.removesuffix(ALL_STATES), activation, shape
        self.cell = CELLS[self.name]
        self.weights = [draw(*shape) for shape in self.cell.shapes(D, H, O).values()]
        self.gradients = [np.full_like(w, np.nan) for w in self.weights]
        self.n_own = len(self.weights)
        if self.cell.feeds_back:  # the readout's weights, and gradients to add to
            n_states = T * H if variant.endswith(ALL_STATES) else H
            self.weights += [draw(n_states, O), draw(O)]
            self.gradients += [draw(n_states, O), draw(O)]
        self.before = [np.where(np.isnan(g), 0, g) for g in self.gradients]
        self.X, self.dX = draw(T, C, D), np.full((T, C, D), np.nan, dtype)
        self.states, self.dstates = np.zeros((T + 1, C, H), dtype), draw(T + 1, C, H)
        self.h0 = draw(C, H)
        self.tape = self.cell.tape(T, C, D, H, O, np.dtype(dtype))
        self.carried0 = [draw(C, H) for _ in self.cell.carried]

    def run(self, from_zero=False, inputs=True, unread=0):
        """Forward and backward, as the network does it."""
        code = ACTIVATIONS[self.activation]
        self.states[0] = 0 if from_zero else self.h0
        for (where, _), start in zip(self.cell.carried, self.carried0):
            self.tape[where][0] = 0 if from_zero else start.T
        self.cell.forward(code, from_zero, *self.weights, self.X, self.states, *self.tape)
        dX = self.dX if inputs else np.zeros_like(self.dX[:0])
        arrays = self.X, self.states, *self.tape, self.dstates, dX
        self.cell.backward(code, from_zero, unread, *self.weights, *self.gradients, *arrays)
        return self

    def twin(self, *replaced):
        """States by the twin, (T + 1, C, H); ``replaced``: other weights, inputs, first states."""
        arguments = replaced or self.arguments()
        n = len(self.weights)
        weights, X, starts = arguments[:n], arguments[n], arguments[n + 1 :]
        f = reference.ACTIVATIONS[self.activation]
        rows = [
            reference.CELLS[self.name](f, *weights, X[:, c], *(start[c] for start in starts))
            for c in range(X.shape[1])
        ]
        return np.array(rows).swapaxes(0, 1)

    def arguments(self):
        """Weights, inputs and initial states in double precision, as the twin takes them."""
        arrays = *self.weights, self.X, self.h0, *self.carried0
        return [array.astype(np.float64) for array in arrays]

    def results(self):
        """The gradients of all arguments, what they were added to taken off again."""
        carried = (self.tape[where].T for _, where in self.cell.carried)
        added = (gradient - before for gradient, before in zip(self.gradients, self.before))
        return [*added, self.dX, self.dstates[0], *carried]

    def terms(self):
        """An element of a gradient is a sum over rows, steps and units of products that long."""
        T, C, D, H, O = self.shape
        return T * (C + D + H + O)


each_cell = pytest.mark.parametrize("cell", VARIANTS)
each_activation = pytest.mark.parametrize(
    "cell, activation",
    [(name, f) for name in VARIANTS for f in CELLS[name.removesuffix(ALL_STATES)].activations],
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_activation
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_its_twin(cell, shape, activation, dtype):
    p = Problem(cell, shape, dtype, activation)
    dh = p.dstates.astype(np.float64)
    arguments = p.arguments()
    p.run()

    assert_close(p.states, p.twin(), p.terms())
    for k, actual in enumerate(p.results()):

        def scalar(moved, k=k):
            return np.sum(dh[1:] * p.twin(*arguments[:k], moved, *arguments[k + 1 :])[1:])

        assert_close(actual, reference.gradient(scalar, arguments[k]), p.terms())


@each_cell
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_from_zero_equals_initial_states_of_zero(cell, dtype):
    given, implied = (Problem(cell, SHAPE, dtype) for _ in range(2))
    for start in [given.h0, *given.carried0]:
        start[:] = 0
    given.run()
    implied.run(from_zero=True)
    pairs = zip([given.states, *given.gradients], [implied.states, *implied.gradients])
    for a, b in [*pairs, (given.dX, implied.dX)]:
        if simd_bytes():
            np.testing.assert_array_equal(a, b)
        else:  # BLAS adds up fewer terms in another order
            assert_close(a, b, given.terms())


@each_cell
def test_without_input_gradient_the_others_are_the_same(cell):
    wanted = Problem(cell, SHAPE, "float64").run()
    unwanted = Problem(cell, SHAPE, "float64").run(inputs=False)
    assert np.isnan(unwanted.dX).all()
    unwanted.dX = wanted.dX
    for a, b in zip(wanted.results(), unwanted.results()):
        np.testing.assert_array_equal(a, b)


@each_cell
@pytest.mark.parametrize("unread", [1, 2])
@pytest.mark.parametrize("from_zero", [False, True])
def test_what_is_left_of_unread_steps_is_not_looked_at(cell, from_zero, unread):
    told, zeros = (Problem(cell, SHAPE, "float32") for _ in range(2))
    told.dstates[: unread + 1] = np.nan
    zeros.dstates[1 : unread + 1] = 0
    told.run(from_zero, unread=unread)
    zeros.run(from_zero)
    if from_zero:  # the initial states' gradient is not made
        told.dstates[0] = zeros.dstates[0] = 0
    for a, b in zip(told.results(), zeros.results()):
        np.testing.assert_array_equal(a, b)


@each_cell
def test_backward_overwrites_what_an_earlier_batch_left(cell):
    p = Problem(cell, SHAPE, "float64")
    dh = p.dstates.copy()
    first = [g.copy() for g in p.run().gradients]
    p.dstates[:] = dh
    for gradient, before in zip(p.gradients[p.n_own :], p.before[p.n_own :]):
        gradient[:] = before
    for a, b in zip(first, p.run().gradients):
        np.testing.assert_array_equal(a, b)


@each_cell
def test_rows_do_not_see_each_other(cell):
    p = Problem(cell, SHAPE, "float64").run()
    alone = Problem(cell, SHAPE, "float64")
    for start in [alone.h0, *alone.carried0]:
        start[1:] = -1e4
    alone.X[:, 1:] = 1e4
    alone.run()
    assert_close(alone.states[:, 0], p.states[:, 0])
    assert_close(alone.dX[:, 0], p.dX[:, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_activation
def test_large_inputs_stay_finite(cell, activation, dtype):
    p = Problem(cell, (5, 3, 2, 4, 2), dtype, activation)
    p.X[:] = np.where(p.X > 0, 1e4, -1e4)
    p.run()
    for array in [p.states, *p.results()]:
        assert np.isfinite(array).all()


@each_activation
def test_nan_is_not_hidden(cell, activation):
    p = Problem(cell, SHAPE, "float64", activation)
    p.X[1, 2, 0] = np.nan
    p.run()
    assert np.isfinite(p.states[:, [0, 1, 3]]).all()
    assert np.isfinite(p.states[1, 2]).all()
    assert np.isnan(p.states[2:, 2]).all()
    assert np.isnan(p.gradients[0]).any()


def test_elman_example_of_the_literature():
    """W_xh = 0.5, W_hh = 0.1, no bias, tanh, the inputs 1 to 5: h(5) = 0.989."""
    weights = np.array([[0.5]]), np.array([[0.1]]), np.array([0.0])
    X, states = np.arange(1.0, 6.0).reshape(5, 1, 1), np.zeros((6, 1, 1))
    tape = CELLS["elman"].tape(5, 1, 1, 1, 1, np.dtype("float64"))
    CELLS["elman"].forward(ACTIVATIONS["tanh"], True, *weights, X, states, *tape)
    assert round(states[5, 0, 0], 3) == 0.989

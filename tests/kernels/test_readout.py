"""The linear layer against its twin: last, all and each state, with and without the inputs."""

import numpy as np
import pytest

from forecaster.kernels import readout as kernels
from tests import reference
from tests.reference import assert_close

SHAPES = [(1, 1, 1, 1, 1), (1, 3, 2, 4, 2), (4, 1, 2, 3, 1), (3, 4, 1, 2, 3), (3, 5, 2, 3, 2)]


def sizes(readout, skip, shape):
    """Rows and features of the states, and features of the inputs."""
    T, C, D, H, _ = shape
    if readout == "each":
        return T * C, H, D if skip else 0
    return C, T * H if readout == "all" else H, T * D if skip else 0


def twin(readout, skip, V, c, states, X):
    """Outputs in the kernel's order: by row, or for each step by step and then by row."""
    rows = [
        reference.readout_features(readout, skip, X[:, i], states[:, i]) @ V + c
        for i in range(X.shape[1])
    ]
    return np.concatenate(np.swapaxes(rows, 0, 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("skip", [False, True], ids=["plain", "skip"])
@pytest.mark.parametrize("readout", kernels.READOUTS)
def test_equals_its_twin(readout, skip, shape, dtype):
    T, C, D, H, O = shape
    R, K, skipped = sizes(readout, skip, shape)
    rng = np.random.default_rng(shape)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    V, c, states, X = draw(K + skipped, O), draw(O), draw(T, C, H), draw(T, C, D)
    F, Y, dY = draw(R, K + skipped), draw(R, O), draw(R, O)
    scratch = draw(O, H), draw(C, H), np.zeros((1, H), dtype)
    dV, dc, dstates = draw(*V.shape), draw(O), draw(T, C, H)
    code = kernels.READOUTS[readout]
    ends = np.full(C, T)
    kernels.forward(code, V, c, states, X, ends, F, Y)
    assert kernels.backward(code, V, dV, dc, ends, F, dY, *scratch, False, dstates) == 0

    arguments = [a.astype(np.float64) for a in (V, c, states, X)]
    terms = K + skipped + R
    assert_close(Y, twin(readout, skip, *arguments), terms)
    for k, actual in enumerate([dV, dc, dstates]):

        def scalar(moved, k=k):
            return np.sum(dY * twin(readout, skip, *arguments[:k], moved, *arguments[k + 1 :]))

        assert_close(actual, reference.gradient(scalar, arguments[k]), terms)


@pytest.mark.parametrize("leave_unread", [False, True])
@pytest.mark.parametrize("ends", [(1, 4, 2), (3, 2, 2), (4, 4, 4)], ids=str)
def test_rows_that_end_early_are_read_at_their_end(ends, leave_unread):
    """What lies elsewhere gets no gradient, or is left alone where no row is read so early."""
    T, C, H = 4, 3, 2
    rng = np.random.default_rng(0)
    states, X, V, c = (rng.standard_normal(s) for s in ((T, C, H), (T, C, 1), (H, 1), 1))
    ends = np.array(ends)
    F, Y, dV, dc, turned, part = (np.empty(s) for s in ((C, H), (C, 1), (H, 1), 1, (1, H), (C, H)))
    kernels.forward(kernels.LAST, V, c, states, X, ends, F, Y)
    np.testing.assert_array_equal(F, states[ends - 1, np.arange(C)])
    dY, nothing, dstates = np.ones((C, 1)), np.zeros((1, H)), np.full((T, C, H), np.nan)
    unread = kernels.backward(
        kernels.LAST, V, dV, dc, ends, F, dY, turned, part, nothing, leave_unread, dstates
    )
    assert unread == (min(ends) - 1 if leave_unread else 0)
    expected = np.zeros((T, C, H))
    expected[ends - 1, np.arange(C)] = V[:, 0]
    expected[:unread] = np.nan
    np.testing.assert_array_equal(dstates, expected)

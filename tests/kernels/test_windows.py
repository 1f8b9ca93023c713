"""Windows of a panel against those cut out of each series by hand."""

import numpy as np
import pytest

from forecaster.kernels import windows
from tests import reference
from tests.reference import assert_close

LENGTHS = [5, 1, 9, 2]
INDPTR = np.concatenate([[0], np.cumsum(LENGTHS)])
RNG = np.random.default_rng(0)
VALUES, LEVEL, SLOPE = RNG.standard_normal((3, INDPTR[-1]))
SCALE = RNG.uniform(0.5, 2, len(LENGTHS))
# Series and position of every value: each may be the origin of a window.
ORIGINS = [(s, p) for s, n in enumerate(LENGTHS) for p in range(n)]


def test_find():
    """Rows are numbered series by series; the third series has none, one starts late."""
    n_rows = [3, 1, 0, 2]
    starts = np.concatenate([[0], np.cumsum(n_rows)])
    first_origins = np.array([1, 5, 6, 15])
    rows = np.array([5, 0, 3, 2, 4, 1])
    series, origins = np.full_like(rows, -1), np.full_like(rows, -1)
    windows.find(rows, starts, first_origins, series, origins)
    np.testing.assert_array_equal(series, [3, 0, 1, 0, 3, 0])
    np.testing.assert_array_equal(origins, [16, 1, 5, 3, 15, 2])


def flat(origins):
    """Series numbers and flat positions, as the kernels take them."""
    series = np.array([s for s, _ in origins], np.int64)
    return series, np.array([INDPTR[s] + p for s, p in origins], np.int64)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, D", [(1, 1), (4, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("n", [0, 1, len(ORIGINS)])
def test_inputs(n, T, D, dtype):
    X = np.full((T, len(ORIGINS) + 2, D), np.nan, dtype)
    windows.gather_inputs(VALUES, INDPTR, SCALE, *flat(ORIGINS[:n]), X)
    expected = np.zeros(X.shape)
    for i, (s, p) in enumerate(ORIGINS[:n]):
        y = VALUES[INDPTR[s] : INDPTR[s + 1]]
        expected[:, i] = reference.window(y, p, T, D, SCALE[s])
    assert_close(X, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("h", [1, 3, 20])
@pytest.mark.parametrize("n", [0, 1, len(ORIGINS)])
def test_targets(n, h, dtype):
    Z, W = np.full((2, len(ORIGINS) + 2, h), np.nan, dtype)
    series, origins = flat(ORIGINS[:n])
    windows.gather_targets(VALUES, INDPTR, SCALE, LEVEL, SLOPE, series, origins, Z, W)
    expected = np.zeros((2, *Z.shape))
    for i, (s, p) in enumerate(ORIGINS[:n]):
        y, o = VALUES[INDPTR[s] : INDPTR[s + 1]], INDPTR[s] + p
        expected[:, i] = reference.targets(y, p, h, SCALE[s], LEVEL[o], SLOPE[o])
    assert_close(Z, expected[0], 4)
    np.testing.assert_array_equal(W, expected[1])

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
WEIGHTS = RNG.uniform(0.5, 2, INDPTR[-1])
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


@pytest.mark.parametrize("by_step", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, D", [(1, 1), (4, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("n", [0, 1, len(ORIGINS)])
def test_inputs(n, T, D, dtype, by_step):
    X = np.full((T, len(ORIGINS) + 2, D), np.nan, dtype)
    windows.gather_inputs(VALUES, INDPTR, SCALE, by_step, *flat(ORIGINS[:n]), X)
    expected = np.zeros(X.shape)
    cut = reference.patches_by_step if by_step else reference.window
    for i, (s, p) in enumerate(ORIGINS[:n]):
        y = VALUES[INDPTR[s] : INDPTR[s + 1]]
        expected[:, i] = cut(y, p, T, D, SCALE[s])
    assert_close(X, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("R, patch", [(1, 1), (1, 4), (3, 1), (2, 3)])
@pytest.mark.parametrize("h", [1, 3, 20])
@pytest.mark.parametrize("n", [0, 1, len(ORIGINS)])
@pytest.mark.parametrize("first", [0, 2])
def test_targets(first, n, h, R, patch, dtype):
    """A step that ends before the series' first origin has no targets."""
    Z, W = np.full((2, R, len(ORIGINS) + 2, h), np.nan, dtype)
    series, origins = flat(ORIGINS[:n])
    windows.gather_targets(
        VALUES, INDPTR, INDPTR[:-1] + first, SCALE, LEVEL, SLOPE, WEIGHTS, patch, series, origins,
        Z, W,
    )  # fmt: skip
    expected = np.zeros((2, *Z.shape))
    for i, (s, p) in enumerate(ORIGINS[:n]):
        y = VALUES[INDPTR[s] : INDPTR[s + 1]]
        for r in range(R):
            end = p - (R - 1 - r) * patch
            if end >= first:
                o = INDPTR[s] + end
                weights = WEIGHTS[INDPTR[s] : INDPTR[s + 1]]
                expected[:, r, i] = reference.targets(
                    y, end, h, SCALE[s], LEVEL[o], SLOPE[o], weights
                )
    assert_close(Z, expected[0], 4)
    np.testing.assert_array_equal(W, expected[1].astype(dtype))


def test_no_step_knows_what_follows_it():
    """By step, changing what lies behind a patch leaves it and those before it as they were."""
    T, D, p = 4, 2, INDPTR[2] + 8
    series, origins = np.array([2]), np.array([p])
    one, other = np.zeros((2, T, 1, D))
    windows.gather_inputs(VALUES, INDPTR, SCALE, True, series, origins, one)
    for t in range(T):
        changed = VALUES.copy()
        changed[p - (T - 1 - t) * D + 1 :] += 1
        windows.gather_inputs(changed, INDPTR, SCALE, True, series, origins, other)
        np.testing.assert_array_equal(other[: t + 1], one[: t + 1])
        assert t == T - 1 or (other[t + 1] != one[t + 1]).all()

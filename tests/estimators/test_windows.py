"""Rows of a training that are alike become one."""

import numpy as np
import pytest

from forecaster.estimators._windows import TrainingRows, Windows, merged

RNG = np.random.default_rng(0)


def random_rows(n, S, ragged):
    """Rows of zeros and ones, many of them alike; targets that do not count are zero."""
    X, Z = (RNG.integers(0, 2, shape).astype(float) for shape in ((n, 2, 1), (n, S, 2)))
    W = RNG.integers(0, 3, (n, S, 2)) / 2.0
    W[:, 0, 0] += 0.5
    ends = RNG.integers(1, 3, n) if ragged else None
    return TrainingRows(Windows(X, ends), np.where(W > 0, Z, 0.0), W)


def slowly_merged(rows):
    """Inputs, ends, targets, and which of them count, to the sum of their weights."""
    found = {}
    for x, end, z, w in zip(rows.windows.X, rows.windows.lengths, rows.Z, rows.W, strict=True):
        row = x.tobytes(), int(end), z.tobytes(), (w > 0).tobytes()
        found[row] = found.get(row, 0) + w
    return found


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("S", [1, 2])
def test_rows_that_are_alike_have_their_weights_together(S, ragged):
    rows = random_rows(200, S, ragged)
    found, expected = merged(rows), slowly_merged(rows)
    assert len(found) == len(expected) < len(rows)
    assert found.W[found.W > 0].mean() == pytest.approx(1)
    unit = found.W.sum() / rows.W.sum()
    again = slowly_merged(found)
    assert set(again) == set(expected)
    for row, weights in again.items():
        np.testing.assert_allclose(weights, unit * expected[row], rtol=1e-12)


def test_zeros_have_no_sign():
    rows = random_rows(2, 1, ragged=False)
    rows.windows.X[1] = rows.windows.X[0] = 0.0
    rows.Z[1], rows.W[1] = rows.Z[0], rows.W[0]
    rows.windows.X[1] *= -1
    assert len(merged(rows)) == 1


def test_their_order_is_their_own():
    rows = random_rows(50, 1, ragged=True)
    one, other = merged(rows), merged(rows[RNG.permutation(50)])
    for array in ("Z", "W"):
        np.testing.assert_array_equal(getattr(one, array), getattr(other, array))
    np.testing.assert_array_equal(one.windows.X, other.windows.X)
    np.testing.assert_array_equal(one.windows.ends, other.windows.ends)

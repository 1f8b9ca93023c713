"""Dropout: how much, what remains, and the same again; sums and normalised rows."""

import numpy as np
import pytest

from forecaster.kernels import joints
from tests import reference
from tests.reference import assert_close

N = 20_000


def dropped(rate=0.3, seed=5, dtype="float64", n=N):
    values = np.ones(n, dtype)
    joints.drop(values, int(rate * 2**32), values.dtype.type(1 / (1 - rate)), seed)
    return values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.9])
def test_drops_its_share_and_keeps_the_mean(rate, dtype):
    values = dropped(rate, dtype=dtype)
    assert set(np.unique(values)) <= {0, values.dtype.type(1 / (1 - rate))}
    deviation = np.sqrt(rate * (1 - rate) / N)
    assert np.mean(values == 0) == pytest.approx(rate, abs=4 * deviation)


def test_drops_the_same_again_for_a_seed_and_others_for_another():
    first = dropped() == 0
    np.testing.assert_array_equal(first, dropped() == 0)
    both = np.mean(first & (dropped(seed=6) == 0))
    assert both == pytest.approx(0.09, abs=0.01)  # independent of each other
    assert np.mean(first[1:] & first[:-1]) == pytest.approx(0.09, abs=0.01)


def test_values_are_scaled_not_replaced():
    values = np.arange(100.0)
    joints.drop(values, int(0.5 * 2**32), 2.0, 1)
    assert set(values) <= {0.0, *(2 * np.arange(100.0))}
    assert 20 < np.count_nonzero(values) < 80


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (4, 3)], ids=str)
def test_normalise_and_its_way_back_equal_the_twin(shape, dtype):
    rng = np.random.default_rng(0)
    A, dA = rng.standard_normal((2, *shape)).astype(dtype)
    gain, shift = rng.standard_normal((2, shape[1])).astype(dtype)
    out, standard, spread = np.empty_like(A), np.empty_like(A), np.empty(len(A), dtype)
    dgain, dshift, back = np.empty_like(gain), np.empty_like(gain), dA.copy()
    joints.normalise(A, gain, shift, standard, spread, out)
    joints.normalise_backward(gain, dgain, dshift, standard, spread, back)

    arguments = [a.astype(float) for a in (A, gain, shift)]
    assert_close(out, reference.layer_norm(*arguments), 10)
    for k, actual in enumerate([back, dgain, dshift]):

        def scalar(moved, k=k):
            return np.sum(dA * reference.layer_norm(*arguments[:k], moved, *arguments[k + 1 :]))

        # A row of one unit is its own mean: there the slope is divided by the root of 1e-5.
        assert_close(actual, reference.gradient(scalar, arguments[k]), 300)


def test_add():
    A, B, out = np.arange(3.0), np.ones(3), np.empty(3)
    joints.add(A, B, out)
    np.testing.assert_array_equal(out, [1, 2, 3])

"""Every loss against its twin; weights; masked elements."""

import numpy as np
import pytest

from forecaster.kernels.losses import LOSSES
from tests import reference
from tests.reference import assert_close


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


def problem(dtype, shape=(7, 3)):
    rng = np.random.default_rng(0)
    Y, Z = rng.standard_normal((2, *shape)).astype(dtype)
    W = rng.uniform(0.5, 2, shape).astype(dtype)
    return Y, Z, W, np.full_like(Y, np.nan)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3)], ids=str)
def test_equals_its_twin(name, shape, dtype):
    Y, Z, W, dY = problem(dtype, shape)
    total, weight = LOSSES[name](Y, Z, W, dY)

    def scalar(Y):
        return np.sum(W * reference.LOSSES[name](Y, Z.astype(float)))

    rounding = 4 * Y.size * float(np.finfo(dtype).eps)
    assert total == pytest.approx(scalar(Y.astype(float)), rel=rounding)
    assert weight == pytest.approx(np.sum(W, dtype=float), rel=rounding)
    assert_close(dY, reference.gradient(scalar, Y.astype(float)))


def test_of_a_perfect_prediction_is_zero(name):
    Y, _, W, dY = problem("float64")
    total, _ = LOSSES[name](Y, Y.copy(), W, dY)
    assert total == 0
    np.testing.assert_array_equal(dY, 0)


def test_weight_zero_counts_for_nothing_whatever_is_there(name):
    Y, Z, W, dY = problem("float64")
    W[2:4, 1] = 0
    before, d_before = LOSSES[name](Y, Z, W, dY), dY.copy()
    Z[2, 1], Z[3, 1] = np.nan, np.inf
    assert LOSSES[name](Y, Z, W, dY) == before
    np.testing.assert_array_equal(dY, d_before)
    np.testing.assert_array_equal(dY[2:4, 1], 0)


def test_all_weights_zero(name):
    Y, Z, W, dY = problem("float64")
    assert LOSSES[name](Y, Z, np.zeros_like(W), dY) == (0, 0)
    np.testing.assert_array_equal(dY, 0)

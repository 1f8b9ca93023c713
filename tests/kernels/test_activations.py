"""Activations: accuracy, derivatives, not-a-numbers, and the whole range of numbers."""

import numpy as np
import pytest

from forecaster.kernels.activations import ACTIVATIONS, activate, multiply_derivative
from tests import reference
from tests.reference import assert_close


def activated(name, z):
    out = z.copy()
    activate(ACTIVATIONS[name], out)
    return out


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=ACTIVATIONS)
def name(request):
    return request.param


def test_equals_its_twin(name, dtype):
    rng = np.random.default_rng(0)
    Z = (2 * rng.standard_normal(101)).astype(dtype)
    assert_close(activated(name, Z), reference.ACTIVATIONS[name](Z.astype(float)))


def test_derivative_equals_its_twin(name, dtype):
    rng = np.random.default_rng(0)
    z, dA, total = (2 * rng.standard_normal((3, 101))).astype(dtype)
    before = total.copy()
    f = reference.ACTIVATIONS[name]
    expected = reference.gradient(lambda z: np.sum(dA * f(z)), z.astype(float))
    multiply_derivative(ACTIVATIONS[name], activated(name, z), dA, total)
    assert_close(dA, expected)
    assert_close(total, before + expected)


@pytest.mark.parametrize("dtype, smallest, bound", [("float32", 1e-37, 3), ("float64", 1e-300, 6)])
def test_tanh_is_accurate_to_rounding(dtype, smallest, bound):
    """Errors in units of rounding, over all magnitudes and densely where tanh bends."""
    z = np.concatenate([np.geomspace(smallest, 1e30, 2_000), np.linspace(1e-3, 25, 8_000)])
    z = np.concatenate([z, -z]).astype(dtype)
    exact = np.tanh(z.astype(np.longdouble))
    error = np.abs((activated("tanh", z) - exact) / exact)
    assert np.max(error) <= bound * np.finfo(dtype).eps


def test_tanh_and_logistic_stay_inside_their_bounds(dtype):
    """To rounding: without fused multiplication and addition, tanh may pass 1 by a last bit."""
    z = np.linspace(-40, 40, 4_001).astype(dtype)
    eps = np.finfo(dtype).eps
    assert np.max(np.abs(activated("tanh", z))) <= 1 + eps
    assert np.min(activated("logistic", z)) >= -eps
    assert np.max(activated("logistic", z)) <= 1 + eps


def test_infinities(dtype):
    z = np.array([-np.inf, np.inf], dtype)
    limits = {"tanh": [-1, 1], "logistic": [0, 1], "relu": [0, np.inf], "identity": z}
    for name, limit in limits.items():
        np.testing.assert_allclose(activated(name, z), limit, atol=np.finfo(dtype).eps)


def test_nan_in_nan_out(name, dtype):
    """In every lane of a register and in the remainder of a loop, and nowhere else."""
    for position in range(37):
        z = np.full(37, -0.3, dtype)
        z[position] = np.nan
        np.testing.assert_array_equal(np.isnan(activated(name, z)), np.isnan(z))


def test_no_nan_for_large_numbers(name, dtype):
    z = np.concatenate([-np.geomspace(1e-4, 1e4, 99), [0], np.geomspace(1e-4, 1e4, 99)])
    a = activated(name, z.astype(dtype))
    da = np.ones_like(a)
    multiply_derivative(ACTIVATIONS[name], a, da, np.zeros_like(da))
    assert np.isfinite(a).all()
    assert np.isfinite(da).all()
    assert (da >= 0).all()

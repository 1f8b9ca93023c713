"""Optimiser steps against the algorithms as the papers print them."""

import numpy as np
import pytest

from forecaster.kernels import optim
from forecaster.nn.averaging import Average
from forecaster.nn.solvers import SGD, SOLVERS, Adam, RMSprop
from tests import reference
from tests.reference import assert_close

P, N_STEPS = 37, 6


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return np.dtype(request.param)


def draw(dtype, *shape):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("n", [1, 3, 4])
def test_combine(n, dtype):
    chunks, (theta, l2) = draw(dtype, 4, P), np.abs(draw(dtype, 2, P))
    grad = np.full_like(theta, np.nan)
    norm, penalty = optim.combine(chunks, n, dtype.type(0.25), theta, l2, grad)
    doubles = [a.astype(np.float64) for a in (theta, l2)]
    expected = reference.combine(chunks[:n].astype(np.float64), 0.25, *doubles)
    assert_close(grad, expected[0], n)
    rounding = P * float(np.finfo(dtype).eps)
    assert (norm, penalty) == pytest.approx(expected[1:], rel=rounding)


def steps(solver, dtype, shrinks, rates):
    """Weights after some steps, the weights before, and the gradients of the steps."""
    theta, *gradients = draw(dtype, N_STEPS + 1, P)
    start = theta.astype(np.float64)
    for g, shrink, rate in zip(gradients, shrinks, rates):
        solver.step(theta, g, shrink, rate)
    gradients = [s * g.astype(np.float64) for s, g in zip(shrinks, gradients)]
    return theta, start, gradients


RATES = [0.1, 0.2, 0.3, 0.2, 0.1, 0.05]
SHRINKS = [1.0, 0.5, 1.0, 1.0, 0.1, 1.0]
DECAY = np.linspace(0, 0.5, P)


def test_adam(dtype):
    solver = Adam(P, dtype, DECAY, beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    theta, start, gradients = steps(solver, dtype, SHRINKS, RATES)
    expected = reference.adam(start, gradients, DECAY, RATES, 0.8, 0.95, 1e-3)
    assert_close(theta, expected, N_STEPS)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd(momentum, nesterov, dtype):
    solver = SGD(P, dtype, DECAY, momentum=momentum, nesterov=nesterov)
    theta, start, gradients = steps(solver, dtype, SHRINKS, RATES)
    expected = reference.sgd(start, gradients, DECAY, RATES, momentum, nesterov)
    assert_close(theta, expected, N_STEPS)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_rmsprop(momentum, dtype):
    solver = RMSprop(P, dtype, DECAY, rho=0.8, momentum=momentum, epsilon=1e-3)
    theta, start, gradients = steps(solver, dtype, SHRINKS, RATES)
    expected = reference.rmsprop(start, gradients, DECAY, RATES, 0.8, momentum, 1e-3)
    assert_close(theta, expected, N_STEPS)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_average(decay, dtype):
    """The first step counts fully: there is no bias towards the zeros of the start."""
    thetas = draw(dtype, N_STEPS, P)
    average = Average(P, dtype, decay)
    for t, theta in enumerate(thetas, start=1):
        average.update(theta)
        assert average.mean.dtype == dtype
        assert_close(average.mean, reference.average(thetas[:t].astype(np.float64), decay), t)
    assert not np.array_equal(average.mean, theta) or decay == 0


@pytest.mark.parametrize("make_solver", SOLVERS.values(), ids=SOLVERS)
def test_gradients_of_zero_change_nothing(make_solver, dtype):
    theta = draw(dtype, P)
    make_solver(P, dtype, np.zeros(P)).step(theta, np.zeros(P, dtype), 1.0, 0.1)
    np.testing.assert_array_equal(theta, draw(dtype, P))


@pytest.mark.parametrize("size", [1e-15, 1e4])
@pytest.mark.parametrize("make_solver", SOLVERS.values(), ids=SOLVERS)
def test_gradients_of_any_size_give_finite_steps(make_solver, size, dtype):
    solver = make_solver(P, dtype, DECAY)
    theta = draw(dtype, P)
    for gradient in draw(dtype, N_STEPS, P):
        solver.step(theta, dtype.type(size) * gradient, 1.0, 0.01)
    assert np.isfinite(theta).all()
    assert not np.array_equal(theta, draw(dtype, P))


@pytest.mark.parametrize("make_solver", SOLVERS.values(), ids=SOLVERS)
def test_a_learning_rate_of_zero_changes_nothing(make_solver, dtype):
    theta, start, _ = steps(make_solver(P, dtype, DECAY), dtype, SHRINKS, [0.0] * N_STEPS)
    np.testing.assert_array_equal(theta, start)

"""Every loss against its twin; weights; masked elements; the links."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import psi

from forecaster.kernels.likelihoods import digamma
from forecaster.nn.losses import KERNELS, Loss
from tests import reference
from tests.reference import assert_close

O = 3
SETTINGS = {
    "huber": (0.8,),
    "pinball": (0.1, 0.5, 0.9),
    "negative_binomial": (2.0, 0.5, 30.0),
}
ERRORS = ("squared_error", "absolute_error", "huber")


@pytest.fixture(params=KERNELS)
def loss(request):
    return Loss(request.param, SETTINGS.get(request.param, ()))


def problem(loss, dtype="float64", n_rows=7):
    """Outputs, targets that suit the loss, weights, and a gradient to be written."""
    rng = np.random.default_rng(0)
    n_targets = 1 if loss.name == "cross_entropy" else O
    Y = rng.standard_normal((n_rows, O * loss.outputs_per_target)).astype(dtype)
    Z = rng.standard_normal((n_rows, n_targets)).astype(dtype)
    if loss.name in ("negative_binomial", "cross_entropy"):
        Z = rng.integers(0, 3, Z.shape).astype(dtype)
    W = rng.uniform(0.5, 2, Z.shape).astype(dtype)
    return Y, Z, W, np.full_like(Y, np.nan)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_rows", [1, 7])
def test_equals_its_twin(loss, n_rows, dtype):
    Y, Z, W, dY = problem(loss, dtype, n_rows)
    total, weight = loss.bind(dY.dtype)(Y, Z, W, dY)
    loss = Loss(loss.name, tuple(np.array(loss.settings, dtype).astype(float)))

    def scalar(Y):
        return np.sum(W * reference.element_losses(loss, Y, Z.astype(float)))

    rounding = 10 * Y.size * float(np.finfo(dtype).eps)
    assert total == pytest.approx(scalar(Y.astype(float)), rel=rounding)
    assert weight == pytest.approx(np.sum(W, dtype=float), rel=rounding)
    assert_close(dY, reference.gradient(scalar, Y.astype(float)), 10)


@pytest.mark.parametrize("name", ERRORS)
def test_of_a_perfect_prediction_is_zero(name):
    loss = Loss(name, SETTINGS.get(name, ()))
    Y, _, W, dY = problem(loss)
    total, _ = loss.bind(Y.dtype)(Y, Y.copy(), W, dY)
    assert total == 0
    np.testing.assert_array_equal(dY, 0)


def test_weight_zero_counts_for_nothing_whatever_is_there(loss):
    Y, Z, W, dY = problem(loss)
    W[2:4, -1] = 0
    function = loss.bind(Y.dtype)
    before, d_before = function(Y, Z, W, dY), dY.copy()
    Z[2, -1], Z[3, -1] = np.nan, np.inf
    assert function(Y, Z, W, dY) == before
    np.testing.assert_array_equal(dY, d_before)
    of_the_target = slice(None) if loss.name == "cross_entropy" else slice(O - 1, None, O)
    np.testing.assert_array_equal(dY[2:4, of_the_target], 0)


def test_all_weights_zero(loss):
    Y, Z, W, dY = problem(loss)
    assert loss.bind(Y.dtype)(Y, Z, np.zeros_like(W), dY) == (0, 0)
    np.testing.assert_array_equal(dY, 0)


def test_huge_outputs_give_finite_gradients(loss):
    Y, Z, W, dY = problem(loss)
    total, _ = loss.bind(Y.dtype)(np.sign(Y) * 1e4, Z, W, dY)
    assert np.isfinite(total)
    assert np.isfinite(dY).all()


def test_quantiles_do_not_cross_and_start_with_the_lowest():
    loss = Loss("pinball", (0.1, 0.5, 0.9))
    Y = problem(loss)[0]
    quantiles = loss.link(Y)
    assert quantiles.shape == (7, 3, O)
    assert (np.diff(quantiles, axis=1) > 0).all()
    np.testing.assert_array_equal(quantiles[:, 0], Y[:, :O])


@pytest.mark.parametrize(
    "name, logarithm",
    [
        ("gaussian", lambda z, p: stats.norm.logpdf(z, *p)),
        ("student_t", lambda z, p: stats.t.logpdf(z, p[2], p[0], p[1])),
        (
            "negative_binomial",
            lambda z, p: stats.nbinom.logpmf(z, 1 / p[1], 1 / (1 + p[0] * p[1])),
        ),
        ("cross_entropy", lambda z, p: np.log(np.take_along_axis(p[0], z.astype(int), axis=1))),
    ],
)
def test_likelihoods_are_those_of_the_linked_parameters(name, logarithm):
    loss = Loss(name, SETTINGS.get(name, ()))
    Y, Z, W, dY = problem(loss)
    total, _ = loss.bind(Y.dtype)(Y, Z, W, dY)
    parameters = np.moveaxis(loss.link(Y), 1, 0)
    assert total == pytest.approx(-np.sum(W * logarithm(Z, parameters)), rel=1e-12)


@pytest.mark.parametrize("x", [1e-3, 0.5, 1.0, 7.9, 8.0, 1e3, 1e8])
def test_digamma(x):
    assert digamma(x) == pytest.approx(psi(x), rel=1e-13, abs=1e-14)

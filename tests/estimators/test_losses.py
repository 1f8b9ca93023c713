"""What losses lead to: robust means, quantiles that do not cross, distributions that fit."""

import numpy as np
import pytest
from scipy import stats
from sklearn.exceptions import NotFittedError

from forecaster import ElmanRegressor
from tests.estimators.common import X, Y, in_time, net, of_every_cell

pytestmark = in_time
DISTRIBUTIONS = ("gaussian", "student_t", "negative_binomial")

# Enough rows to learn a distribution from: one step, whose value is all that matters
RNG = np.random.default_rng(0)
N = 4000
WIDE = RNG.uniform(-1, 1, (N, 1))
NEW = np.linspace(-0.8, 0.8, 9)[:, None]
LEARN = {
    "hidden_layer_sizes": 8,
    "max_iter": 40,
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.02,
    "random_state": 0,
}


def counts(y):
    return np.round(np.abs(y))


# --- Robust means -------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize(
    "options", [{"loss": "absolute_error"}, {"loss": "huber", "huber_delta": 0.01}], ids=str
)
def test_robust_losses_forgive_outliers(options):
    truth = 2 + WIDE[:, 0]
    y = np.where(np.arange(N) % 10 == 0, 100, truth)
    robust = ElmanRegressor(**LEARN, **options).fit(WIDE, y).predict(NEW)
    plain = ElmanRegressor(**LEARN).fit(WIDE, y).predict(NEW)
    assert np.abs(robust - 2 - NEW[:, 0]).max() < 0.5
    assert np.abs(plain - 2 - NEW[:, 0]).min() > 5


def test_huber_far_beyond_all_errors_is_half_the_square():
    """Half the loss with half the penalty leads to the same weights with plain descent at twice
    the rate.
    """
    options = {"solver": "sgd", "max_grad_norm": None, "momentum": 0.0}
    huber = net(**options, loss="huber", huber_delta=1e6, alpha=0.5, learning_rate_init=0.02)
    squares = net(**options, alpha=1.0, learning_rate_init=0.01)
    np.testing.assert_allclose(huber.fit(X, Y).predict(X), squares.fit(X, Y).predict(X), 1e-10)


# --- Quantiles ----------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("loss", ["pinball", "gaussian", "student_t"])
def test_quantiles_cover_what_they_promise(loss):
    """Noise that grows with the input; 0.02 is 2.7 standard errors of a share of 4000."""
    y = 5 + WIDE[:, 0] + (1.5 + WIDE[:, 0]) * RNG.normal(size=N)
    levels = (0.1, 0.5, 0.9)
    fitted = ElmanRegressor(**LEARN, loss=loss, quantiles=levels).fit(WIDE, y)
    quantiles = fitted.predict_quantiles(WIDE)
    assert quantiles.shape == (N, 3)
    assert (np.diff(quantiles, axis=1) > 0).all()
    np.testing.assert_allclose((y[:, None] <= quantiles).mean(axis=0), levels, atol=0.02)
    low, high = (fitted.predict_quantiles([[x]])[0] for x in (-0.8, 0.8))
    assert (high[2] - high[0]) > 2 * (low[2] - low[0])  # 2.3 / 0.7 in truth
    np.testing.assert_allclose(fitted.predict(NEW), fitted.predict_quantiles(NEW)[:, 1])


@of_every_cell
def test_quantiles_never_cross_even_untrained(cls):
    levels = tuple(np.arange(1, 20) / 20)
    y = np.stack([Y, -Y], axis=1)
    quantiles = net(cls, loss="pinball", quantiles=levels, max_iter=1).fit(X, y)
    found = quantiles.predict_quantiles(10 * X)
    assert found.shape == (20, 2, 19)
    assert (np.diff(found, axis=-1) > 0).all()
    np.testing.assert_array_equal(quantiles.predict(X), quantiles.predict_quantiles(X)[..., 9])


@pytest.mark.parametrize(
    "levels, chosen", [((0.1, 0.2, 0.5), 2), ((0.6, 0.7, 0.8), 1), (0.3, 0), ((0.2, 0.8), 1)]
)
def test_the_forecast_among_quantiles(levels, chosen):
    fitted = net(loss="pinball", quantiles=levels).fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), fitted.predict_quantiles(X)[:, chosen])


# --- Distributions ------------------------------------------------------------------------------


@pytest.mark.jit
def test_a_gaussian_is_recovered():
    y = 100 + 20 * WIDE[:, 0] + np.exp(WIDE[:, 0]) * RNG.normal(size=N)
    found = ElmanRegressor(**LEARN, loss="gaussian").fit(WIDE, y).predict_dist(NEW)
    np.testing.assert_allclose(found.mean(), 100 + 20 * NEW[:, 0], atol=0.5)
    np.testing.assert_allclose(found.std(), np.exp(NEW[:, 0]), rtol=0.15)


@pytest.mark.jit
def test_a_student_t_is_recovered():
    y = 3 * WIDE[:, 0] + 2 * RNG.standard_t(3, size=N)
    found = ElmanRegressor(**LEARN, loss="student_t").fit(WIDE, y).predict_dist(NEW)
    np.testing.assert_allclose(found.kwds["loc"], 3 * NEW[:, 0], atol=0.5)
    np.testing.assert_allclose(found.kwds["scale"], 2, rtol=0.15)
    np.testing.assert_allclose(found.kwds["df"], 3, atol=1)


@pytest.mark.jit
@pytest.mark.parametrize("size", [1, 100])
def test_a_negative_binomial_is_recovered(size):
    """Mean mu and dispersion 0.5, hence variance mu + mu^2 / 2, whatever the size of the counts."""
    mean = size * np.exp(1 + WIDE[:, 0])
    y = RNG.negative_binomial(2, 2 / (2 + mean))
    found = ElmanRegressor(**LEARN, loss="negative_binomial").fit(WIDE, y).predict_dist(NEW)
    expected = size * np.exp(1 + NEW[:, 0])
    np.testing.assert_allclose(found.mean(), expected, rtol=0.15)
    np.testing.assert_allclose(found.var(), expected + expected**2 / 2, rtol=0.3)


@pytest.mark.parametrize("loss", DISTRIBUTIONS)
@pytest.mark.parametrize("y", [Y, np.stack([Y, Y**2], axis=1)], ids=["one", "two"])
def test_a_distribution_is_one_of_scipy(loss, y):
    y = counts(y)
    fitted = net(loss=loss).fit(X, y)
    found = fitted.predict_dist(X)
    np.testing.assert_allclose(found.mean(), fitted.predict(X), rtol=1e-9)
    np.testing.assert_array_equal(
        fitted.predict_quantiles(X), np.stack([found.ppf(q) for q in fitted.quantiles], axis=-1)
    )
    draws = found.rvs(size=(400, *y.shape), random_state=0)
    np.testing.assert_array_equal(draws, found.rvs(size=(400, *y.shape), random_state=0))
    share = (draws <= found.ppf(0.9)).mean()  # of counts, more than asked for fall below
    assert 0.885 < share < (0.97 if loss == "negative_binomial" else 0.915)
    density = found.logpmf if loss == "negative_binomial" else found.logpdf
    assert density(y).shape == y.shape


def test_the_loss_of_a_gaussian_is_minus_its_log_likelihood():
    """On the validation rows, in units of the scaled targets."""
    options = {"early_stopping": True, "validation_fraction": 0.25, "max_iter": 1}
    fitted = net(**options, loss="gaussian").fit(X, Y)
    dist, scale = fitted.predict_dist(X[-5:]), Y[:-5].std()
    expected = -(dist.logpdf(Y[-5:]) + np.log(scale)).mean()
    assert fitted.best_loss_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("loss", ["gaussian", "student_t", "pinball", "huber"])
@pytest.mark.parametrize("factor, shift", [(1e6, -3e6), (1e-6, 2e-5)])
def test_distributions_move_and_stretch_with_the_targets(loss, factor, shift):
    y = np.stack([Y, -(Y**2)], axis=1)
    plain, scaled = (net(loss=loss).fit(X, z) for z in (y, shift + factor * y))
    back = (scaled.predict(X) - shift) / factor
    np.testing.assert_allclose(back, plain.predict(X), rtol=1e-9, atol=1e-9)
    if loss != "huber":
        back = (scaled.predict_quantiles(X) - shift) / factor
        np.testing.assert_allclose(back, plain.predict_quantiles(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("loss", [*DISTRIBUTIONS, "pinball"])
def test_distributions_at_every_step(loss):
    y = counts(np.cumsum(X, axis=1))
    fitted = net(loss=loss, readout="each").fit(X, y)
    assert fitted.predict(X).shape == (20, 3)
    assert fitted.predict_quantiles(X).shape == (20, 3, 3)
    if loss != "pinball":
        assert fitted.predict_dist(X).ppf(0.9).shape == (20, 3)


@pytest.mark.parametrize("bad", [-1.0, 0.5])
def test_counts_are_integers(bad):
    y = counts(Y)
    y[3] = bad
    with pytest.raises(ValueError, match=f"needs counts, which are integers >= 0, got {bad:g}"):
        net(loss="negative_binomial").fit(X, y)


def test_no_counts_at_all():
    fitted = net(loss="negative_binomial", max_iter=100, learning_rate_init=0.1)
    assert fitted.fit(X, np.zeros(20)).predict(X).max() < 0.1


@pytest.mark.parametrize("loss", ["squared_error", "pinball"])
def test_no_distribution_without_a_likelihood(loss):
    fitted = net(loss=loss).fit(X, Y)
    with pytest.raises(ValueError, match="needs loss to be one of 'gaussian'.*set it and fit"):
        fitted.predict_dist(X)
    fitted.set_params(loss="gaussian")  # what was trained is what counts
    with pytest.raises(ValueError, match=f"got '{loss}'"):
        fitted.predict_dist(X)


@pytest.mark.parametrize("method", ["predict", "predict_dist", "predict_quantiles"])
def test_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(net(loss="gaussian"), method)(X)


def test_quantiles_that_are_none_after_fit():
    fitted = net(loss="gaussian").fit(X, Y).set_params(quantiles=(0.1, 2.0))
    with pytest.raises(ValueError, match="quantiles to be a number between 0 and 1"):
        fitted.predict_quantiles(X)


def test_the_median_of_a_heavy_tail_is_kept_by_scipy():
    """The order of parameters: location, scale, degrees of freedom."""
    found = net(loss="student_t").fit(X, Y).predict_dist(X)
    assert isinstance(found.dist, type(stats.t))
    assert (found.kwds["df"] > 2).all()
    np.testing.assert_allclose(found.median(), found.mean())

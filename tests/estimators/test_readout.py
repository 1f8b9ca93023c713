"""What ``readout="auto"`` chooses, and why: answers must not rest on a few numbers fed back.

And who is told that another one is needed.
"""

import numpy as np
import pytest

from tests.estimators.common import CLASSIFIERS, REGRESSORS, X, Y, in_time, net

pytestmark = in_time
EVERY = REGRESSORS + CLASSIFIERS
FED_BACK = [cls for cls in EVERY if "jordan" in cls._cell]
CLASSES = np.where(np.median(Y) < Y, "high", "low")


def targets(cls):
    return Y if cls in REGRESSORS else CLASSES


@pytest.mark.parametrize("cls", EVERY)
def test_windows_of_one_length(cls):
    chosen, other = ("all", "last") if cls in FED_BACK else ("last", "all")
    fitted = net(cls).fit(X, targets(cls))
    assert fitted.network_.readout == chosen
    assert fitted.readout == "auto"
    np.testing.assert_array_equal(
        fitted.theta_, net(cls, readout=chosen).fit(X, targets(cls)).theta_
    )
    assert fitted.network_ != net(cls, readout=other).fit(X, targets(cls)).network_


@pytest.mark.parametrize("cls", EVERY)
def test_samples_of_different_lengths(cls):
    fitted = net(cls).fit([X[0, 1:], *X[1:]], targets(cls))
    assert fitted.network_.readout == "last"
    assert len(fitted.predict([X[0, :2], X[1]])) == 2


@pytest.mark.parametrize("cls", FED_BACK)
def test_samples_of_one_length_settle_it(cls):
    fitted = net(cls).fit(X, targets(cls))
    with pytest.raises(ValueError, match='different lengths need readout="last" or "each"'):
        fitted.predict([X[0, :2], X[1]])


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cls", FED_BACK)
def test_training_does_not_amplify_rounding(cls, seed):
    """Rows in another order are added up with other roundings; what nothing explains is learned
    by heart, which with readout="last" takes trainings from 1e-16 to 0.1 apart.
    """
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(15, 30)), rng.integers(0, 3, 15)
    one = cls(dtype="float64", random_state=seed, n_jobs=1).fit(X, y)
    other = cls(dtype="float64", random_state=seed, n_jobs=1).fit(X[::-1], y[::-1])
    assert one.score(X, y) > 0.9
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.theta_, other.theta_, atol=1e-9)


def test_targets_at_every_step_are_told_which_readout_they_need():
    """An array of them has several outputs for a regressor, and no meaning for a classifier."""
    samples = [x[:n] for x, n in zip(X, [1, 2] * 10)]
    steps = [x > 0 for x in samples]
    for cls, inputs, y in [
        (REGRESSORS[0], samples, steps),
        (CLASSIFIERS[0], samples, steps),
        (CLASSIFIERS[0], X, X > 0),
    ]:
        with pytest.raises(ValueError, match='every step need readout="each"'):
            net(cls).fit(inputs, y)
    assert net(REGRESSORS[0]).fit(X, X).predict(X).shape == X.shape

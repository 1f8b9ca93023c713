"""Small fitted estimators of every kind, and what it means for two objects to be the same."""

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from forecaster.forecasting.base import Forecaster
from forecaster.persistence.own_objects import ESTIMATORS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4, 2))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=30)
SERIES = pd.Series(
    50 + np.arange(40.0) + 5 * np.sin(np.arange(40.0)) + RNG.normal(size=40),
    pd.date_range("2020-01-01", periods=40, freq="MS"),
    name="sales",
)
SMALL = {
    "max_iter": 2,
    "max_steps": 12,
    "n_estimators": 2,
    "hidden_layer_sizes": (3,),
    "n_iter_no_change": 1,
    "tol": 1e9,
    "random_state": 0,
    "n_jobs": 1,
}
NAMES = [kind.__name__ for kind in ESTIMATORS]


def small(kind, **settings):
    known = kind._get_param_names()
    return kind(**{**{k: v for k, v in SMALL.items() if k in known}, **settings})


def is_forecaster(kind):
    return issubclass(kind, Forecaster)


def fitted(kind, **settings):
    if is_forecaster(kind):
        return small(kind, **settings).fit(SERIES[:-3])
    return small(kind, **settings).fit(X, targets(kind))


def targets(kind):
    return Y > 0 if is_classifier(kind()) else Y


def predictions(estimator):
    """As exact as it gets: a frame or an array."""
    if is_forecaster(type(estimator)):
        level = 80 if getattr(estimator, "calibration_", None) is not None else None
        return pd.DataFrame(estimator.predict(7, level=level))
    return pd.DataFrame(estimator.predict(X).reshape(len(X), -1))


def assert_same(a, b):
    """Equal through and through, types, dtypes and bits included."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        assert a.flags.c_contiguous == b.flags.c_contiguous
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, pd.Index):
        pd.testing.assert_index_equal(a, b, exact=True)
        assert getattr(a, "freq", None) == getattr(b, "freq", None)
    elif isinstance(a, np.random.Generator):
        assert_same(a.bit_generator.state, b.bit_generator.state)
        assert_same(a.bit_generator.seed_seq.state, b.bit_generator.seed_seq.state)
    elif isinstance(a, np.random.RandomState):
        assert_same(a.get_state(legacy=False), b.get_state(legacy=False))
    elif isinstance(a, dict):
        assert list(a) == list(b)
        assert_same(list(a.values()), list(b.values()))
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b):
            assert_same(one, other)
    elif type(a).__module__.startswith("forecaster."):
        lazy = {name for name in vars(type(a)) if name in vars(a) | vars(b)}  # cached properties
        assert_same(*({k: v for k, v in vars(x).items() if k not in lazy} for x in (a, b)))
    else:
        assert a == b or (a != a and b != b)

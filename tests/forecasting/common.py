"""What several tests of forecasters need."""

from functools import partial

import numpy as np

from forecaster import ElmanForecaster


def forecaster(**options):
    """One that is too small, and trained too briefly, to be of use, but quick."""
    defaults = {
        "horizon": 3,
        "hidden_layer_sizes": 3,
        "n_estimators": 2,
        "max_steps": 3,
        "calibrate": False,
        "random_state": 0,
        "n_jobs": 1,
    }
    return ElmanForecaster(**{**defaults, **options})


calibrating = partial(forecaster, n_estimators=1, calibrate=True)


def trending(n=40, seed=1):
    """A line with noise."""
    return 20 + np.arange(n) + np.random.default_rng(seed).normal(size=n)


def forecasts_of(model, panel, steps):
    """What follows the panel, (S, steps), on the scale of the data."""
    return model.preparation.restore(model.forecast_prepared(panel, steps), panel)

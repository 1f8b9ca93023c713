"""What several tests of intervals look through."""

import pytest

from forecaster.forecasting import recurrent
from forecaster.forecasting.intervals import calibrate
from tests.forecasting.common import calibrating


@pytest.fixture
def calibrated(monkeypatch):
    """Fit a forecaster and catch what its calibration was made of."""
    seen = []

    def spy(tail, *args):
        seen.append((tail.panel, tail.length, tail.horizon, *args))
        return calibrate(tail, *args)

    monkeypatch.setattr(recurrent, "calibrate", spy)

    def fit(y, **options):
        fitted = calibrating(**options).fit(y)
        return fitted, *seen.pop()

    return fit

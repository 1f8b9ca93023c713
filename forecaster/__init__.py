"""Recurrent networks for time series as scikit-learn estimators, compiled by Numba."""

from importlib.metadata import version

from forecaster.estimators import ElmanRegressor
from forecaster.forecasting import (
    DriftForecaster,
    ElmanForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)

__version__ = version("forecaster")

__all__ = [
    "DriftForecaster",
    "ElmanForecaster",
    "ElmanRegressor",
    "NaiveForecaster",
    "SeasonalNaiveForecaster",
    "__version__",
]

"""Recurrent networks for time series as scikit-learn estimators, compiled by Numba."""

from importlib.metadata import version

from forecaster.estimators import (
    ElmanClassifier,
    ElmanJordanClassifier,
    ElmanJordanRegressor,
    ElmanRegressor,
    GRUClassifier,
    GRURegressor,
    JordanClassifier,
    JordanRegressor,
    LSTMClassifier,
    LSTMRegressor,
)
from forecaster.forecasting import (
    DriftForecaster,
    ElmanForecaster,
    ElmanJordanForecaster,
    GRUForecaster,
    JordanForecaster,
    LSTMForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)
from forecaster.persistence import load, save

__version__ = version("forecaster")

__all__ = [
    "DriftForecaster",
    "ElmanClassifier",
    "ElmanForecaster",
    "ElmanJordanClassifier",
    "ElmanJordanForecaster",
    "ElmanJordanRegressor",
    "ElmanRegressor",
    "GRUClassifier",
    "GRUForecaster",
    "GRURegressor",
    "JordanClassifier",
    "JordanForecaster",
    "JordanRegressor",
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMRegressor",
    "NaiveForecaster",
    "SeasonalNaiveForecaster",
    "__version__",
    "load",
    "save",
]

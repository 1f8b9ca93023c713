"""Forecasters: series and panels in, their continuation out."""

from forecaster.forecasting.baselines import (
    DriftForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)
from forecaster.forecasting.elman import ElmanForecaster
from forecaster.forecasting.elman_jordan import ElmanJordanForecaster
from forecaster.forecasting.gru import GRUForecaster
from forecaster.forecasting.jordan import JordanForecaster
from forecaster.forecasting.lstm import LSTMForecaster

__all__ = [
    "DriftForecaster",
    "ElmanForecaster",
    "ElmanJordanForecaster",
    "GRUForecaster",
    "JordanForecaster",
    "LSTMForecaster",
    "NaiveForecaster",
    "SeasonalNaiveForecaster",
]

"""Forecasters: series and panels in, their continuation out."""

from forecaster.forecasting.baselines import (
    DriftForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)
from forecaster.forecasting.elman import ElmanForecaster

__all__ = [
    "DriftForecaster",
    "ElmanForecaster",
    "NaiveForecaster",
    "SeasonalNaiveForecaster",
]

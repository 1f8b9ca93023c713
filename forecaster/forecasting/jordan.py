"""The Jordan forecaster, and its hybrid with Elman's."""

from __future__ import annotations

from forecaster.forecasting.recurrent import RecurrentForecaster


class JordanForecaster(RecurrentForecaster):
    """Forecasts one series, or a panel of them, with an ensemble of Jordan networks."""

    _cell = "jordan"


class ElmanJordanForecaster(RecurrentForecaster):
    """Forecasts one series, or a panel of them, with an ensemble of Elman-Jordan networks."""

    _cell = "elman_jordan"

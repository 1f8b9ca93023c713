"""The LSTM forecaster."""

from __future__ import annotations

from forecaster.forecasting.recurrent import RecurrentForecaster


class LSTMForecaster(RecurrentForecaster):
    """Forecasts one series, or a panel of them, with an ensemble of LSTM networks."""

    _cell = "lstm"

"""The GRU forecaster."""

from __future__ import annotations

from forecaster.forecasting.recurrent import RecurrentForecaster


class GRUForecaster(RecurrentForecaster):
    """Forecasts one series, or a panel of them, with an ensemble of GRU networks."""

    _cell = "gru"

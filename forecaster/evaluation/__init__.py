"""How good a forecast is: measures of accuracy, and backtests."""

from forecaster.evaluation.backtest import backtest, summarize
from forecaster.evaluation.metrics import (
    coverage,
    mase,
    mean_absolute_error,
    pinball_loss,
    rmsse,
    root_mean_squared_error,
    smape,
)

__all__ = [
    "backtest",
    "coverage",
    "mase",
    "mean_absolute_error",
    "pinball_loss",
    "rmsse",
    "root_mean_squared_error",
    "smape",
    "summarize",
]

"""How good a forecast is: measures of accuracy, backtests, and how far back a network learns."""

from forecaster.evaluation.backtest import backtest, summarize
from forecaster.evaluation.gradients import gradient_by_lag
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
    "gradient_by_lag",
    "mase",
    "mean_absolute_error",
    "pinball_loss",
    "rmsse",
    "root_mean_squared_error",
    "smape",
    "summarize",
]

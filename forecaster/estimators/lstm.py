"""LSTM networks as scikit-learn estimators."""

from __future__ import annotations

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class LSTMRegressor(RecurrentRegressor):
    """Regression on windows with a LSTM network."""

    _cell = "lstm"


class LSTMClassifier(RecurrentClassifier):
    """Classification of windows with a LSTM network."""

    _cell = "lstm"

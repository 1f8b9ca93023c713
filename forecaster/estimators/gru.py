"""GRU networks as scikit-learn estimators."""

from __future__ import annotations

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class GRURegressor(RecurrentRegressor):
    """Regression on windows with a GRU network."""

    _cell = "gru"


class GRUClassifier(RecurrentClassifier):
    """Classification of windows with a GRU network."""

    _cell = "gru"

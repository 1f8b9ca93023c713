"""Jordan networks, and hybrids with Elman's, as scikit-learn estimators."""

from __future__ import annotations

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class JordanRegressor(RecurrentRegressor):
    """Regression on windows with a Jordan network."""

    _cell = "jordan"


class JordanClassifier(RecurrentClassifier):
    """Classification of windows with a Jordan network."""

    _cell = "jordan"


class ElmanJordanRegressor(RecurrentRegressor):
    """Regression on windows with a hybrid of Elman's and Jordan's networks."""

    _cell = "elman_jordan"


class ElmanJordanClassifier(RecurrentClassifier):
    """Classification of windows with a hybrid of Elman's and Jordan's networks."""

    _cell = "elman_jordan"

"""Jordan networks, and hybrids with Elman's, as scikit-learn estimators."""

from __future__ import annotations

from typing import Any

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class JordanRegressor(RecurrentRegressor):
    """Regression on windows with a Jordan network."""

    _cell = "jordan"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # all that it remembers are its own outputs
        return tags


class JordanClassifier(RecurrentClassifier):
    """Classification of windows with a Jordan network."""

    _cell = "jordan"


class ElmanJordanRegressor(RecurrentRegressor):
    """Regression on windows with a hybrid of Elman's and Jordan's networks."""

    _cell = "elman_jordan"


class ElmanJordanClassifier(RecurrentClassifier):
    """Classification of windows with a hybrid of Elman's and Jordan's networks."""

    _cell = "elman_jordan"

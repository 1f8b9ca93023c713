"""scikit-learn estimators on windows: a signature, a docstring, a cell."""

from forecaster.estimators.elman import ElmanClassifier, ElmanRegressor
from forecaster.estimators.elman_jordan import ElmanJordanClassifier, ElmanJordanRegressor
from forecaster.estimators.gru import GRUClassifier, GRURegressor
from forecaster.estimators.jordan import JordanClassifier, JordanRegressor
from forecaster.estimators.lstm import LSTMClassifier, LSTMRegressor

__all__ = [
    "ElmanClassifier",
    "ElmanJordanClassifier",
    "ElmanJordanRegressor",
    "ElmanRegressor",
    "GRUClassifier",
    "GRURegressor",
    "JordanClassifier",
    "JordanRegressor",
    "LSTMClassifier",
    "LSTMRegressor",
]

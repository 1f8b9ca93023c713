"""scikit-learn estimators on windows: a signature, a docstring, a cell."""

from forecaster.estimators.elman import ElmanRegressor

__all__ = ["ElmanRegressor"]

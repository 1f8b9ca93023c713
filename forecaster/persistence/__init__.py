"""Estimators in files that hold data only: loading one never executes code."""

from forecaster.persistence.files import load, save

__all__ = ["load", "save"]

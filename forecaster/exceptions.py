"""Warnings of the library's own."""

__all__ = ["SkillWarning"]


class SkillWarning(UserWarning):
    """A forecaster did no better on held-out data than repeating the last season."""

"""Libraries that only some users need."""

from __future__ import annotations

from importlib import import_module


def require(module: str, extra: str) -> None:
    """Raise an ImportError that says how to install what is missing."""
    try:
        import_module(module)
    except ImportError as error:
        raise ImportError(
            f"this needs {module}: install it with `pip install 'forecaster[{extra}]'`"
        ) from error

"""What the layout of files has been, and how older ones are brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

LIBRARY = version("forecaster")
FORMAT = 1

# From each earlier format to the next: a function of the decoded JSON header, which is changed in
# place. A new field with a default, of a dataclass or a constructor, needs no new format; a field
# that goes, or gets another name or meaning, does.
UPGRADES: dict[int, Callable[[dict[str, Any]], None]] = {}


def upgrade(header: dict[str, Any]) -> None:
    """Bring a header up to the present format."""
    for number in range(header["format"], FORMAT):
        UPGRADES[number](header)

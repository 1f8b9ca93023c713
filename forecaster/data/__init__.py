"""Series and panels: from pandas to plain arrays and back, and data to try things on."""

from forecaster.data.datasets import load_airline, load_beer, load_sunspots, make_panel
from forecaster.data.frames import read
from forecaster.data.panel import Panel
from forecaster.data.series_set import SeriesSet

__all__ = [
    "Panel",
    "SeriesSet",
    "load_airline",
    "load_beer",
    "load_sunspots",
    "make_panel",
    "read",
]

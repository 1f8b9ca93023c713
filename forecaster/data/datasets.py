"""Small data sets to try things on; all come as pandas, at no cost but reading a short file."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from forecaster._validation import make_generator


def load_airline() -> pd.Series:
    """Load the monthly number of international airline passengers.

    144 months, 1949 to 1960, in thousands: a rising trend, and a season of 12 months that grows
    with it.

    Returns
    -------
    Series of shape (144,)
        Name "passengers"; timestamps at month begin, frequency "MS".

    References
    ----------
    G. E. P. Box and G. M. Jenkins, "Time Series Analysis: Forecasting and Control", Holden-Day,
    1976, series G.

    Examples
    --------
    >>> load_airline().tail(2)
    1960-11-01    390.0
    1960-12-01    432.0
    Freq: MS, Name: passengers, dtype: float64
    """
    return _load("airline", "passengers", "MS")


def load_sunspots() -> pd.Series:
    """Load the monthly mean sunspot numbers.

    2820 months, 1749 to 1983 (the original series, before its revision in 2015): no trend, and
    cycles of about eleven years of changing length and height.

    Returns
    -------
    Series of shape (2820,)
        Name "sunspots"; timestamps at month begin, frequency "MS".

    References
    ----------
    D. F. Andrews and A. M. Herzberg, "Data: A Collection of Problems from Many Fields for the
    Student and Research Worker", Springer, 1985. Original source: WDC-SILSO, Royal Observatory of
    Belgium, Brussels.

    Examples
    --------
    >>> load_sunspots().head(2)
    1749-01-01    58.0
    1749-02-01    62.6
    Freq: MS, Name: sunspots, dtype: float64
    """
    return _load("sunspots", "sunspots", "MS")


def load_beer() -> pd.Series:
    """Load the quarterly Australian production of beer.

    211 quarters, 1956 to the third of 2008, in megalitres: a trend that turns, and a season of 4
    quarters.

    Returns
    -------
    Series of shape (211,)
        Name "beer"; timestamps at quarter begin, frequency "QS".

    References
    ----------
    Australian Bureau of Statistics, catalogue 8301.0.55.001.

    Examples
    --------
    >>> load_beer().tail(2)
    2008-04-01    390.0
    2008-07-01    410.0
    Freq: QS-JAN, Name: beer, dtype: float64
    """
    return _load("beer", "beer", "QS")


def make_panel(
    n_series: int = 10,
    n_points: int = 120,
    *,
    season_length: int = 12,
    ragged: bool = False,
    freq: str = "MS",
    start: str = "2000-01-01",
    random_state: Any = None,
) -> pd.DataFrame:
    """Generate a panel of related series, as a long frame.

    Each series is level * (1 + trend + season) + noise. All share the shape of the season (a sine
    and its first overtone); its height and phase, the slope of the linear trend, the level (log
    normal, about 100) and the noise (autoregressive of order 1) are each series' own.

    Parameters
    ----------
    n_series : int, default=10
        The number of series.
    n_points : int, default=120
        Rows of each series; the most rows if they are ragged.
    season_length : int, default=12
        Rows in one season; 1 leaves the season out.
    ragged : bool, default=False
        Whether series begin and end at different times: each has between half of `n_points` and
        all of them.
    freq : str, default="MS"
        A pandas frequency for the timestamps.
    start : str, default="2000-01-01"
        The first timestamp.
    random_state : int, numpy RandomState, numpy Generator or None, default=None
        An integer gives the same panel every time.

    Returns
    -------
    DataFrame
        Columns unique_id ("series-0", ...), ds and y; series after series.

    Raises
    ------
    ValueError
        If a number is below 1, or `random_state` is of another type.

    Examples
    --------
    >>> frame = make_panel(n_series=3, n_points=24, random_state=0)
    >>> frame.shape, list(frame.columns)
    ((72, 3), ['unique_id', 'ds', 'y'])
    """
    for name, number in [
        ("n_series", n_series),
        ("n_points", n_points),
        ("season_length", season_length),
    ]:
        if number < 1:
            raise ValueError(f"make_panel expects {name} to be an integer >= 1, got {number}.")
    rng = make_generator(random_state)
    time = np.arange(n_points)
    level = 100 * rng.lognormal(sigma=0.8, size=(n_series, 1))
    trend = rng.normal(0.0, 0.5, size=(n_series, 1)) * time / max(n_points, 1)
    phase = 2 * np.pi * (time / season_length + rng.normal(0.0, 0.05, size=(n_series, 1)))
    height = rng.uniform(0.1, 0.3, size=(n_series, 1)) * (season_length > 1)
    season = height * (np.sin(phase) + 0.5 * np.cos(2 * phase))
    noise = rng.normal(0.0, 0.05, size=(n_series, n_points))
    for t in range(1, n_points):
        noise[:, t] += 0.5 * noise[:, t - 1]
    y = level * (1 + trend + season + noise)

    first, last = np.zeros(n_series, dtype=int), np.full(n_series, n_points)
    if ragged:
        length = rng.integers((n_points + 1) // 2, n_points, size=n_series, endpoint=True)
        first = rng.integers(0, n_points - length, endpoint=True)
        last = first + length
    kept = (time >= first[:, None]) & (time < last[:, None])
    series, row = np.nonzero(kept)
    ids = np.array([f"series-{i}" for i in range(n_series)], dtype=object)
    times = pd.date_range(start, periods=n_points, freq=freq)
    return pd.DataFrame({"unique_id": ids[series], "ds": times[row], "y": y[kept]})


def _load(file: str, name: str, freq: str) -> pd.Series:
    """Read a bundled file; its dates run at one frequency, so the first tells the others."""
    text = (files("forecaster.data") / "files" / f"{file}.csv").read_text(encoding="ascii")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    index = pd.date_range(rows[0][0], periods=len(rows), freq=freq)
    return pd.Series([float(value) for _, value in rows], index=index, name=name)

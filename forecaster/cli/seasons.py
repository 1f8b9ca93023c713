"""How long a season is, as far as the frequency of the data tells."""

from __future__ import annotations

import pandas as pd
from pandas.tseries import offsets

from forecaster.data import SeriesSet
from forecaster.data.frequency import describe

_YEAR = {"M": 12, "MS": 12, "ME": 12, "BMS": 12, "BME": 12, "Q": 4, "QS": 4, "QE": 4, "W": 52}
_DAYS = {"D": 7, "B": 5, "C": 5}
_DAY = pd.Timedelta(days=1)
_TOO_SHORT = ", but the network cannot learn it: the data are shorter than two of them"
_MINUTE = pd.Timedelta(minutes=1)


def choose_season(data: SeriesSet, wanted: int | None, example: str | None) -> tuple[int, str]:
    """Choose the season length, and say why.

    Parameters
    ----------
    data : SeriesSet
        The data.
    wanted : int or None
        What the user asked for.
    example : str or None
        The name of the example, if the data are one.

    Returns
    -------
    season_length : int
    reason : str
        In brackets, to follow the number.
    """
    if wanted is not None:
        short = wanted > 1 and data.lengths.max() < 2 * wanted
        return wanted, f"(as given{_TOO_SHORT})" if short else "(as given)"
    template = data.axis.template
    freq = template.freq if isinstance(template, pd.PeriodIndex) else data.freq
    season, reason = _season_of(freq), "(no dates tell another one)"
    if isinstance(freq, offsets.BaseOffset):
        reason = f"(from the frequency {describe(freq)})"
    if example == "sunspots":
        season, reason = 132, "(eleven years, the solar cycle)"
    if season > 1 and data.lengths.max() < 2 * season:
        return 1, f"(the data are shorter than two seasons of {season})"
    return season, reason


def _season_of(freq: object) -> int:
    """Steps in a week for days, in a day for hours and minutes, in a year for what is longer."""
    if not isinstance(freq, offsets.BaseOffset):
        return 1
    if isinstance(freq, offsets.Tick) and not isinstance(freq, offsets.Day):
        step = pd.Timedelta(freq)
        return int(_DAY / step) if step >= _MINUTE and _DAY % step == pd.Timedelta(0) else 1
    if type(freq) is pd.DateOffset:
        months = freq.n * freq.kwds.get("months", 0)
        return 12 // months if months and 12 % months == 0 and len(freq.kwds) == 1 else 1
    code = freq.rule_code.split("-")[0]
    if freq.n == 1 and code in _DAYS:
        return _DAYS[code]
    season = _YEAR.get(code, 1)
    return season // freq.n if season % freq.n == 0 else 1

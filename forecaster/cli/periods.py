"""Quarters and weeks in the text of a file, as pandas and ISO 8601 write them."""

from __future__ import annotations

import pandas as pd

_QUARTERS = r"\d{4}-?Q[1-4]"  # 2024Q1
_WEEKS = r"\d{4}-?W\d\d"  # 2024-W05
_SPANS = r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d"  # 2024-01-29/2024-02-04


def read_periods(text: pd.Series) -> pd.Series | None:
    """Periods, for weeks of ISO 8601 their Mondays; None if any of the texts is something else."""
    text = text.astype(str).str.upper()
    try:
        if text.str.fullmatch(_QUARTERS).all():
            quarters = pd.PeriodIndex(text.str.replace("-", ""), freq="Q")
            return pd.Series(quarters, text.index, name=text.name)
        if text.str.fullmatch(_WEEKS).all():
            mondays = text.str.replace("-", "") + "-1"
            return pd.to_datetime(mondays, format="%GW%V-%u")
        if text.str.fullmatch(_SPANS).all():
            return _weeks(*(pd.to_datetime(text.str.split("/").str[k]) for k in (0, 1)))
    except ValueError:  # such as week 60
        pass
    return None


def are_periods(text: pd.Series) -> pd.Series:
    """Which texts are quarters or weeks, whatever the others are."""
    like = text.str.upper().str.fullmatch(f"{_QUARTERS}|{_WEEKS}|{_SPANS}")
    found = {t for t in text[like].unique() if read_periods(pd.Series([t])) is not None}
    return text.isin(found)


def _weeks(first: pd.Series, last: pd.Series) -> pd.Series | None:
    """Weeks from their first and last days, if they are weeks, and all begin on the same day."""
    if (last - first != pd.Timedelta(days=6)).any() or last.dt.day_of_week.nunique() > 1:
        return None
    end = last.dt.day_name().iloc[0][:3].upper()
    return pd.Series(pd.PeriodIndex(last, freq=f"W-{end}"), first.index, name=first.name)

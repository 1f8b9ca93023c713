"""The season that a frequency suggests."""

import numpy as np
import pandas as pd
import pytest

from forecaster.cli.seasons import choose_season
from forecaster.data import read
from tests.cli.common import quick


def season_of(freq, n=1000):
    index = pd.date_range("2020-01-06", periods=n, freq=freq)
    return choose_season(read(pd.Series(np.ones(n), index=index)), None, None)[0]


@pytest.mark.parametrize(
    ("freq", "season"),
    [
        *[("MS", 12), ("ME", 12), ("3MS", 4), ("QS", 4), ("QE", 4), ("YS", 1), ("2MS", 6)],
        *[("W", 52), ("2W", 26), ("D", 7), ("B", 5), ("2D", 1), ("h", 24), ("6h", 4), ("7h", 1)],
        *[("30min", 48), ("15min", 96), ("5min", 288), ("s", 1), ("BMS", 12)],
        (pd.DateOffset(months=1), 12),
    ],
)
def test_the_season_follows_the_frequency(freq, season):
    assert season_of(freq, n=70 if season == 1 else 2 * season) == season
    if season > 1:
        assert season_of(freq, n=2 * season - 1) == 1


def test_the_season_of_periods_and_of_examples(capsys):
    y = pd.Series(np.ones(30), index=pd.period_range("2020-01", periods=30, freq="M"))
    assert choose_season(read(y), None, None) == (12, "(from the frequency 'ME')")
    assert choose_season(read(y), 7, None) == (7, "(as given)")
    sentence = "(as given, but the network cannot learn it: the data are shorter than two of them)"
    assert choose_season(read(y), 16, None) == (16, sentence)
    assert choose_season(read(y), 15, None) == (15, "(as given)")
    for example, season in [("airline", 12), ("beer", 4), ("sunspots", 132)]:
        assert f"season {season} (" in quick(capsys, "--example", example)

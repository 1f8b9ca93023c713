from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from forecaster.data import load_airline, load_beer, load_sunspots, make_panel, read

LOADERS = [
    (load_airline, "airline", "passengers", 144, "1949-01-01", "1960-12-01", "MS", 12),
    (load_sunspots, "sunspots", "sunspots", 2820, "1749-01-01", "1983-12-01", "MS", 132),
    (load_beer, "beer", "beer", 211, "1956-01-01", "2008-07-01", "QS-JAN", 4),
]


@pytest.mark.parametrize(("load", "file", "name", "n", "first", "last", "freq", "season"), LOADERS)
def test_classics(load, file, name, n, first, last, freq, season):
    y = load()
    assert y.name == name
    assert y.shape == (n,)
    assert y.dtype == np.float64
    assert y.index.freqstr == freq
    assert [y.index[0], y.index[-1]] == [pd.Timestamp(first), pd.Timestamp(last)]
    # The file states every date; the loader takes them from the first.
    with (files("forecaster.data") / "files" / f"{file}.csv").open() as stream:
        stored = pd.read_csv(stream, index_col="date", parse_dates=True)["value"]
    np.testing.assert_array_equal(stored.index, y.index)
    np.testing.assert_array_equal(stored, y)
    # Its season shows: values one season apart resemble each other more than half a season apart.
    detrended = y.diff().dropna() if season == 4 else y - y.rolling(season).mean()
    assert detrended.autocorr(season) > 0.5 > detrended.autocorr(season // 2)


def test_known_values():
    assert load_airline()["1960"].tolist() == [
        *[417.0, 391.0, 419.0, 461.0, 472.0, 535.0],
        *[622.0, 606.0, 508.0, 461.0, 390.0, 432.0],
    ]
    assert load_airline().sum() == 40363.0
    assert load_sunspots().max() == 253.8
    assert load_sunspots().idxmax() == pd.Timestamp("1957-10-01")
    assert load_beer().iloc[:4].tolist() == [284.0, 213.0, 227.0, 308.0]


def test_loaded_series_are_ones_own():
    y = load_airline()
    y.iloc[0] = 0.0
    assert load_airline().iloc[0] == 112.0


def test_make_panel_has_equal_series():
    frame = make_panel(5, 30, random_state=0)
    assert list(frame.columns) == ["unique_id", "ds", "y"]
    assert frame["unique_id"].unique().tolist() == [f"series-{i}" for i in range(5)]
    data = read(frame)
    assert data.lengths.tolist() == [30] * 5
    assert data.freq == pd.offsets.MonthBegin()


def test_make_panel_is_reproducible():
    first, second = make_panel(random_state=3), make_panel(random_state=3)
    pd.testing.assert_frame_equal(first, second)
    assert not np.allclose(first["y"], make_panel(random_state=4)["y"])


def test_make_panel_ragged():
    frame = make_panel(50, 40, ragged=True, random_state=0)
    data = read(frame)
    assert 20 <= data.lengths.min() < data.lengths.max() <= 40
    starts, ends = frame.groupby("unique_id")["ds"].agg(["min", "max"]).to_numpy().T
    assert len(set(starts)) > 5
    assert len(set(ends)) > 5
    assert set(starts) | set(ends) <= set(pd.date_range("2000", periods=40, freq="MS").to_numpy())


def seasonality(frame, season_length):
    y = read(frame).panel.last(120)
    change = np.diff(y, axis=1) / y.mean(axis=1, keepdims=True)
    lagged = zip(change[:, season_length:], change[:, :-season_length])
    return np.mean([np.corrcoef(a, b)[0, 1] for a, b in lagged])


def test_make_panel_season_length():
    assert seasonality(make_panel(20, season_length=12, random_state=0), 12) > 0.3
    assert seasonality(make_panel(20, season_length=1, random_state=0), 12) < 0.1
    assert seasonality(make_panel(20, season_length=7, random_state=0), 7) > 0.3


def test_make_panel_freq_and_start():
    frame = make_panel(2, 5, freq="h", start="2024-05-01 06:00", random_state=0)
    assert frame["ds"].tolist() == 2 * list(pd.date_range("2024-05-01 06:00", periods=5, freq="h"))


@pytest.mark.parametrize("name", ["n_series", "n_points", "season_length"])
def test_make_panel_refuses(name):
    with pytest.raises(ValueError, match=f"{name} to be an integer >= 1, got 0"):
        make_panel(**{name: 0})


@pytest.mark.parametrize("n_points", [1, 2])
def test_make_panel_of_few_points(n_points):
    frame = make_panel(3, n_points, ragged=True, random_state=0)
    assert len(frame) >= 3
    assert np.isfinite(frame["y"]).all()

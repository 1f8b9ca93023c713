"""``forecaster forecast``: what it prints and writes."""

import sys

import pandas as pd
import pytest

from forecaster import ElmanForecaster, SeasonalNaiveForecaster, load
from forecaster.cli import printing
from forecaster.data import load_airline, load_beer
from forecaster.evaluation import backtest, summarize
from tests.cli.common import months, quick, shops, succeed, write


def test_a_forecast_is_printed_with_its_intervals(capsys, here):
    out = quick(capsys, write(months()))
    lines = out.splitlines()
    assert lines[0] == (
        "data.csv: 40 rows of y, from 2015-01-01 to 2018-04-01; season 12 (from the frequency 'MS')"
    )
    assert " ".join(lines[2].split()) == "ds forecast 80 % interval 95 % interval"
    assert [line.split()[0] for line in lines[3:]] == ["2018-05-01", "2018-06-01"]
    assert len(lines) == 5
    low, to, high = lines[3].split()[2:5]
    assert float(low) <= float(lines[3].split()[1]) <= float(high)
    assert to == "to"
    assert len({len(line) for line in lines[2:]}) == 1  # columns are aligned


def test_it_is_what_python_gives(capsys, here):
    quick(capsys, "--example", "airline", "--output", "out.csv", "--save", "model.npz")
    model = ElmanForecaster(2, 12, n_estimators=1, max_steps=20, random_state=0).fit(load_airline())
    expected = model.predict(level=[80, 95])
    got = pd.read_csv("out.csv", index_col="ds", parse_dates=True)
    pd.testing.assert_frame_equal(
        got, expected, check_index_type=False, check_freq=False, check_names=False
    )
    pd.testing.assert_frame_equal(load("model.npz").predict(level=[80, 95]), expected)


@pytest.mark.parametrize(
    ("cell", "name", "network"),
    [
        ("elman", "ElmanForecaster", "Elman network"),
        ("gru", "GRUForecaster", "GRU network"),
        ("lstm", "LSTMForecaster", "LSTM network"),
        ("jordan", "JordanForecaster", "Jordan network"),
        ("elman-jordan", "ElmanJordanForecaster", "Elman-Jordan network"),
    ],
)
def test_cells(capsys, here, cell, name, network):
    data = write(months())
    argv = ["forecast", data, "--horizon", 2, "--cell", cell, "--save", "m.npz"]
    out = succeed(capsys, *argv)
    assert f"{network}   " in out
    assert type(load("m.npz")).__name__ == name


def test_the_seed_matters_and_nothing_else(capsys):
    first = quick(capsys, "--example", "beer")
    assert quick(capsys, "--example", "beer", "--seed", "0") == first
    assert quick(capsys, "--example", "beer", "--seed", "1") != first


def test_levels_come_in_any_number(capsys, here):
    out = quick(capsys, write(months()), "--level", "50", "99.5", "--output", "out.csv")
    assert "50 % interval   " in out
    assert "99.5 % interval" in out
    assert list(pd.read_csv("out.csv")) == ["ds", "mean", "lo-99.5", "lo-50", "hi-50", "hi-99.5"]


def test_the_comparison_is_a_plain_sentence(capsys, here):
    out = succeed(capsys, "forecast", write(months()), "--horizon", 2)
    sentence = next(line for line in out.splitlines() if line.startswith("In 6 rolling windows"))
    assert "of the seasonal naive forecast's (" in sentence
    assert sentence.endswith(").")
    table = out.splitlines()[-3:]
    assert table[0].split() == ["MAE", "RMSE", "sMAPE", "MASE"]
    assert [line.split("  ")[0] for line in table[1:]] == ["Elman network", "seasonal naive"]


def test_the_comparison_is_of_the_forecaster_that_forecasts(capsys):
    out = succeed(capsys, "forecast", "--example", "beer", "--horizon", 8)
    models = {
        "Elman network": ElmanForecaster(8, 4, n_estimators=1, max_steps=20, random_state=0),
        "seasonal naive": SeasonalNaiveForecaster(8, 4),
    }
    summary = summarize(backtest(models, load_beer()))
    assert printing.verdict(summary, "Elman network", "6 rolling windows") in out


def test_short_data_are_compared_in_fewer_windows_or_not_at_all(capsys, here):
    growing = months(9).assign(y=lambda rows: 100 + 5 * rows.index + rows.index % 3)
    out = succeed(capsys, "forecast", write(growing), "--horizon", 2)
    assert "season 1 (the data are shorter than two seasons of 12)" in out
    assert "In 4 rolling windows" in out
    assert "the naive forecast's" in out
    out = succeed(capsys, "forecast", write(months(6)), "--horizon", 2, "--season", 1)
    assert "In 1 window the" in out
    out = succeed(capsys, "forecast", write(months(5)), "--horizon", 2, "--season", 1)
    assert "There are no intervals: the data are too short" in out
    assert "too short to see how good such forecasts have been" in out


def test_a_panel_prints_its_first_series_and_writes_all(capsys, here):
    data = write(shops())
    out = quick(capsys, data, "--id", "shop", "--output", "out.parquet", "--plot", "out.svg")
    assert "data.csv: 3 series, 117 rows of y, from 2015-01-01 to 2018-04-01" in out
    assert "This is 000, the first of 3 series; --output writes all of them." in out
    assert out.count("2018-05-01") == 1
    assert "Saved 6 rows in out.parquet." in out
    frame = pd.read_parquet("out.parquet")
    assert frame["shop"].tolist() == ["000", "000", "001", "001", "002", "002"]  # zeros are kept
    assert frame["ds"].iloc[2] == pd.Timestamp("2018-04-01")
    assert list(frame.columns)[:3] == ["shop", "ds", "mean"]
    assert b"<svg" in (here / "out.svg").read_bytes()


def test_a_picture_without_pyplot(capsys, here, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # a window would need it
    out = quick(capsys, write(months()), "--plot", "out.png")
    assert "Saved the picture in out.png." in out
    assert (here / "out.png").read_bytes().startswith(b"\x89PNG")

"""Forecasts with a model from a file."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanRegressor, NaiveForecaster, SeasonalNaiveForecaster, save
from tests.cli.common import fail, months, quick, shops, succeed, write


def test_a_saved_model_forecasts_the_same_without_training(capsys, here):
    data = write(months())
    trained = quick(capsys, data, "--save", "model.npz", "--output", "first.csv", "--level", 50, 90)
    assert "Saved the trained model in model.npz." in trained
    (here / data).unlink()
    again = quick(capsys, "--model", "model.npz", "--output", "again.csv", "--level", 50, 90)
    assert again.splitlines()[0] == (
        "model.npz: 40 rows of y, from 2015-01-01 to 2018-04-01; season 12 of the ElmanForecaster"
    )
    assert again.splitlines()[1:5] == trained.splitlines()[1:5]
    assert (here / "again.csv").read_bytes() == (here / "first.csv").read_bytes()
    longer = succeed(capsys, "forecast", "--model", "model.npz", "--horizon", 5)
    assert "80 % interval" in longer
    assert longer.splitlines()[-1].split()[0] == "2018-09-01"


def test_a_saved_panel(capsys, here):
    pytest.importorskip("matplotlib")
    quick(capsys, write(shops()), "--id", "shop", "--save", "model.npz", "--output", "first.csv")
    out = quick(capsys, "--model", "model.npz", "--output", "again.csv", "--plot", "a.png")
    assert "model.npz: 3 series, 117 rows of y, from 2015-01-01 to 2018-04-01; season 12" in out
    assert "This is 000, the first of 3 series" in out
    assert (here / "again.csv").read_bytes() == (here / "first.csv").read_bytes()
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")


SERIES = pd.Series([1.0, 2.0, 4.0], [2001, 2003, 2005])
MONTHS = SERIES.set_axis(pd.period_range("2020-01", periods=3, freq="M", name="month"))
WIDE = pd.DataFrame({"b": [1.0, 2.0], "a": [3.0, 4.0]}, pd.to_datetime(["2020", "2021"]))
LEVELS = pd.MultiIndex.from_product([["x"], [1, 2]])


@pytest.mark.parametrize(
    ("data", "start", "header", "ids"),
    [
        ([1.0, 2.0, 4.0], "3 rows of y, numbered", "row", None),
        (SERIES, "3 rows of y, from 2001 to 2005", "ds", None),
        (MONTHS, "3 rows of y, from 2020-01 to 2020-03", "month", None),
        (WIDE, "2 series, 4 rows of y, from 2020-01-01 to 2021-01-01", "ds", ["b", "a"]),
        (WIDE.set_axis(LEVELS, axis=1), "2 series, 4 rows of y, from", "ds", ["x 1", "x 2"]),
        (WIDE.to_numpy(), "2 series, 4 rows of y, numbered", "row", [0, 1]),
    ],
    ids=["list", "integers", "periods", "wide", "levels", "array"],
)
def test_models_that_python_saved(capsys, here, data, start, header, ids):
    pytest.importorskip("matplotlib")
    model = NaiveForecaster(9).fit(data)
    save(model, "naive.npz")
    out = quick(capsys, "--model", "naive.npz", "--output", "out.csv", "--plot", "out.svg")
    first = out.splitlines()[0]
    assert first.startswith(f"naive.npz: {start}")
    assert first.endswith("; season 1 of the NaiveForecaster")
    assert out.splitlines()[2].split() == [header, "forecast"]
    assert "There are no intervals: the model was fitted without them." in out
    frame = pd.read_csv("out.csv")
    assert frame["mean"].tolist() == np.asarray(model.predict(2)).T.ravel().tolist()
    if ids is None:
        assert "unique_id" not in frame
    else:
        assert frame["unique_id"].tolist() == np.repeat(ids, 2).tolist()


def test_files_that_hold_no_model(capsys, here):
    def failure(*argv):
        return fail(capsys, "forecast", "--model", *argv, "--horizon", 2)

    assert "cannot read none.npz: No such file or directory" in failure("none.npz")
    (here / "folder").mkdir()
    assert "cannot read folder: " in failure("folder")
    assert "data.csv is truncated or damaged, or was not written" in failure(write(months()))
    for estimator in (ElmanRegressor(), SeasonalNaiveForecaster()):
        save(estimator, "model.npz")
        sentence = f"model.npz holds no fitted forecaster but {estimator}: give one from"
        assert sentence in failure("model.npz")


def test_options_that_a_saved_model_has_no_use_for(capsys, here):
    def failure(*argv):
        return fail(capsys, "forecast", "--model", "model.npz", *argv, "--horizon", 2)

    save(NaiveForecaster().fit([1.0]), "model.npz")
    assert "NaiveForecaster has no intervals" in failure("--level", 80)
    for option in ("--target", "--time", "--id", "--season", "--seed", "--save"):
        sentence = f"{option} is for training; --model takes a model that is trained"
        assert sentence in failure(option, 1)
    assert "--cell is for training" in failure("--cell", "gru")
    assert "--save model.npz would overwrite the model" in failure("--save", "model.npz")

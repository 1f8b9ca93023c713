"""What the README shows runs as it stands."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecaster import LSTMRegressor
from forecaster.cli import main
from forecaster.data import load_airline

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
OF_PYTORCH = "from_torch"
RNG = np.random.default_rng(0)
WINDOWS = RNG.normal(size=(60, 8))
SEQUENCES = [row[: 3 + i % 6] for i, row in enumerate(WINDOWS)]
# what readers bring along
THEIRS = {
    "new_y": pd.Series([450.0], pd.date_range("1961-01-01", periods=1, freq="MS")),
    "sequences": SEQUENCES,
    "labels": [np.where(row > 0, "up", "down") for row in SEQUENCES],
}
OF_WINDOWS = {"X": WINDOWS, "y": WINDOWS[:, -1] + 0.1 * RNG.normal(size=60)}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


# short trainings need not converge
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.slow
def test_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = dict(THEIRS)
    found = [block for block in blocks("python") if OF_PYTORCH not in block]
    assert len(found) >= 5
    for block in found:
        names |= OF_WINDOWS if "fit(X, y)" in block else {}
        exec(block, names)
    assert names["f"].predict().index[0] == pd.Timestamp("1961-02-01")  # loaded after an update
    assert names["net"].predict(SEQUENCES).shape == (60, 8)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_pytorch(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    (block,) = (block for block in blocks("python") if OF_PYTORCH in block)
    net = LSTMRegressor(max_iter=2).fit(WINDOWS, OF_WINDOWS["y"])
    exec(block, {"torch": torch, "net": net})
    assert (tmp_path / "net.onnx").exists()


@pytest.mark.slow
def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    airline = load_airline()
    pd.DataFrame({"month": airline.index, "units": airline}).to_csv("sales.csv", index=False)
    days = pd.bdate_range("2024-01-01", periods=100).delete([30, 61])
    close = 100 + RNG.normal(size=len(days)).cumsum()
    pd.DataFrame({"date": days, "close": close}).to_csv("stocks.csv", index=False)
    commands = [
        shlex.split(line, comments=True)
        for block in blocks("text")
        for line in block.splitlines()
        if line.startswith("forecaster ")
    ]
    assert len(commands) >= 6
    for _, *words in commands:
        assert main(words) == 0, words
    assert not capsys.readouterr().err
    assert len(pd.read_csv("forecasts.csv")) == 12

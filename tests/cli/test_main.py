"""The frame of the command: warnings, errors, and ``python -m``."""

import subprocess
import sys
import warnings
from functools import partial

import pytest

from forecaster import ElmanForecaster, __version__
from forecaster.cli import commands, main
from forecaster.exceptions import SkillWarning
from tests.cli.common import fail, months, write


def test_warnings_are_one_plain_line(capsys, here, monkeypatch):
    class Doubtful(ElmanForecaster):
        def fit(self, X, y=None):
            super().fit(X, y)
            warnings.warn("worse than\nnaive.", SkillWarning, stacklevel=2)
            return self

    small = partial(Doubtful, max_steps=5)
    monkeypatch.setitem(commands.CELLS, "elman", ("Elman network", small))
    assert main(["forecast", write(months()), "--horizon", "2", "--no-backtest"]) == 0
    assert capsys.readouterr().err == "forecaster: warning: worse than naive.\n"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["forecast", "none.csv", "--horizon", "2", "--debug"], "cannot read none.csv: No such"),
        (["--debug", "forecast", "none.csv", "--horizon", "2"], "cannot read none.csv: No such"),
        (["backtest", "--example", "tea", "--debug"], "invalid choice: 'tea'"),
    ],
)
def test_debug_shows_the_traceback(capsys, here, argv, sentence):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):\n")
    assert sentence in err.splitlines()[-1]
    assert "forecaster: error: " not in err
    assert sentence in fail(capsys, *(word for word in argv if word != "--debug"))


def test_python_m_forecaster():
    done = subprocess.run(
        [sys.executable, "-m", "forecaster", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"forecaster {__version__}\n", "")

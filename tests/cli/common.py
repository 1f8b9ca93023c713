"""Data for the command, and ways to run it."""

import numpy as np
import pandas as pd

from forecaster.cli import main


def months(n=40, name="ds"):
    times = pd.Series(pd.date_range("2015-01-01", periods=n, freq="MS").strftime("%Y-%m-%d"))
    values = 100 + np.arange(n) + 10 * np.sin(np.arange(n) * np.pi / 6)
    return pd.DataFrame({name: times, "y": values.round(2)})


def shops():
    frames = [months(40 - i).assign(shop=f"00{i}") for i in range(3)]
    return pd.concat(frames)[["shop", "ds", "y"]]


def write(frame, name="data.csv"):
    frame.to_csv(name, index=False)
    return name


def succeed(capsys, *argv):
    """What a run prints that must go well, and say nothing on stderr."""
    assert main([str(word) for word in argv]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def fail(capsys, *argv):
    """The sentence of a run that must end with an error."""
    assert main([str(word) for word in argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith("forecaster: error: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    return err


def quick(capsys, *argv):
    return succeed(capsys, "forecast", *argv, "--horizon", 2, "--no-backtest")

"""``forecaster backtest``: what it prints and writes."""

import pandas as pd
import pytest

from tests.cli.common import fail, months, shops, succeed, write


def test_a_backtest_compares_all_and_writes_all(capsys, here):
    pytest.importorskip("matplotlib")
    out = succeed(
        capsys, *["backtest", write(months(60)), "--horizon", 2, "--windows", 3],
        *["--step", 1, "--output", "out.csv", "--plot", "out.pdf"],
    )  # fmt: skip
    assert "In 3 rolling windows" in out
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if "MASE" in line)
    assert " ".join(lines[start].split()) == "MAE RMSE sMAPE MASE in 80 % in 95 %"
    names = [line[:14].strip() for line in lines[start + 1 : start + 5]]
    assert names == ["Elman network", "seasonal naive", "naive", "drift"]
    frame = pd.read_csv("out.csv")
    assert len(frame) == 4 * 3 * 2
    assert frame["cutoff"].unique().tolist() == ["2019-08-01", "2019-09-01", "2019-10-01"]
    assert (here / "out.pdf").read_bytes().startswith(b"%PDF")


def test_a_backtest_takes_what_fits(capsys, here):
    out = succeed(capsys, "backtest", write(months(13)), "--horizon", 2, "--season", 1)
    assert "In 4 rolling windows" in out
    assert "in 80 %" in out
    out = succeed(capsys, "backtest", write(months(9)), "--horizon", 2, "--season", 1)
    assert "In 4 rolling windows" in out
    assert "in 80 %" not in out  # too short for intervals
    argv = ["backtest", write(months(13)), "--horizon", 2, "--season", 1, "--windows", 5]
    out = succeed(capsys, *argv)
    assert "In 5 rolling windows" in out
    assert "in 80 %" not in out
    message = fail(capsys, "backtest", write(months(9)), "--horizon", 2, "--windows", 20)
    assert "needs a series of 25 rows, got 9: take fewer windows" in message
    message = fail(capsys, "backtest", write(months(9)), "--horizon", 2, "--level", 80)
    assert "needs a series of 10 rows, got 9" in message


def test_a_backtest_of_a_panel(capsys, here):
    out = succeed(capsys, "backtest", write(shops()), "--id", "shop", "--horizon", 1)
    assert "seasonal naive" in out

"""Arguments that are refused, and the help."""

import pytest

from forecaster.cli import main
from tests.cli.common import fail, succeed


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["forecast", "--horizon", "2"], "of the arguments FILE --example --model is required"),
        (["backtest", "--horizon", "2"], "one of the arguments FILE --example is required"),
        (["forecast", "a.csv", "--example", "beer", "--horizon", "2"], "not allowed with"),
        (["forecast", "a.csv", "--model", "a.npz", "--horizon", "2"], "not allowed with"),
        (["forecast", "--model", "a.npz"], "required: --horizon"),
        (["backtest", "--model", "a.npz", "--horizon", "2"], "unrecognized arguments: --model"),
        (["forecast", "--example", "beer"], "required: --horizon"),
        (["forecast", "--example", "beer", "--horizon", "0"], "at least 1, got '0'"),
        (["forecast", "--example", "beer", "--horizon", "x"], "at least 1, got 'x'"),
        (["forecast", "--example", "beer", "--horizon", "2", "--seed", "-1"], "at least 0"),
        (["forecast", "--example", "beer", "--horizon", "2", "--level", "80", "101"], "'101'"),
        (["forecast", "--example", "beer", "--horizon", "2", "--level", "0.8"], "you mean 80?"),
        (["forecast", "--horizon", "2", "--level", "80", "95", "ok.csv"], "before --level"),
        (["forecast", "--example", "beer", "--horizon", "2", "--level", "high"], "'high'"),
        (["backtest", "--example", "beer", "--horizon", "2", "--windows", "0"], "got '0'"),
        (["backtest", "--example", "beer", "--horizon", "2", "--cell", "rnn"], "choice: 'rnn'"),
        (["forecast", "--example", "tea", "--horizon", "2"], "invalid choice: 'tea'"),
    ],
)
def test_bad_arguments(capsys, argv, message):
    sentence = fail(capsys, *argv)
    assert message in sentence
    assert "--help`)" in sentence


def test_help_teaches(capsys):
    assert "commands:" in succeed(capsys)
    for argv in (["--help"], ["forecast", "--help"], ["backtest", "-h"], ["info", "-h"]):
        with pytest.raises(SystemExit) as end:
            main(argv)
        assert end.value.code == 0
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 80
        assert "--debug" in text
        if argv[0] in {"forecast", "backtest"}:
            assert "examples:" in text
            assert "(default: 80 95)" in text
            assert "--cell {elman,gru,lstm,jordan,elman-jordan}" in text

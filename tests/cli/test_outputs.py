"""What cannot be written is refused before the work begins."""

import sys

import pytest

from forecaster.cli import commands
from tests.cli.common import fail, months, write


def test_where_nothing_can_be_written_no_work_is_done(capsys, here, monkeypatch):
    def work(*args, **kwargs):
        raise AssertionError("the work began")

    monkeypatch.setitem(commands.CELLS, "elman", ("Elman network", work))
    data = write(months())
    (here / "folder.csv").mkdir()
    for argv, message in [
        (["--output", "none/out.csv"], "cannot write none/out.csv: No such file or directory"),
        (["--plot", "none/out.png"], "cannot write none/out.png"),
        (["--save", "none/model"], "cannot write none/model"),
        (["--output", "folder.csv"], "cannot write folder.csv"),
        (["--output", "out.xlsx"], "expected a name that ends with .csv or .parquet"),
        (["--plot", "out.jpeg"], "expected a name that ends with .png, .svg or .pdf"),
        (["--output", data], "would overwrite the data"),
        (["--output", "a.csv", "--save", "./a.csv"], "--save a.csv would overwrite --output"),
    ]:
        assert message in fail(capsys, "forecast", data, "--horizon", 2, *argv)
    assert {path.name for path in here.iterdir()} == {"data.csv", "folder.csv"}


@pytest.mark.parametrize(
    ("module", "option", "extra"),
    [
        ("matplotlib", ["--plot", "a.png"], "plot"),
        ("pyarrow", ["--output", "a.parquet"], "parquet"),
    ],
)
def test_missing_extras(capsys, here, monkeypatch, module, option, extra):
    monkeypatch.setitem(sys.modules, module, None)
    message = fail(capsys, "forecast", write(months()), "--horizon", 2, *option)
    assert f"needs {module}: install it with `pip install 'forecaster[{extra}]'`" in message


def test_what_is_there_is_not_touched_by_the_check(capsys, here):
    (here / "out.csv").write_text("precious")
    fail(capsys, "forecast", write(months()[:2]), "--horizon", 2, "--output", "out.csv")
    assert (here / "out.csv").read_text() == "precious"

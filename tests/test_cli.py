"""The command: what it prints and writes, and the one sentence for everything that is wrong."""

import subprocess
import sys
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster, __version__
from forecaster.cli import commands, main, printing
from forecaster.cli.seasons import choose_season
from forecaster.data import load_airline, read
from forecaster.exceptions import SkillWarning


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    small = partial(ElmanForecaster, n_estimators=1, max_steps=20, n_jobs=1)
    monkeypatch.setattr(commands, "ElmanForecaster", small)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


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


# Forecasts


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
    quick(capsys, "--example", "airline", "--output", "out.csv", "--save", "model.joblib")
    model = ElmanForecaster(2, 12, n_estimators=1, max_steps=20, random_state=0).fit(load_airline())
    expected = model.predict(level=[80, 95])
    got = pd.read_csv("out.csv", index_col="ds", parse_dates=True)
    pd.testing.assert_frame_equal(
        got, expected, check_index_type=False, check_freq=False, check_names=False
    )
    pd.testing.assert_frame_equal(joblib.load("model.joblib").predict(level=[80, 95]), expected)


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


def test_the_comparison_is_honest():
    summary = pd.DataFrame({"mae": [3.0, 2.0]}, index=["Elman", "naive"])
    assert printing.verdict(summary, "Elman", "1 window") == (
        "In 1 window the mean absolute error was 1.50 times the naive forecast's (3.00 against "
        "2.00): prefer the naive forecast here."
    )
    summary["mae"] = [0.41, 1000.0]
    assert printing.verdict(summary, "Elman", "6 rolling windows") == (
        "In 6 rolling windows the mean absolute error was 0.00 of the naive forecast's (0.4 "
        "against 1000.0)."
    )
    summary["mae"] = [0.125, 0.0]
    assert "was exact; the mean absolute error of the Elman was 0.12." in printing.verdict(
        summary, "Elman", "1 window"
    )


def test_short_data_are_compared_in_fewer_windows_or_not_at_all(capsys, here):
    data = write(months(9))
    out = succeed(capsys, "forecast", data, "--horizon", 2)
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


def test_warnings_are_one_plain_line(capsys, here, monkeypatch):
    class Doubtful(ElmanForecaster):
        def fit(self, X, y=None):
            super().fit(X, y)
            import warnings

            warnings.warn("worse than\nnaive.", SkillWarning, stacklevel=2)
            return self

    monkeypatch.setattr(commands, "ElmanForecaster", partial(Doubtful, max_steps=5))
    assert main(["forecast", write(months()), "--horizon", "2", "--no-backtest"]) == 0
    assert capsys.readouterr().err == "forecaster: warning: worse than naive.\n"


# Backtests


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


# Reading


def test_the_columns_are_found_or_named(capsys, here):
    frame = months(name="Date").assign(note="x")
    assert "rows of y, from 2015-01-01" in quick(capsys, write(frame))
    frame = months(name="when").assign(z=1.0)
    out = quick(capsys, write(frame), "--target", "y", "--time", "when")
    assert "rows of y, from 2015-01-01" in out
    frame = shops().rename(columns={"shop": "unique_id"})
    assert "3 series" in quick(capsys, write(frame))
    frame = months().rename(columns={"ds": "x", "y": "time"}).drop(columns="x")
    assert "rows of time, numbered" in quick(capsys, write(frame), "--target", "time")


def test_integers_stay_integers_and_rows_are_numbered(capsys, here):
    years = months(20).assign(ds=range(1990, 2010))
    out = quick(capsys, write(years), "--output", "out.csv")
    assert "from 1990 to 2009; season 1" in out
    assert pd.read_csv("out.csv")["ds"].tolist() == [2010, 2011]
    out = quick(capsys, write(months(20)[["y"]]))
    assert "20 rows of y, numbered, as no column tells the time; season 1" in out
    assert out.splitlines()[3].split()[0] == "20"
    out = quick(capsys, write(shops()[["shop", "y"]]), "--id", "shop", "--output", "out.csv")
    assert pd.read_csv("out.csv")["ds"].tolist() == [40, 41, 39, 40, 38, 39]


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (["2020-01", "2020-02", "2020-03", "2020-04", "2020-05", "2020-06"], "2020-07-01"),
        (["15.01.2020", "16.01.2020", "17.01.2020", "18.01.2020", "19.01.2020"], "2020-01-20"),
        (["01/15/2020", "01/16/2020", "01/17/2020", "01/18/2020", "01/19/2020"], "2020-01-20"),
        ([f"Jan {d}, 2020" for d in range(1, 6)], "2020-01-06"),
        ([f"2020-01-01 {h:02}:30" for h in range(6)], "2020-01-01 06:30"),
        ([f"2020-01-01T{h:02}:00:00+02:00" for h in range(6)], "2020-01-01 06:00"),
        ([f"2020-01-01 00:00:{s:02}" for s in range(6)], "2020-01-01 00:00:06"),
        (["2020-03-29T01:00+01:00", "2020-03-29T03:00+02:00", "2020-03-29T04:00+02:00",
          "2020-03-29T05:00+02:00", "2020-03-29T06:00+02:00"], "2020-03-29 05:00"),
    ],
)  # fmt: skip
def test_times_are_read(capsys, here, texts, last):
    frame = pd.DataFrame({"ds": texts, "y": np.arange(1.0, len(texts) + 1)})
    assert f"\n{last}   " in quick(capsys, write(frame), "--season", 1)


def test_parquet_goes_in_and_out(capsys, here):
    pytest.importorskip("pyarrow")
    y = months().assign(ds=lambda frame: pd.to_datetime(frame["ds"]))
    y.set_index("ds").to_parquet("index.parquet")
    y.set_index("ds").rename_axis(None).to_parquet("unnamed.parquet")
    y.assign(ds=y["ds"].dt.to_period("M")).to_parquet("periods.parquet")
    y.assign(y=y["y"].astype(str)).to_parquet("text.parquet")
    for name in ["index", "unnamed", "periods", "text"]:
        out = quick(capsys, f"{name}.parquet", "--output", "out.parquet", "--target", "y")
        assert "to 2018-04" in out
        assert "season 12" in out
        assert str(pd.read_parquet("out.parquet")["ds"].iloc[0]).startswith("2018-05")


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
    for example, season in [("airline", 12), ("beer", 4), ("sunspots", 132)]:
        assert f"season {season} (" in quick(capsys, "--example", example)


# What is wrong with the data


def changed(change):
    def make():
        frame = months()
        return change(frame)

    return make


def replaced(column, row, value):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return changed(change)


BAD_DATA = {
    "a gap": (changed(lambda f: f.drop(index=7)), "there is none for 2015-08-01 in the rows"),
    "unsorted": (changed(lambda f: f[::-1]), "2018-03-01 comes after 2018-04-01"),
    "twice": (changed(lambda f: f.loc[[0, 1, 1, 2, 3]]), "2015-02-01 is there twice"),
    "text": (replaced("y", 3, "abc"), "should hold numbers, but row 4 has 'abc'"),
    "a missing number": (replaced("y", 3, ""), "got NaN at 2015-04-01 (1 of 40 values)"),
    "booleans": (changed(lambda f: f.assign(y=True)), "row 1 has 'True'"),
    "no such day": (replaced("ds", 3, "2015-13-45"), "cannot read '2015-13-45' in row 4"),
    "no time": (replaced("ds", 3, ""), "the column 'ds' has no time in row 4"),
    "only one row": (changed(lambda f: f[:1]), "needs a series of at least 4 points, got 1"),
    "no rows": (changed(lambda f: f[:0]), "there are no rows"),
    "two numbers": (changed(lambda f: f.assign(z=1.0)), "by --target; those left are: y, z"),
    "none": (changed(lambda f: f[["ds"]]), "by --target; those left are: none"),
    "dates of two readings": (
        changed(lambda f: f.assign(ds=[f"01/{i % 12 + 1:02}/2020" for i in range(len(f))])),
        "'01/02/2020' in row 2 of the column 'ds' may be 2020-01-02 or 2020-02-01",
    ),
}


@pytest.mark.parametrize("what", BAD_DATA)
def test_bad_data(capsys, here, what):
    make, message = BAD_DATA[what]
    sentence = fail(capsys, "forecast", write(make()), "--horizon", 2)
    assert message in sentence
    assert "`" not in sentence  # no Python advice


def test_in_a_panel_the_series_is_named(capsys, here):
    data = write(shops().drop_duplicates().iloc[[*range(50), *range(51, 117)]])
    message = fail(capsys, "forecast", data, "--id", "shop", "--horizon", 2)
    assert "there is none for 2015-11-01 in the rows of series '001'" in message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "empty.csv is empty"),
        ("semicolons.csv", b"ds;y\n2020-01-01;1\n", "separate the columns by commas"),
        ("latin.csv", b"ds,y\n2020-01-01,\xe4\n", "latin.csv is not UTF-8 text"),
        ("long.csv", b"ds,y\n2020,1\n2021,2,3\n", "Expected 2 fields in line 3, saw 3"),
        ("longer.csv", b"ds,y\n2020,1,3\n2021,2,3\n", "cannot read longer.csv as csv: Length of"),
        ("broken.parquet", b"no parquet", "cannot read broken.parquet as parquet"),
        ("sheet.xlsx", b"", "expected a file whose name ends with .csv or .parquet"),
    ],
)
def test_files_that_cannot_be_read(capsys, here, name, content, message):
    (here / name).write_bytes(content)
    assert message in fail(capsys, "forecast", name, "--horizon", 2)


def test_no_such_file(capsys, here):
    message = fail(capsys, "forecast", "nothing.csv", "--horizon", 2)
    assert "cannot read nothing.csv: No such file or directory" in message
    (here / "folder.csv").mkdir()
    assert "cannot read folder.csv" in fail(capsys, "forecast", "folder.csv", "--horizon", 2)


@pytest.mark.parametrize("part", ["target", "time", "id"])
def test_missing_columns(capsys, here, part):
    message = fail(capsys, "forecast", write(months()), "--horizon", 2, f"--{part}", "z")
    assert f"--{part}: there is no column 'z'; the columns are: ds, y" in message
    message = fail(capsys, "forecast", "--example", "beer", "--horizon", 2, f"--{part}", "z")
    assert f"--{part} names a column of a file" in message


def test_one_column_has_one_part(capsys, here):
    data = write(months())
    message = fail(capsys, "forecast", data, "--horizon", 2, "--time", "y", "--target", "y")
    assert "the column 'y' cannot play two parts" in message


# What is wrong with the arguments


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["forecast", "--horizon", "2"], "one of the arguments FILE --example is required"),
        (["forecast", "a.csv", "--example", "beer", "--horizon", "2"], "not allowed with"),
        (["forecast", "--example", "beer"], "required: --horizon"),
        (["forecast", "--example", "beer", "--horizon", "0"], "at least 1, got '0'"),
        (["forecast", "--example", "beer", "--horizon", "x"], "at least 1, got 'x'"),
        (["forecast", "--example", "beer", "--horizon", "2", "--seed", "-1"], "at least 0"),
        (["forecast", "--example", "beer", "--horizon", "2", "--level", "0.8", "101"], "'101'"),
        (["forecast", "--example", "beer", "--horizon", "2", "--level", "high"], "'high'"),
        (["backtest", "--example", "beer", "--horizon", "2", "--windows", "0"], "got '0'"),
        (["forecast", "--example", "tea", "--horizon", "2"], "invalid choice: 'tea'"),
    ],
)
def test_bad_arguments(capsys, argv, message):
    sentence = fail(capsys, *argv)
    assert message in sentence
    assert "--help`)" in sentence


def test_where_nothing_can_be_written_no_work_is_done(capsys, here, monkeypatch):
    def work(*args, **kwargs):
        raise AssertionError("the work began")

    monkeypatch.setattr(commands, "ElmanForecaster", work)
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
    assert f"need {module}: install it with `pip install 'forecaster[{extra}]'`" in message


def test_parquet_cannot_be_read_without_pyarrow(capsys, here, monkeypatch):
    (here / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = fail(capsys, "forecast", "a.parquet", "--horizon", 2)
    assert "pip install 'forecaster[parquet]'" in message


def test_what_is_there_is_not_touched_by_the_check(capsys, here):
    (here / "out.csv").write_text("precious")
    fail(capsys, "forecast", write(months()[:2]), "--horizon", 2, "--output", "out.csv")
    assert (here / "out.csv").read_text() == "precious"


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


# The rest


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


def test_info(capsys):
    out = succeed(capsys, "info")
    for name in ["forecaster", "Python", "numba", "numpy", "scipy", "pandas", "scikit-learn"]:
        assert f"\n{name} " in f"\n{out}"
    rows = dict(line.split("   ", 1) for line in out.splitlines())
    assert {"CPU", "threads", "BLAS", "compiled code"} <= {name.strip() for name in rows}
    assert rows["forecaster   ".strip()].strip() == __version__


def test_numbers_have_a_sensible_number_of_digits():
    def table(mean, half):
        frame = pd.DataFrame({"mean": [mean], "lo-80": [mean - half], "hi-80": [mean + half]})
        return printing.forecast_table(frame, "ds").splitlines()[1].split()[1:]

    assert table(448.917, 20.0) == ["448.9", "428.9", "to", "468.9"]
    assert table(123456.7, 20.0) == ["123457", "123437", "to", "123477"]
    assert table(1000.0, 0.01) == ["1000.000", "999.990", "to", "1000.010"]
    assert table(0.0123456, 0.001) == ["0.01235", "0.01135", "to", "0.01335"]
    assert table(0.0, 0.0) == ["0.000", "0.000", "to", "0.000"]
    assert printing.alike([15.2, 39.51]) == ["15.2", "39.5"]
    assert printing.alike([3.2, 12.25]) == ["3.20", "12.25"]
    assert printing.alike([0.0, 20000.0]) == ["0", "20000"]


def test_python_m_forecaster():
    done = subprocess.run(
        [sys.executable, "-m", "forecaster", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"forecaster {__version__}\n", "")

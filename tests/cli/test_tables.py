"""Files that are read, and the sentence for each that cannot be."""

import sys

import numpy as np
import pandas as pd
import pytest

from tests.cli.common import fail, months, quick, shops, succeed, write


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


def test_an_index_without_a_name_is_the_time_or_what_filtering_left(capsys, here):
    pytest.importorskip("pyarrow")
    y = months().assign(ds=lambda frame: pd.to_datetime(frame["ds"]))
    pd.concat([y.assign(unique_id=name) for name in "ab"]).to_parquet("joined.parquet")
    y.rename(columns={"ds": "month"}).set_axis(y.index * 7 % 40).to_parquet("shuffled.parquet")
    y.rename(columns={"ds": "Date"}).set_axis(y.index.to_list()).to_parquet("filtered.parquet")
    for name, options in [("joined", []), ("shuffled", ["--time", "month"]), ("filtered", [])]:
        out = quick(capsys, f"{name}.parquet", *options)
        assert "rows of y, from 2015-01-01 to 2018-04-01; season 12" in out


def test_ids_are_text_as_it_stands(capsys, here):
    """Leading zeros and the country NA, whatever the case of the column's name."""
    frame = shops().rename(columns={"shop": "Unique_ID"})
    frame["Unique_ID"] = frame["Unique_ID"].replace({"000": "NA", "001": "01", "002": "1"})
    quick(capsys, write(frame), "--output", "out.csv")
    written = pd.read_csv("out.csv", dtype=str, keep_default_na=False)
    assert written["Unique_ID"].unique().tolist() == ["NA", "01", "1"]
    frame.iloc[50, 0] = ""
    message = fail(capsys, "forecast", write(frame), "--horizon", 2)
    assert "Every row needs an id; row 50 has none in column 'Unique_ID'" in message


def test_a_column_without_values_is_no_candidate(capsys, here):
    frame = months().assign(**{"Unnamed: 2": np.nan})
    assert "rows of y, from 2015-01-01" in quick(capsys, write(frame))


def test_a_target_may_be_called_ds(capsys, here):
    frame = pd.DataFrame({"ds": months()["y"], "shop": "a"})
    out = quick(capsys, write(frame), "--target", "ds", "--id", "shop", "--output", "out.csv")
    assert "40 rows of ds, numbered, as no column tells the time" in out
    assert list(pd.read_csv("out.csv"))[:3] == ["shop", "row", "mean"]
    assert "40 rows of ds, numbered" in quick(capsys, write(frame[["ds"]]), "--target", "ds")


@pytest.mark.parametrize("part", ["id", "time"])
@pytest.mark.parametrize("name", ["mean", "lo-80", "hi-99.5"])
def test_names_that_forecasts_have(capsys, here, part, name):
    frame = shops().rename(columns={{"id": "shop", "time": "ds"}[part]: name})
    message = fail(
        capsys, "forecast", write(frame), "--horizon", 2, "--target", "y", f"--{part}", name
    )
    assert f"the column {name!r} is called like one of the forecasts: rename it" in message


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
    "no days": (
        changed(lambda f: f.assign(ds=[f"{9 + i // 4}:{i % 4 * 15:02}" for i in range(40)])),
        "the column 'ds' holds times of a day, such as 9:00, without their date",
    ),
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
        ("longer.csv", b"ds,y\n2020,1,3\n2021,2,3\n", "more values than the first line names"),
        ("comment.csv", b"# mine\nds,y\n2020,1\n", "more values than the first line names columns"),
        ("twice.csv", b"ds,y, y\n2020,1,2\n", "there are two columns 'y': rename one"),
        (
            "bare.csv",
            b"2020-01-01,-5\n2020-01-02,6\n",
            "name the columns, but holds 2020-01-01, -5",
        ),
        ("broken.parquet", b"no parquet", "cannot read broken.parquet as parquet"),
        ("sheet.xlsx", b"", "expected a file whose name ends with .csv or .parquet"),
    ],
)
def test_files_that_cannot_be_read(capsys, here, name, content, message):
    (here / name).write_bytes(content)
    assert message in fail(capsys, "forecast", name, "--horizon", 2)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_files_that_are_not_there(capsys, here, name):
    message = fail(capsys, "forecast", name, "--horizon", 2)
    assert f"cannot read {name}: No such file or directory" in message


@pytest.mark.parametrize("order", ["shop", "ds"])
def test_several_series_without_an_id(capsys, here, order):
    data = write(shops().sort_values([order, "ds"]).assign(price=range(len(shops()))))
    message = fail(capsys, "forecast", data, "--horizon", 2, "--target", "y")
    assert "name the column that tells these apart by --id, such as shop" in message


def test_times_by_another_name_tell_several_series_without_an_id(capsys, here):
    quarters = [f"{year}Q{q}" for year in (2020, 2021) for q in (1, 2, 3, 4)]
    frame = pd.DataFrame({"when": 2 * quarters, "shop": ["a"] * 8 + ["b"] * 8, "y": range(16)})
    message = fail(capsys, "forecast", write(frame), "--horizon", 2)
    assert "times come more than once in when" in message
    assert "by --id, such as shop" in message


@pytest.mark.parametrize("others", [{"heat": np.arange(41) % 7}, {"lists": [[1]] * 41}], ids=str)
def test_a_row_that_is_there_twice_is_no_second_series(capsys, here, others):
    pytest.importorskip("pyarrow")
    frame = months().iloc[[*range(9), 8, *range(9, 40)]].reset_index(drop=True).assign(**others)
    frame.to_parquet("twice.parquet")
    message = fail(capsys, "forecast", "twice.parquet", "--horizon", 2, "--target", "y")
    assert "2015-09-01 is there twice" in message


def test_ids_that_cannot_tell_series_apart(capsys, here):
    pytest.importorskip("pyarrow")
    months().assign(ds=range(40), shop=[["a"]] * 40).to_parquet("lists.parquet")
    argv = ["forecast", "lists.parquet", "--horizon", 2, "--id", "shop", "--target", "y"]
    assert "ids in column 'shop' must be hashable" in fail(capsys, *argv)


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
    assert f"--{part} is about the columns of a file" in message


def test_one_column_has_one_part(capsys, here):
    data = write(months())
    message = fail(capsys, "forecast", data, "--horizon", 2, "--time", "y", "--target", "y")
    assert "the column 'y' cannot play two parts" in message


def test_parquet_cannot_be_read_without_pyarrow(capsys, here, monkeypatch):
    (here / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = fail(capsys, "forecast", "a.parquet", "--horizon", 2)
    assert "pip install 'forecaster[parquet]'" in message


def stocks():
    days = pd.bdate_range("2024-01-01", periods=60).delete([3, 30])
    return pd.DataFrame({"date": days, "close": 100 + np.arange(58) % 7})


def test_business_days_with_holidays(capsys, here):
    """What a share is worth, day by day."""
    file = write(stocks())
    sentence = fail(capsys, "forecast", file, "--horizon", 2)
    assert "here 'B'; there is none for 2024-01-04" in sentence
    assert sentence.endswith("name it by --freq (C: business days with holidays).\n")
    quick(capsys, file, "--freq", "C", "--output", "out.csv", "--plot", "out.png")
    assert pd.read_csv("out.csv")["date"].tolist() == ["2024-03-25", "2024-03-26"]
    printed = quick(capsys, file, "--freq", "C", "--save", "m.npz")
    assert "season 5 (from the frequency 'C')" in printed
    quick(capsys, "--model", "m.npz", "--plot", "again.png")
    printed = succeed(capsys, "backtest", file, "--horizon", 2, "--freq", "C", "--windows", 1)
    assert "In 1 window" in printed


def test_the_step_of_several_series(capsys, here):
    both = pd.concat([stocks().assign(unique_id=name) for name in "ab"])
    quick(capsys, write(both), "--freq", "C", "--output", "out.csv")
    assert pd.read_csv("out.csv")["date"].tolist() == 2 * ["2024-03-25", "2024-03-26"]


def test_the_step_of_numbered_rows(capsys, here):
    file = write(pd.DataFrame({"ds": range(0, 200, 5), "y": np.arange(40) % 7}))
    quick(capsys, file, "--freq", "5", "--output", "out.csv")
    assert pd.read_csv("out.csv")["ds"].tolist() == [200, 205]
    assert "5 stands where 10 would" in fail(
        capsys, "forecast", file, "--horizon", 2, "--freq", "10"
    )


@pytest.mark.parametrize(
    ("freq", "message"),
    [
        ("?", "freq is a pandas frequency that steps forwards"),
        ("MS", "stands where 2024-02-01 would"),
        ("7", "The frequency 7 does not go with labels such as 2024-01-01"),
    ],
)
def test_a_step_that_does_not_fit(capsys, here, freq, message):
    assert message in fail(capsys, "forecast", write(stocks()), "--horizon", 2, "--freq", freq)


def test_the_step_of_an_example_is_known(capsys):
    sentence = fail(capsys, "forecast", "--example", "beer", "--horizon", 2, "--freq", "QS")
    assert "--freq is about the columns of a file; --example needs none" in sentence

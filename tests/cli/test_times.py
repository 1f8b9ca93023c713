"""How times are written in files, and in which column they are found."""

import datetime

import numpy as np
import pandas as pd
import pytest

from tests.cli.common import fail, months, quick, shops, write


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (["2020-01", "2020-02", "2020-03", "2020-04", "2020-05", "2020-06"], "2020-07-01"),
        (["15.01.2020", "16.01.2020", "17.01.2020", "18.01.2020", "19.01.2020"], "2020-01-20"),
        (["01/15/2020", "01/16/2020", "01/17/2020", "01/18/2020", "01/19/2020"], "2020-01-20"),
        ([f"Jan {d}, 2020" for d in range(1, 6)], "2020-01-06"),
        ([f"2020-01-01 {h:02}:30" for h in range(6)], "2020-01-01 06:30"),
        ([f"2020-01-01T{h:02}:00:00+02:00" for h in range(6)], "2020-01-01 06:00 UTC+02:00"),
        ([f"2020-01-01 00:00:{s:02}" for s in range(6)], "2020-01-01 00:00:06"),
        (["2020-03-29T01:00+01:00", "2020-03-29T03:00+02:00", "2020-03-29T04:00+02:00",
          "2020-03-29T05:00+02:00", "2020-03-29T06:00+02:00"], "2020-03-29 05:00 UTC"),
        (["2020-03-28T00:00+01:00", "2020-03-29T00:00+01:00", "2020-03-30T00:00+02:00",
          "2020-03-31T00:00+02:00"], "2020-04-01"),
        (["2020-03-28T00:00+01", "2020-03-29T00:00+01", "2020-03-30T00:00+02",
          "2020-03-31T00:00+02"], "2020-04-01"),
    ],
)  # fmt: skip
def test_times_are_read(capsys, here, texts, last):
    frame = pd.DataFrame({"ds": texts, "y": np.arange(1.0, len(texts) + 1)})
    assert f"\n{last}   " in quick(capsys, write(frame), "--season", 1)


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        ([f"{year}Q{q}" for year in (2020, 2021) for q in (1, 2, 3, 4)], "2022Q1"),
        ([f"{year}-Q{q}" for year in (2020, 2021) for q in (1, 2, 3, 4)], "2022Q1"),
        ([f"2020-W{week:02}" for week in range(48, 54)], "2021-01-04"),
        (
            pd.period_range("2020-01-01", periods=6, freq="W-WED").astype(str).tolist(),
            "2020-02-06/2020-02-12",
        ),
    ],
)
def test_quarters_and_weeks_are_found_whatever_they_are_called(capsys, here, texts, last):
    frame = months(len(texts)).rename(columns={"ds": "when"}).assign(when=texts)
    quick(capsys, write(frame), "--horizon", 1, "--output", "out.csv")
    assert pd.read_csv("out.csv")["when"].tolist()[0] == last


@pytest.mark.parametrize(
    "texts",
    [
        ["2020-W50", "2020-W51", "2020-W52", "2020-W60"],
        [f"2020-01-{day:02}/2020-01-{day + 5:02}" for day in (1, 7, 13, 19)],
    ],
)
def test_what_is_no_week_is_no_time(capsys, here, texts):
    data = write(months(4).assign(ds=texts))
    assert "cannot read '2020-" in fail(capsys, "forecast", data, "--horizon", 1)


def test_dates_may_be_written_in_digits(capsys, here):
    days = pd.date_range("2024-01-20", periods=40)
    frame = pd.DataFrame({"ds": days.strftime("%Y%m%d"), "y": np.arange(40.0)})
    assert "from 2024-01-20 to 2024-02-28; season 7" in quick(capsys, write(frame))
    frame["ds"] = pd.date_range("2024-01-01", periods=40, freq="MS").strftime("%Y%m")
    assert "from 2024-01-01 to 2027-04-01; season 12" in quick(capsys, write(frame))
    for numbers in (np.arange(40) + 20240101, np.arange(40) + 190001):  # no such days, months
        out = quick(capsys, write(frame.assign(ds=numbers)))
        assert f"from {numbers[0]} to {numbers[-1]}; season 1" in out


def test_text_in_categories_is_read_as_time(capsys, here):
    pytest.importorskip("pyarrow")
    months().astype({"ds": "category"}).to_parquet("categories.parquet")
    assert "from 2015-01-01 to 2018-04-01" in quick(capsys, "categories.parquet")


@pytest.mark.parametrize(
    "clock",
    ["9:00", "09:00:30.5", "T09:00", "09:00+02:00", "09:00Z", "9:00 UTC", "9 AM", "9:30 pm", "9h"],
)
def test_clocks_without_days(capsys, here, clock):
    frame = months(8)
    frame.loc[3, "ds"] = clock
    message = fail(capsys, "forecast", write(frame), "--horizon", 2, "--time", "ds")
    assert f"holds times of a day, such as {clock}, without their date" in message


def test_clocks_without_days_in_parquet(capsys, here):
    pytest.importorskip("pyarrow")
    months(24).assign(ds=[datetime.time(hour) for hour in range(24)]).to_parquet("day.parquet")
    message = fail(capsys, "forecast", "day.parquet", "--horizon", 2)
    assert "holds times of a day, such as 00:00:00, without their date" in message


@pytest.mark.parametrize("name", ["month", "Unnamed: 0"])
def test_the_only_column_of_times_is_found_whatever_its_name(capsys, here, name):
    times = pd.date_range("2020-01", periods=40, freq="MS").strftime("%Y-%m-%d")
    out = quick(capsys, write(pd.DataFrame({name: times, "y": np.arange(40.0)})))
    assert "40 rows of y, from 2020-01-01 to 2023-04-01" in out


def test_dates_are_taken_before_quarters(capsys, here):
    frame = months(24).rename(columns={"ds": "start"})
    quarters = [f"{year}q{q}" for year in range(2015, 2021) for q in (1, 2, 3, 4)]
    assert "from 2015-01-01" in quick(capsys, write(frame.assign(quarter=quarters)))
    data = write(frame.assign(start=quarters))
    assert "from 2015Q1 to 2020Q4; season 4" in quick(capsys, data)
    assert "from 2015-01-01 to 2020-10-01" in quick(capsys, data, "--freq", "QS", "--time", "start")


def test_of_several_columns_of_times_one_is_to_be_named(capsys, here):
    days = pd.date_range("2020-01-01", periods=40).strftime("%Y-%m-%d")
    path = write(pd.DataFrame({"sold": days, "paid": days, "y": np.arange(40.0)}))
    assert "--time, one of: sold, paid" in fail(capsys, "forecast", path, "--horizon", 2)
    assert "40 rows of y, from 2020-01-01" in quick(capsys, path, "--time", "sold")


@pytest.mark.parametrize(
    "text",
    [
        [f"2000-{k:04}" for k in range(40)],
        [f"{4000 + k}-3" for k in range(40)],
        ["2019-05-01"] * 40,
        ["2019-05-01", *[""] * 39],
    ],
    ids=["codes", "articles", "the same date", "dates for some"],
)
def test_text_that_does_not_tell_the_time_is_not_taken_for_it(capsys, here, text):
    out = quick(capsys, write(pd.DataFrame({"what": text, "y": np.arange(40.0)})))
    assert "numbered, as no column tells the time" in out


def test_times_of_any_name_in_parquet(capsys, here):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"month": pd.date_range("2020-01", periods=40, freq="MS"), "y": 1.0})
    frame["y"] += np.arange(40) ** 0.5
    frame.set_index("month").to_parquet("index.parquet")
    frame[frame.index > 3].to_parquet("filtered.parquet")
    frame.astype({"month": "category"}).to_parquet("categories.parquet")
    frame.set_axis([0, 1], axis="columns").to_parquet("numbers.parquet")
    assert "40 rows of y, from 2020-01-01" in quick(capsys, "index.parquet")
    assert "36 rows of y, from 2020-05-01" in quick(capsys, "filtered.parquet")
    assert "40 rows of y, from 2020-01-01" in quick(capsys, "categories.parquet")
    assert "numbered, as no column tells" in quick(capsys, "numbers.parquet")


def test_a_panels_times_of_any_name(capsys, here):
    out = quick(capsys, write(shops().rename(columns={"ds": "month"})), "--id", "shop")
    assert "3 series" in out
    assert "from 2015-01-01" in out


def test_durations_are_refused_without_python(capsys, here):
    pytest.importorskip("pyarrow")
    days = pd.date_range("2024", periods=30)
    pd.DataFrame({"ds": days, "y": days - days[0]}).to_parquet("durations.parquet")
    sentence = fail(capsys, "forecast", "durations.parquet", "--target", "y", "--horizon", 2)
    assert "Expected numbers; got timedelta" in sentence
    assert "`" not in sentence


@pytest.mark.parametrize("pattern", ["%Y/%m/%d", "%d.%m.%Y", "%b %d, %Y", "%d %B %Y", "%Y%m%d"])
def test_times_in_other_forms_are_found_whatever_the_column_is_called(capsys, here, pattern):
    days = pd.date_range("2024-01-10", periods=40).strftime(pattern)
    frame = months(40).rename(columns={"ds": "when"}).assign(when=days)
    out = quick(capsys, write(frame), "--target", "y")
    assert "rows of y, from 2024-01-10 to 2024-02-18" in out


@pytest.mark.parametrize(
    ("row", "text", "sentence"),
    [
        (5, "", "the column 'when' has no time in row 6"),
        (5, "2015-13-01", "cannot read '2015-13-01' in row 6 of the column 'when' as a time"),
        (39, "unknown", "cannot read 'unknown' in row 40 of the column 'when' as a time"),
        (3, "2015-03-01", "2015-03-01 is there twice"),
    ],
)
def test_a_column_of_nearly_only_times_is_not_passed_over(capsys, here, row, text, sentence):
    frame = months(40).rename(columns={"ds": "when"})
    frame.loc[row, "when"] = text
    assert sentence in fail(capsys, "forecast", write(frame), "--horizon", 2)


@pytest.mark.parametrize(
    "codes",
    [
        [f"ABC-{i}" for i in range(40)],
        [f"may be {i}" for i in range(40)],
        [f"{i}.{90 + i}.2024" for i in range(40)],
        ["2015-01-01"] * 40,
    ],
    ids=lambda codes: codes[0],
)
def test_codes_are_no_times(capsys, here, codes):
    frame = months(40).rename(columns={"ds": "code"}).assign(code=codes)
    assert "numbered, as no column tells the time" in quick(capsys, write(frame))


def test_millions_are_no_dates(capsys, here):
    frame = months(40)[["y"]].assign(y=20_000_000 + 7919 * np.arange(40))
    assert "rows of y, numbered" in quick(capsys, write(frame))


def test_the_week_that_is_none_is_told(capsys, here):
    weeks = [f"2020-W{week}" for week in range(15, 55)]
    frame = months(40).rename(columns={"ds": "week"}).assign(week=weeks)
    assert "cannot read '2020-W54' in row 40" in fail(
        capsys, "forecast", write(frame), "--horizon", 2
    )


def test_blanks_around_names_and_times(capsys, here):
    frame = months(40)
    frame["ds"] = " " + frame["ds"].astype(str) + " "
    (here / "blanks.csv").write_text(frame.to_csv(index=False).replace("ds,y", "ds , y"))
    out = quick(capsys, "blanks.csv", "--target", "y")
    assert "rows of y, from 2015-01-01 to 2018-04-01" in out

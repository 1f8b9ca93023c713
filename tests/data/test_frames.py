"""What `read` accepts, what it makes of it, and what it refuses."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from forecaster.data import make_panel, read

MONTHS = pd.date_range("2020-01-01", periods=4, freq="MS")
NUMBERS = [1.0, 2.0, 4.0, 8.0]


def values(data):
    return [data.panel.series(i).tolist() for i in range(data.n_series)]


@pytest.mark.parametrize(
    "data",
    [
        NUMBERS,
        tuple(NUMBERS),
        [1, 2, 4, 8],
        [1, 2.0, np.float32(4), Decimal(8)],
        [Fraction(1), np.int8(2), 4, 8],
        np.array(NUMBERS),
        np.array(NUMBERS, dtype=">f4"),
        np.array(NUMBERS, dtype=np.float16),
        np.array(NUMBERS, dtype=np.longdouble),
        np.array([1, 2, 4, 8], dtype=np.uint8),
        np.array([1, 2, 4, 8], dtype=object),
        np.repeat(NUMBERS, 3)[::3],
        pd.array([1, 2, 4, 8], dtype="Int64"),
    ],
)
def test_arrays(data):
    got = read(data)
    assert got.kind == "array"
    assert values(got) == [NUMBERS]
    assert got.panel.values.dtype == np.float64
    assert got.freq == 1


@pytest.mark.parametrize("dtype", [float, int, np.float32, object])
def test_two_dimensional_arrays_hold_a_series_per_column(dtype):
    got = read(np.array([[1, 10], [2, 20], [3, 30]], dtype=dtype))
    assert got.kind == "wide"
    assert values(got) == [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]
    assert got.panel.values.flags.c_contiguous
    assert got.ids.tolist() == [0, 1]


def test_a_single_column_is_one_series():
    got = read(np.array([[1.0], [2.0]]))
    assert got.kind == "wide"
    assert values(got) == [[1.0, 2.0]]


DTYPES = ["float32", "int16", "uint64", "Int64", "Float64", "UInt8", "object"]
ARROW = ["int64[pyarrow]", "double[pyarrow]", "float[pyarrow]"]


@pytest.mark.parametrize("dtype", DTYPES + ARROW)
def test_dtypes(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    column = pd.Series([1, 2, 4, 8], index=MONTHS).astype(dtype)
    assert values(read(column)) == [NUMBERS]
    assert values(read(pd.DataFrame({"a": column, "b": NUMBERS}))) == [NUMBERS, NUMBERS]
    long = pd.DataFrame({"unique_id": "a", "ds": MONTHS, "y": column.array})
    assert values(read(long)) == [NUMBERS]


def test_the_values_are_copied():
    for data in (
        np.array(NUMBERS),
        np.array(NUMBERS)[:, None],
        np.asfortranarray([NUMBERS, NUMBERS]),
        pd.Series(NUMBERS),
        pd.DataFrame({"a": NUMBERS}),
        pd.DataFrame({"unique_id": "a", "ds": MONTHS, "y": NUMBERS}),
    ):
        own = data.to_numpy() if isinstance(data, (pd.Series, pd.DataFrame)) else data
        if isinstance(data, pd.DataFrame) and "y" in data:
            own = data["y"].to_numpy()
        assert not np.shares_memory(read(data).panel.values, own)


def test_series():
    got = read(pd.Series(NUMBERS, index=MONTHS, name="sales"))
    assert (got.kind, got.ids.tolist(), got.columns) == ("series", ["sales"], None)
    assert values(got) == [NUMBERS]
    assert got.last_labels().tolist() == [MONTHS[-1]]


def test_wide_frame():
    frame = pd.DataFrame({"a": NUMBERS, "y": [0, 1, 0, 1]}, index=MONTHS)
    got = read(frame)
    assert (got.kind, got.ids.tolist()) == ("wide", ["a", "y"])
    assert values(got) == [NUMBERS, [0.0, 1.0, 0.0, 1.0]]
    assert got.last_labels().tolist() == [MONTHS[-1]] * 2


def test_columns_of_two_levels_are_series_whatever_they_are_called():
    columns = pd.MultiIndex.from_product([["y", "ds", "unique_id"], ["mean"]])
    got = read(pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=columns))
    assert (got.kind, got.ids.tolist()) == ("wide", columns.tolist())


def test_long_frame_in_any_order_of_ids():
    frame = pd.DataFrame(
        {
            "other": "ignored",
            "unique_id": ["b", "a", "b", "c", "a", "b"],
            "y": [1, 10, 2, 100, 20, 3],
            "ds": MONTHS[[0, 1, 1, 3, 2, 2]],
        },
        index=[7, 7, 7, 7, 7, 7],
    )
    got = read(frame)
    assert (got.kind, got.ids.tolist()) == ("long", ["b", "a", "c"])
    assert values(got) == [[1.0, 2.0, 3.0], [10.0, 20.0], [100.0]]
    assert got.last_labels().tolist() == [MONTHS[2], MONTHS[2], MONTHS[3]]


def test_names_of_a_long_frame():
    frame = pd.DataFrame({"shop": ["a", "a"], "month": MONTHS[:2], "sales": [1, 2], "y": 0})
    got = read(frame, id_col="shop", time_col="month", target_col="sales")
    assert got.kind == "long"
    assert tuple(got.columns) == ("shop", "month", "sales")
    assert values(got) == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series(["b", "b", "a", "a"]),
        pd.Series(["b", "b", "a", "a"], dtype="string"),
        pd.Series(["b", "b", "a", "a"], dtype=pd.CategoricalDtype(["z", "a", "b"])),
        pd.Series(["b", "b", "a", "a"], dtype=pd.CategoricalDtype(["a", "b"], ordered=True)),
        pd.Series([7, 7, 3, 3], dtype="int16"),
        pd.Series([7, 7, 3, 3], dtype="Int64"),
        pd.Series([7.5, 7.5, 3, 3]),
        pd.Series([(1, 2), (1, 2), (1, 3), (1, 3)]),
        pd.Series([True, True, False, False]),
        pd.Series(pd.to_datetime(["2020", "2020", "2019", "2019"])),
        pd.Series([1, 1, "1", "1"], dtype=object),
    ],
    ids=lambda ids: str(ids.dtype),
)
def test_ids_keep_their_dtype(ids):
    frame = pd.DataFrame({"unique_id": ids, "ds": [1, 2, 1, 2], "y": NUMBERS})
    got = read(frame)
    assert values(got) == [[1.0, 2.0], [4.0, 8.0]]
    out = got.forecast({"mean": np.zeros((2, 2))})["unique_id"]
    pd.testing.assert_series_equal(out, frame["unique_id"])


def test_many_ids():
    frame = make_panel(3000, 8, ragged=True, random_state=0)
    data = read(frame)
    shuffled = read(frame.sort_values("ds", kind="stable"))
    assert data.n_series == shuffled.n_series == 3000
    back = shuffled.select(shuffled.positions_of(data))
    np.testing.assert_array_equal(back.panel.values, frame["y"])
    np.testing.assert_array_equal(back.panel.indptr, data.panel.indptr)


LONG = pd.DataFrame(
    {"unique_id": ["a", "a", "b", "b"], "ds": [*MONTHS[:2], *MONTHS[:2]], "y": NUMBERS}
)
WIDE = pd.DataFrame({"a": NUMBERS, "b": NUMBERS}, index=MONTHS)


@pytest.mark.parametrize(
    "data",
    [
        [],
        (),
        np.empty(0),
        np.empty((0, 2)),
        np.empty((3, 0)),
        pd.Series(dtype=float),
        WIDE[:0],
        WIDE[[]],
        LONG[:0],
    ],
)
def test_empty(data):
    with pytest.raises(ValueError, match="at least one row of at least one series; got"):
        read(data)


@pytest.mark.parametrize("data", [None, "1, 2, 3", 3.0, {"a": NUMBERS}, {1.0, 2.0}, iter(NUMBERS)])
def test_other_types(data):
    with pytest.raises(TypeError, match=f"or a pandas DataFrame; got {type(data).__name__}"):
        read(data)


@pytest.mark.parametrize("shape", [(), (2, 3, 1)])
def test_wrong_dimensions(shape):
    with pytest.raises(ValueError, match=r"shape \(n,\), or \(n, n_series\).*; got \("):
        read(np.ones(shape))


@pytest.mark.parametrize(
    "data",
    [
        [[1.0], [2.0]],
        [np.ones(2), np.ones(3)],
        (pd.Series([1.0]), pd.Series([2.0])),
        [1.0, [2.0]],
    ],
)
def test_nested_lists(data):
    with pytest.raises(ValueError, match="got a list of lists: give an array"):
        read(data)


def forms(column):
    """The same four values in every form, and how a message calls their place."""
    column = pd.Series(column)
    wide = pd.DataFrame({"a": NUMBERS, "b": column.array}, index=MONTHS)
    long = pd.DataFrame({"unique_id": ["p", "p", "q", "q"], "ds": 2 * [*MONTHS[:2]]})
    return [
        (column.to_numpy(), ""),
        (pd.Series(column.array, index=MONTHS), ""),
        (wide, " in column 'b'"),
        (long.assign(y=column.array), " in column 'y'"),
    ]


def test_a_range_is_a_list():
    data = read(range(3, 9, 2))
    assert (data.kind, values(data)) == ("array", [[3.0, 5.0, 7.0]])


@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([True, False, True, True], "Expected numbers{}; got True and False: .*astype"),
        (pd.array([True, False, True, True], dtype="boolean"), "Expected numbers{}; got True"),
        (np.array(NUMBERS) + 0j, "Complex data not supported{}"),
        (pd.date_range("2020", periods=4), "Expected numbers{}; got datetime64.*index"),
        (pd.to_timedelta(NUMBERS, unit="D"), "Expected numbers{}; got timedelta64"),
        (["1", "2", "x", "4"], "Expected numbers{}; got '1' at .*pd.to_numeric"),
        ([1, 2, "x", 4], "Expected numbers{}; got 'x' at .*pd.to_numeric"),
        ([1, True, 2, 4], "Expected numbers{}; got True at "),
        (np.array([1, None, 2j, 4], dtype=object), "Expected numbers{}; got 2j at "),
        (pd.Categorical(["u", "v", "u", "u"]), "Expected numbers{}; got 'u' at "),
        (pd.array(["1", "2", "3", "4"], dtype="string"), "Expected numbers{}; got '1' at "),
    ],
)
def test_what_is_not_a_number(form, column, message):
    data, place = forms(column)[form]
    with pytest.raises(ValueError, match=message.format(place)):
        read(data)


@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize(
    ("column", "what"),
    [
        ([1.0, 2.0, np.nan, np.nan], "got NaN {}.*2 of . values.*fill"),
        ([1.0, 2.0, np.inf, np.nan], "got inf {}.*2 of . values.*replace"),
        ([1.0, 2.0, -np.inf, 0.0], "got inf {}.*1 of . values"),
        (pd.array([1, 2, None, 4], dtype="Int64"), "got NaN {}"),
        (pd.array([1, 2, None, 4], dtype="Float64"), "got NaN {}"),
        (np.array([1, 2, None, 4], dtype=object), "got NaN {}"),
        (np.array([1, 2, pd.NA, Decimal("NaN")], dtype=object), "got NaN {}.*2 of"),
    ],
)
def test_what_is_not_finite(form, column, what):
    data = forms(column)[form][0]
    places = [
        "at position 2",
        "at 2020-03-01",
        "at 2020-03-01 in column 'b'",
        "at 2020-01-01 of series 'q'",
    ]
    with pytest.raises(
        ValueError, match="All numbers must be finite; " + what.format(places[form])
    ):
        read(data)


def test_masked_values_are_missing():
    with pytest.raises(ValueError, match="got NaN at position 1"):
        read(np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]))


def test_the_proposed_repairs_of_gaps_work():
    series = pd.Series([1.0, np.nan, 3.0])
    assert values(read(series.interpolate())) == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("kind", ["series", "wide", "long"])
def test_before_a_series_begins_there_is_nothing_to_interpolate(kind):
    y = [np.nan, 1, 2]
    data = {
        "series": pd.Series(y),
        "wide": pd.DataFrame({"a": [1, 2, 3], "b": y}),
        "long": pd.DataFrame({"unique_id": [*"aaabbb"], "ds": [1, 2, 3] * 2, "y": [1, 2, 3, *y]}),
    }
    with pytest.raises(ValueError, match="got NaN at .*: drop the rows before a series begins"):
        read(data[kind])
    frame = LONG.assign(y=[1.0, np.nan, 5.0, 7.0])
    with pytest.raises(ValueError, match="transform") as error:
        read(frame)
    code = str(error.value).split("`")[1]
    assert eval(code, {"data": frame}).tolist() == [1.0, 1.0, 5.0, 7.0]


@pytest.mark.parametrize(
    ("frame", "absent"),
    [
        (LONG.drop(columns="unique_id"), "unique_id"),
        (LONG.drop(columns="ds"), "ds"),
        (LONG.drop(columns="y"), "y"),
        (LONG.set_index("unique_id"), "unique_id"),
    ],
)
def test_columns_missing(frame, absent):
    with pytest.raises(ValueError, match=f"a frame without '{absent}': name yours by id_col"):
        read(frame)


def test_a_column_named_y_makes_no_long_frame():
    assert read(WIDE.rename(columns={"a": "y"})).kind == "wide"


@pytest.mark.parametrize("frame", [WIDE, LONG])
def test_columns_named_twice(frame):
    doubled = pd.concat([frame, frame.iloc[:, -1:]], axis=1)
    with pytest.raises(ValueError, match=f"'{frame.columns[-1]}' is there twice"):
        read(doubled)


def test_missing_ids():
    with pytest.raises(ValueError, match="row 2 has none in column 'unique_id'"):
        read(LONG.assign(unique_id=["a", "a", None, "b"]))


def test_unhashable_ids():
    with pytest.raises(TypeError, match="ids in column 'unique_id' must be hashable"):
        read(LONG.assign(unique_id=[[1], [1], [2], [2]]))


def test_a_long_frame_with_other_names_is_told_how_to_name_them():
    days = pd.date_range("2024", periods=3).astype(str)
    frame = pd.DataFrame({"shop": "a", "date": days, "sales": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match="name the columns by id_col, time_col and target_col"):
        read(frame)
    named = read(
        frame.assign(date=pd.to_datetime(days)), id_col="shop", time_col="date", target_col="sales"
    )
    assert named.ids.tolist() == ["a"]

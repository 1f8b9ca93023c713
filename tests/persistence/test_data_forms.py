"""Times and names of every type that pandas has travel with a forecaster."""

import numpy as np
import pandas as pd
import pytest
from pandas.tseries import offsets

from forecaster import NaiveForecaster
from tests.persistence.common import assert_same

HOLIDAYS = offsets.CustomBusinessDay(holidays=["2020-01-06", "2020-01-13"], weekmask="Mon Tue Wed")
N = 12
INDEXES = {
    "range": pd.RangeIndex(5, 5 + N, name="row"),
    "integers": pd.Index(np.arange(2000, 2000 + 4 * N, 4), name="year"),
    "small integers": pd.Index(np.arange(N, dtype=np.int16)),
    "nullable": pd.Index(pd.array(range(N), dtype="Int32")),
    "months": pd.date_range("2020-01-31", periods=N, freq="ME", name="when"),
    "offset": pd.date_range("2020-01-15", periods=N, freq=pd.DateOffset(months=2)),
    "zone": pd.date_range("2020-03-28 20:00", periods=N, freq="h", tz="Europe/Berlin"),
    "fixed zone": pd.date_range("2020-03-28", periods=N, freq="D", tz="+02:00"),
    "milliseconds": pd.date_range("2020-03-28", periods=N, freq="5ms", unit="ms"),
    "weeks": pd.date_range("2020-03-29", periods=N, freq="2W-SUN"),
    "quarters": pd.date_range("2020-02-29", periods=N, freq="QE-FEB"),
    "business hours": pd.date_range(
        "2020-01-01 10:00", periods=N, freq=offsets.BusinessHour(start="09:30")
    ),
    "business days with holidays": pd.date_range("2020-01-01", periods=N, freq=HOLIDAYS),
    "periods": pd.period_range("2020Q1", periods=N, freq="Q", name="quarter"),
    "long periods": pd.period_range("2020-01", periods=N, freq="3M"),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES.keys())
def test_every_kind_of_time(through_a_file, index):
    y = pd.Series(np.arange(float(N)), index, name="y")
    for data, new in [(y[:-2], y[-2:]), (y.to_frame()[:-2], y.to_frame()[-2:])]:
        known = NaiveForecaster(3).fit(data)
        twin = through_a_file(known)
        assert_same(twin, known)
        assert_same(twin.predict().index, known.predict().index)
        assert_same(twin.update(new), known.update(new))
    # the step of a single row is known only if it travels
    freq = getattr(index, "freq", None)
    if freq is not None and not isinstance(index, pd.PeriodIndex):
        known = NaiveForecaster(freq=freq).fit(y[:1])
        twin = through_a_file(known)
        assert twin.freq == freq
        assert_same(twin.predict(3).index, known.predict(3).index)


NAMED = {
    "text": pd.Index(["a", "b"], name="shop"),
    "objects": pd.Index(["a", 1.5], dtype=object),
    "python text": pd.Index(["a", "b"], dtype="string"),
    "tuples": pd.Index([("a", 1), None], tupleize_cols=False),
    "numbers": pd.Index([1.5, np.inf], name=("x", 3)),
    "truths": pd.Index([True, False]),
    "nullable": pd.Index(pd.array([1, None], dtype="Int8")),
    "range": pd.RangeIndex(2),
    "dates": pd.DatetimeIndex(["2020-01-01", "2021-05-01"], tz="Asia/Tokyo"),
    "spans": pd.TimedeltaIndex(["1h", "3D"]),
    "categories": pd.CategoricalIndex(["b", "a"], ["c", "b", "a"], ordered=True, name="c"),
    "levels": pd.MultiIndex.from_product([["a"], [1, 2]], names=["x", None]),
}


@pytest.mark.parametrize("names", NAMED.values(), ids=NAMED.keys())
def test_every_kind_of_name(through_a_file, names):
    wide = NaiveForecaster().fit(pd.DataFrame(np.ones((3, 2)), columns=names))
    assert_same(through_a_file(wide), wide)
    if not (isinstance(names, pd.MultiIndex) or names.hasnans or None in names):
        long = pd.DataFrame({"unique_id": names.repeat(3), "ds": [1, 2, 3] * 2, "y": np.ones(6)})
        known = NaiveForecaster().fit(long)
        twin = through_a_file(known)
        assert_same(twin, known)
        pd.testing.assert_frame_equal(twin.predict(2), known.predict(2), check_exact=True)


@pytest.mark.parametrize("data", [[1.0, 2.0, 4.0], np.arange(8.0).reshape(4, 2)])
def test_arrays(through_a_file, data):
    known = NaiveForecaster(2).fit(data)
    assert_same(through_a_file(known), known)


def test_pyarrow_types(through_a_file):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "unique_id": pd.array(["a", "a", "b", "b"], dtype="string[pyarrow]"),
            "ds": pd.array(pd.to_datetime(["2020-01-01", "2020-01-02"] * 2)).astype(
                "timestamp[us][pyarrow]"
            ),
            "y": [1.0, 2.0, 3.0, 4.0],
        }
    )
    known = NaiveForecaster(2).fit(frame)
    twin = through_a_file(known)
    pd.testing.assert_frame_equal(twin.predict(), known.predict(), check_exact=True)

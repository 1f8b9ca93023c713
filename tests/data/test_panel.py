import numpy as np
import pytest

from forecaster.data import Panel


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return [rng.normal(size=n) for n in (3, 7, 1, 5)]


def as_lists(panel):
    return [panel.series(i).tolist() for i in range(panel.n_series)]


def test_lays_series_side_by_side(rows):
    panel = Panel.from_series(rows)
    assert panel.n_series == 4
    assert panel.lengths.tolist() == [3, 7, 1, 5]
    assert panel.indptr.tolist() == [0, 3, 10, 11, 16]
    assert panel.indptr.dtype == np.int64
    assert panel.values.dtype == np.float64
    assert panel.values.flags.c_contiguous
    assert as_lists(panel) == [row.tolist() for row in rows]


def test_a_series_is_a_view(rows):
    panel = Panel.from_series(rows)
    assert np.shares_memory(panel.series(1), panel.values)


@pytest.mark.parametrize("i", [-1, 4])
def test_a_series_that_is_not_there(rows, i):
    with pytest.raises(IndexError, match=f"0 to 3; got {i}"):
        Panel.from_series(rows).series(i)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_last(rows, n):
    rows = [row for row in rows if len(row) > n]
    got = Panel.from_series(rows).without_last(n)
    assert as_lists(got) == [row[: len(row) - n].tolist() for row in rows]


@pytest.mark.parametrize("n", [-1, 1])
def test_without_last_keeps_a_value_of_every_series(rows, n):
    with pytest.raises(ValueError, match=f"got {n}, but series 2 has 1"):
        Panel.from_series(rows).without_last(n)


@pytest.mark.parametrize("n", [1, 4, 9])
def test_last_pads_on_the_left(rows, n):
    expected = np.full((4, n), np.nan)
    for padded, row in zip(expected, rows):
        taken = row[-n:]
        padded[n - len(taken) :] = taken
    np.testing.assert_array_equal(Panel.from_series(rows).last(n), expected)


@pytest.mark.parametrize("lengths", [(2, 1, 3, 4), (0, 2, 0, 1), (0, 0, 0, 0)])
def test_extended(rows, lengths):
    tails = [np.arange(float(n)) for n in lengths]
    panel = Panel.from_series(rows).extended(Panel.from_series(tails))
    assert as_lists(panel) == [[*row, *tail] for row, tail in zip(rows, tails)]


def test_extended_undoes_without_last(rows):
    panel = Panel.from_series(rows[:2])
    tail = Panel.from_series(list(panel.last(2)))
    again = panel.without_last(2).extended(tail)
    assert as_lists(again) == as_lists(panel)


def test_extended_needs_as_many_series(rows):
    panel = Panel.from_series(rows)
    with pytest.raises(ValueError, match="each of the 4 series of the panel; got 2"):
        panel.extended(Panel.from_series(rows[:2]))


@pytest.mark.parametrize("positions", [[0, 1, 2, 3], [2, 0], [3, 3], []])
def test_select(rows, positions):
    panel = Panel.from_series(rows).select(positions)
    assert as_lists(panel) == [rows[i].tolist() for i in positions]


def test_results_are_copies(rows):
    panel = Panel.from_series(rows)
    for other in (panel.select([0, 1, 2, 3]), panel.without_last(0), panel.last(1)):
        values = other if isinstance(other, np.ndarray) else other.values
        assert not np.shares_memory(values, panel.values)


def test_a_panel_has_series():
    with pytest.raises(ValueError, match="at least one series; got none"):
        Panel.from_series([])


def test_a_series_has_one_dimension():
    with pytest.raises(ValueError, match=r"series 1 has the shape \(2, 1\)"):
        Panel.from_series([[1.0], [[1.0], [2.0]]])

"""A fitted forecaster goes on: with new rows, without training, and as a copy."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from forecaster.forecasting import recurrent
from tests.forecasting.common import forecaster, forecasts_of

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

N = 40
VALUES = 50 + 0.5 * np.arange(N) + 3 * np.sin(np.arange(N))
VALUES += np.random.default_rng(0).normal(size=N)
Y = pd.Series(VALUES, pd.date_range("2020-01-31", periods=N, freq="ME"), name="sales")

# --- Update -------------------------------------------------------------------------------------


def test_update_goes_on_without_training(monkeypatch):
    """What was learned stays; forecasts start from the new end, with the season in step."""
    fitted = forecaster(season_length=4, transform="log").fit(Y[:-6])
    frozen = copy.deepcopy(fitted)

    def no_training(*args, **options):
        raise AssertionError("update trains")

    monkeypatch.setattr(recurrent, "fit_model", no_training)
    old = fitted.predict(9)
    assert fitted.update(Y[-6:]) is fitted
    found = fitted.predict(3)
    assert found.index.equals(old.index[6:])
    assert (found != old[6:]).all()
    panel = frozen.data_.extended(frozen._read(Y[-6:])).panel
    np.testing.assert_array_equal(found, forecasts_of(frozen.model_, panel, 3)[0])


def test_update_in_pieces_is_update_at_once():
    at_once = forecaster(season_length=4).fit(Y[:30]).update(Y[30:])
    pieces = forecaster(season_length=4).fit(Y[:30])
    for k in range(30, N):
        pieces.update(Y[k : k + 1])
    pd.testing.assert_series_equal(pieces.predict(9), at_once.predict(9), check_exact=True)


def test_forecasts_after_an_update_depend_on_it_alone():
    fits = [forecaster().fit(Y[:30]) for _ in range(3)]
    fits[0].update(Y[30:])
    fits[1].update(2 * Y[30:])
    fits[2].predict(level=None)
    fits[2].update(Y[30:])
    first, second, third = (fitted.predict() for fitted in fits)
    assert (first != second).all()
    pd.testing.assert_series_equal(first, third, check_exact=True)


def test_update_of_some_series_of_a_long_frame():
    wide = pd.DataFrame({"a": Y, "b": -Y[::-1].to_numpy()}).rename_axis("ds").reset_index()
    long = wide.melt("ds", var_name="unique_id", value_name="y")
    known = long["ds"] < Y.index[30]
    fitted = forecaster().fit(long[known])
    before = fitted.predict()
    after = fitted.update(long[~known & (long["unique_id"] == "b")]).predict()
    changed = before["unique_id"] == "b"
    pd.testing.assert_frame_equal(after[~changed], before[~changed], check_exact=True)
    assert (after["ds"][changed] > before["ds"][changed]).all()


def test_intervals_after_an_update():
    fitted = forecaster(calibrate=True).fit(Y[:30])
    widths = [np.diff(fitted.predict(level=80)[["lo-80", "hi-80"]].to_numpy(), axis=1)]
    fitted.update(Y[30:])
    widths.append(np.diff(fitted.predict(level=80)[["lo-80", "hi-80"]].to_numpy(), axis=1))
    if not fitted.model_.preparation.log:
        np.testing.assert_allclose(*widths)


def test_updates_that_do_not_fit():
    fitted = forecaster().fit(Y[:30])
    with pytest.raises(ValueError, match="must lie after the known ones"):
        fitted.update(Y[29:])
    with pytest.raises(ValueError, match="must begin one step after the known ones"):
        fitted.update(Y[31:])
    with pytest.raises(ValueError, match="All numbers must be finite; got NaN at 2022-07-31"):
        fitted.update(Y[30:].replace(Y.iloc[30], np.nan))
    pd.testing.assert_series_equal(fitted.predict(), forecaster().fit(Y[:30]).predict())


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_updates_that_have_no_logarithm(bad):
    fitted = forecaster(transform="log").fit(VALUES)
    before = fitted.predict()
    with pytest.raises(ValueError, match="logarithm.*> 0"):
        fitted.update([3.0, bad])
    pd.testing.assert_series_equal(fitted.predict(), before)


# --- Copies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log"])
def test_copies_forecast_the_same(transform):
    fitted = forecaster(transform=transform, calibrate=True).fit(Y[:-3])
    before = fitted.predict(7, level=80)
    dumped = pickle.dumps(fitted)
    assert b"numba" not in dumped  # compiled code would be compiled again wherever it is loaded
    for twin in (pickle.loads(dumped), copy.deepcopy(fitted)):
        pd.testing.assert_frame_equal(twin.predict(7, level=80), before, check_exact=True)
        twin.update(Y[-3:])
    pd.testing.assert_frame_equal(fitted.predict(7, level=80), before, check_exact=True)

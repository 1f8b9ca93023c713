"""Backtests: the windows, what is known in them, and the figures made of them."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from forecaster import (
    DriftForecaster,
    ElmanForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)
from forecaster.data import load_airline, make_panel
from forecaster.evaluation import backtest, mase, smape, summarize
from forecaster.evaluation.backtest import windows_that_fit
from forecaster.exceptions import SkillWarning

LEVELS = ["lo-95", "lo-80", "hi-80", "hi-95"]


def small_elman(horizon=3, **settings):
    return ElmanForecaster(
        horizon, 4, n_estimators=1, max_steps=20, random_state=0, n_jobs=1, **settings
    )


def quarters(n=40, seed=0):
    index = pd.date_range("2010-01-01", periods=n, freq="QS")
    values = np.random.default_rng(seed).normal(size=n).cumsum() + 5 * np.sin(np.arange(n) * 1.57)
    return pd.Series(values + 50, index=index, name="sales")


def in_every_form(y):
    two = pd.DataFrame({"a": y, "b": 100 - y})
    long = two.melt(ignore_index=False, var_name="unique_id", value_name="y")
    return {
        "list": y.tolist(),
        "array": y.to_numpy(),
        "two-dimensional": two.to_numpy(),
        "series": y,
        "unnamed": y.rename(None),
        "periods": y.to_period("Q"),
        "zone": y.tz_localize("Europe/Berlin"),
        "integers": y.set_axis(range(2000, 2000 + 2 * len(y), 2)),
        "wide": two,
        "columns of two levels": two.set_axis(
            pd.MultiIndex.from_tuples([("x", "a"), ("x", "b")]), axis=1
        ),
        "long": long.reset_index(names="ds"),
    }


FORMS = list(in_every_form(quarters()))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_gives_the_same_forecasts(form):
    y = quarters()
    frame = backtest(small_elman(), in_every_form(y)[form], n_windows=2, horizon=3, level=80)
    several = form in {"two-dimensional", "wide", "columns of two levels", "long"}
    assert len(frame) == 2 * 3 * (2 if several else 1)
    first = frame[frame["unique_id"] == frame["unique_id"].iloc[0]]
    np.testing.assert_array_equal(first["y"], y[-6:])
    assert first["step"].tolist() == [1, 2, 3] * 2
    # Made by hand, window by window.
    for window, hidden in enumerate([6, 3]):
        known = in_every_form(y[:-hidden])[form]
        expected = small_elman().fit(known).predict(level=80)
        rows = frame.iloc[window * len(frame) // 2 :][: len(frame) // 2]
        for column in ["mean", "lo-80", "hi-80"]:
            got = rows[column].to_numpy().reshape(-1, 3)
            if form == "long":
                wanted = expected[column].to_numpy().reshape(-1, 3)
            elif several:
                wanted = expected.xs(column, axis=1, level=-1).to_numpy().T
            else:
                wanted = expected[column].to_numpy()[None]
            np.testing.assert_array_equal(got, wanted)


def test_the_labels_are_those_of_the_data():
    forms = in_every_form(quarters())
    for form in ["series", "periods", "zone", "integers"]:
        data = forms[form]
        frame = backtest(NaiveForecaster(3), data, n_windows=2)
        assert frame["ds"].tolist() == data.index[-6:].tolist()
        assert frame["cutoff"].tolist() == [data.index[-7]] * 3 + [data.index[-4]] * 3
        assert frame["ds"].dtype == data.index.dtype
        assert set(frame["unique_id"]) == {"sales"}
    assert backtest(NaiveForecaster(3), forms["list"], n_windows=1)["ds"].tolist() == [37, 38, 39]
    assert set(backtest(NaiveForecaster(3), forms["unnamed"])["unique_id"]) == {"y"}
    pairs = backtest(NaiveForecaster(3), forms["columns of two levels"])["unique_id"]
    assert pairs.unique().tolist() == [("x", "a"), ("x", "b")]


@pytest.mark.parametrize("form", FORMS)
def test_no_look_ahead(form):
    y = quarters()
    changed = y.copy()
    changed.iloc[-3:] = [1e3, -1e3, 7.0]  # the last window's truth, unknown before its cutoff
    settings = {"n_windows": 2, "level": 80}
    before = backtest(small_elman(), in_every_form(y)[form], **settings)
    after = backtest(small_elman(), in_every_form(changed)[form], **settings)
    columns = ["cutoff", "ds", "mean", "lo-80", "hi-80", "scale"]
    pd.testing.assert_frame_equal(before[columns], after[columns], check_exact=True)
    assert not before["y"].equals(after["y"])


def test_in_the_last_window_of_a_panel_nothing_looks_ahead_either():
    panel = make_panel(4, 40, season_length=4, ragged=True, freq="QS", random_state=0)
    changed = panel.copy()
    last = panel.groupby("unique_id").cumcount(ascending=False) < 3
    changed.loc[last, "y"] = 1e4
    columns = ["unique_id", "cutoff", "ds", "mean", "scale"]
    before = backtest(small_elman(), panel, n_windows=2)
    after = backtest(small_elman(), changed, n_windows=2)
    pd.testing.assert_frame_equal(before[columns], after[columns], check_exact=True)


def test_series_of_different_ends_have_cutoffs_of_their_own():
    panel = make_panel(5, 30, season_length=1, ragged=True, random_state=1)
    shuffled = panel.sample(frac=1, random_state=0).sort_values("ds")  # rows of series mixed
    frame = backtest(NaiveForecaster(2), shuffled, n_windows=3, step=1)
    for (name, cutoff), rows in frame.groupby(["unique_id", "cutoff"]):
        y = panel[panel["unique_id"] == name].set_index("ds")["y"]
        assert rows["y"].tolist() == y.loc[rows["ds"]].tolist()
        assert rows["mean"].tolist() == [y[cutoff]] * 2
        assert rows["scale"].iloc[0] == pytest.approx(y.loc[:cutoff].diff().abs().mean())
    ends = panel.groupby("unique_id")["ds"].max()
    assert frame.groupby("unique_id")["ds"].max().to_dict() == ends.to_dict()
    assert frame["unique_id"].unique().tolist() == shuffled["unique_id"].unique().tolist()


def test_series_that_are_too_short_stay_out_of_a_window():
    panel = pd.DataFrame(
        {
            "unique_id": ["long"] * 20 + ["short"] * 8,
            "ds": [*range(20), *range(8)],
            "y": np.arange(28.0),
        }
    )
    frame = backtest(NaiveForecaster(2), panel, n_windows=4)
    counts = frame.groupby("unique_id")["cutoff"].nunique()
    assert counts.to_dict() == {"long": 4, "short": 2}  # 8 - 2 and 8 - 4 rows are enough, 2 are not
    counts = backtest(NaiveForecaster(2), panel, n_windows=4, min_train=6)["unique_id"]
    assert counts.value_counts().to_dict() == {"long": 8, "short": 2}


def test_the_step_is_the_horizon_or_as_long_as_the_data_allow():
    y = np.arange(20.0)
    for n_windows, expected in [(2, 4), (3, 4), (4, 3), (6, 2), (11, 1)]:
        frame = backtest(NaiveForecaster(4), y, n_windows=n_windows)
        assert set(np.diff(frame["cutoff"].unique())) == {expected}
        assert frame["ds"].iloc[-1] == 19
    with pytest.raises(ValueError, match="n_windows=12, horizon=4, step=1 and min_train=6 needs a"):
        backtest(NaiveForecaster(4), y, n_windows=12)
    with pytest.raises(ValueError, match="a series of 25 rows, got 20"):
        backtest(NaiveForecaster(4), y, n_windows=4, step=5)
    assert windows_that_fit(20, 4) == 11
    assert windows_that_fit(20, 4, step=4) == 3
    assert windows_that_fit(9, 4) == 0
    assert windows_that_fit(20, 4, level=80) == 3


@pytest.mark.parametrize("horizon", [1, 2, 5, 12])
def test_the_first_window_that_fits_has_enough_rows_for_intervals(horizon):
    n_rows = next(n for n in range(200) if windows_that_fit(n, horizon, level=80))
    y = np.random.default_rng(0).normal(size=n_rows)
    model = ElmanForecaster(horizon, n_estimators=1, max_steps=5, random_state=0)
    frame = backtest(model, y, n_windows=1, level=80)
    assert frame[["lo-80", "hi-80"]].notna().all(axis=None)


def test_the_frequency_of_all_rows_holds_in_every_window():
    # From Monday to Friday, and no further: the first windows alone would suggest every day.
    y = pd.Series(np.arange(9.0), index=pd.bdate_range("2024-01-01", periods=9))
    frame = backtest(NaiveForecaster(1), y, n_windows=4)
    assert frame["ds"].tolist() == y.index[-4:].tolist()

    class Spy(NaiveForecaster):
        def predict(self, X=None, *, level=None):
            forecast = super().predict(X, level=level)
            assert forecast.index[0] in y.index
            return forecast

    backtest(Spy(1), y, n_windows=4)


def test_forecasters_are_left_as_they_were():
    fitted = small_elman(calibrate=False).fit(quarters(20))
    before = fitted.predict()
    frame = backtest({"a": fitted, "b": NaiveForecaster(3)}, quarters(), n_windows=2)
    pd.testing.assert_series_equal(fitted.predict(), before)
    assert fitted.freq is None
    assert frame["model"].tolist() == ["a"] * 6 + ["b"] * 6


def test_the_models_see_the_same_windows_with_the_names_of_their_columns():
    panel = make_panel(2, 30, random_state=0).rename(
        columns={"unique_id": "shop", "ds": "day", "y": "sales"}
    )
    names = {"id_col": "shop", "time_col": "day", "target_col": "sales"}
    models = {"naive": NaiveForecaster(2, **names), "drift": DriftForecaster(2, **names)}
    frame = backtest(models, panel)
    a, b = (frame[frame["model"] == name].reset_index() for name in models)
    columns = ["unique_id", "cutoff", "ds", "step", "y", "scale"]
    pd.testing.assert_frame_equal(a[columns], b[columns])
    assert set(frame["unique_id"]) == set(panel["shop"])


@pytest.mark.parametrize("level", [None, 80])
def test_a_target_may_be_called_like_a_forecast(level):
    panel = make_panel(2, 30, random_state=0)
    expected = backtest(small_elman(), panel, n_windows=1, level=level)
    model = small_elman(target_col="mean")
    found = backtest(model, panel.rename(columns={"y": "mean"}), n_windows=1, level=level)
    pd.testing.assert_frame_equal(found, expected)


def test_baselines_have_no_bounds():
    models = {"elman": small_elman(), "naive": NaiveForecaster(3)}
    frame = backtest(models, quarters(), n_windows=2, level=[80, 95])
    assert list(frame.columns) == [
        *["model", "unique_id", "cutoff", "ds", "step", "y", "mean"],
        *LEVELS,
        "scale",
    ]
    missing = frame.groupby("model")[LEVELS].agg(lambda column: column.isna().all()).all(axis=1)
    assert missing.to_dict() == {"elman": False, "naive": True}
    summary = summarize(frame)
    assert summary.loc["naive", ["coverage-80", "coverage-95"]].isna().all()
    elman = frame[frame["model"] == "elman"]
    inside = elman["y"].between(elman["lo-80"], elman["hi-80"])
    assert summary.loc["elman", "coverage-80"] == inside.mean()
    assert summary.loc["elman", "coverage-95"] >= summary.loc["elman", "coverage-80"]


EACH = [NaiveForecaster(3), SeasonalNaiveForecaster(3, 4), DriftForecaster(3), small_elman()]


@pytest.mark.parametrize("model", EACH, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("level", [0, 100, "high", True, [80, 101], [80, "95"]])
def test_a_level_is_checked_before_anything_is_fitted(model, level, monkeypatch):
    monkeypatch.setattr(type(model), "fit", None)
    wrong = re.escape(repr(np.atleast_1d(np.array(level, dtype=object))[-1]))
    with pytest.raises(ValueError, match=f"level expects percentages.*got {wrong}"):
        backtest(model, quarters(), level=level)


@pytest.mark.parametrize("model", EACH[:-1], ids=lambda model: type(model).__name__)
def test_baselines_alone_say_that_they_have_no_intervals(model):
    with pytest.raises(ValueError, match="intervals, which the baselines do not have: leave out"):
        backtest({"one": model, "same": model}, quarters(), level=80)
    assert "mean" in backtest(model, quarters(), level=[])  # asks for none


def test_the_warning_of_a_fit_is_not_shown():
    class Doubtful(NaiveForecaster):
        def fit(self, X, y=None):
            warnings.warn("worse than naive", SkillWarning, stacklevel=2)
            return super().fit(X, y)

    with pytest.warns(SkillWarning):
        Doubtful().fit([1.0])
    assert len(backtest(Doubtful(), np.arange(9.0), n_windows=2)) == 2  # warnings would raise here


def test_whatever_fits_and_predicts_can_be_evaluated():
    class Mean(BaseEstimator):
        def fit(self, X, y=None):
            self.known_ = X
            return self

        def predict(self, steps):
            index = pd.RangeIndex(len(self.known_), len(self.known_) + steps)
            return pd.Series(np.mean(self.known_), index=index)

    frame = backtest(Mean(), [1.0, 3.0, 2.0, 2.0, 5.0], n_windows=2, horizon=1)
    assert frame["mean"].tolist() == [2.0, 2.0]
    assert set(frame["model"]) == {"Mean"}


def test_the_summary_equals_its_slow_twin():
    y = load_airline()
    models = {"naive": NaiveForecaster(6, 12), "seasonal": SeasonalNaiveForecaster(6, 12)}
    frame = backtest(models, y, n_windows=4, step=5)
    summary = summarize(frame)
    assert list(summary.index) == ["naive", "seasonal"]
    pd.testing.assert_frame_equal(summarize(frame, by="model"), summary)  # it always is by model
    for model, rows in frame.groupby("model"):
        error = rows["y"] - rows["mean"]
        assert summary.loc[model, "mae"] == pytest.approx(error.abs().mean())
        assert summary.loc[model, "rmse"] == pytest.approx(np.sqrt((error**2).mean()))
        assert summary.loc[model, "smape"] == pytest.approx(smape(rows["y"], rows["mean"]))
        scaled = [
            mase(window["y"], window["mean"], y_train=y[:cutoff], season_length=12)
            for cutoff, window in rows.groupby("cutoff")
        ]
        assert summary.loc[model, "mase"] == pytest.approx(np.mean(scaled))


def test_the_mase_leaves_out_series_that_have_none():
    wide = pd.DataFrame({"constant": np.ones(12), "line": np.arange(12.0)})
    frame = backtest(NaiveForecaster(1), wide, n_windows=2)
    assert frame["scale"].isna().tolist() == [True, False] * 2
    assert summarize(frame)["mase"].tolist() == [1.0]
    assert summarize(frame)["mae"].tolist() == [0.5]
    by = summarize(frame, by=["unique_id"])
    assert by.index.tolist() == [
        ("NaiveForecaster", "constant"),
        ("NaiveForecaster", "line"),
    ]
    assert np.isnan(by["mase"].iloc[0])
    assert by["mase"].iloc[1] == 1


def test_errors_by_step():
    frame = backtest(NaiveForecaster(3), np.arange(30.0))
    assert summarize(frame, by="step")["mae"].tolist() == [1, 2, 3]


def test_the_season_of_the_scale_is_the_longest_or_the_one_given():
    y = quarters()
    models = {"naive": NaiveForecaster(2), "seasonal": SeasonalNaiveForecaster(2, 4)}
    frame = backtest(models, y, n_windows=1)
    assert frame["scale"].nunique() == 1
    assert frame["scale"].iloc[0] == pytest.approx(y[:-2].diff(4).abs().mean())
    frame = backtest(models, y, n_windows=1, season_length=1)
    assert frame["scale"].iloc[0] == pytest.approx(y[:-2].diff().abs().mean())


def test_a_progress_bar_is_shown_on_demand(capsys):
    backtest(NaiveForecaster(1), np.arange(9.0), n_windows=2, verbose=True)
    assert "2/2" in capsys.readouterr().err
    backtest(NaiveForecaster(1), np.arange(9.0), n_windows=2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_windows": 0}, "n_windows to be an integer >= 1, got 0"),
        ({"horizon": 1.5}, "horizon to be an integer >= 1, got 1.5"),
        ({"step": 0}, "step to be an integer >= 1, got 0"),
        ({"season_length": -1}, "season_length to be an integer >= 1, got -1"),
        ({"min_train": 0}, "min_train to be an integer >= 1, got 0"),
        ({"forecasters": {}}, "at least one forecaster"),
        ({"forecasters": {"a": NaiveForecaster(1), "b": NaiveForecaster(2)}}, "give backtest a"),
        (
            {"forecasters": {"a": NaiveForecaster(), "b": NaiveForecaster(id_col="shop")}},
            "differ in id_col, 'unique_id' and 'shop'",
        ),
    ],
)
def test_errors_say_what_was_wrong(settings, message):
    with pytest.raises(ValueError, match=message):
        backtest(**{"forecasters": NaiveForecaster(), "data": np.arange(20.0)} | settings)


def test_what_is_no_forecaster_is_refused():
    for wrong in [NaiveForecaster, [NaiveForecaster()], {"a": "naive"}]:
        with pytest.raises(TypeError, match="expects a forecaster"):
            backtest(wrong, np.arange(20.0))
    with pytest.raises(ValueError, match="without the column 'model'"):
        summarize(pd.DataFrame({"y": [1.0]}))

"""The pictures: what is drawn where, for every form of data."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from forecaster import ElmanForecaster, ElmanRegressor, NaiveForecaster, SeasonalNaiveForecaster
from forecaster.data import load_airline, make_panel
from forecaster.evaluation import backtest
from forecaster.plotting import (
    plot_backtest,
    plot_forecast,
    plot_gradient_by_lag,
    plot_loss,
)
from tests.forecasting.common import calibrating

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.dates import num2date  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture
def ax():
    figure = Figure()
    yield figure.subplots()
    figure.canvas.draw()  # whatever was drawn can be rendered, without a warning


def lines(ax):
    """The labelled lines: arrays of x and y."""
    return {
        line.get_label(): (line.get_xdata(orig=False), line.get_ydata(orig=False))
        for line in ax.get_lines()
        if not line.get_label().startswith("_")
    }


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def dates(x):
    return [pd.Timestamp(day).tz_localize(None) for day in num2date(x)]


def test_a_series_its_forecast_and_what_happened(ax):
    y = load_airline()
    forecast = SeasonalNaiveForecaster(12, 12).fit(y[:-12]).predict()
    assert plot_forecast(y[:-12], forecast, actual=y[-12:], ax=ax) is ax
    drawn = lines(ax)
    assert list(drawn) == legend(ax) == ["history", "actual", "forecast"]
    x, values = drawn["history"]
    np.testing.assert_array_equal(values, y[-12 - 48 : -12])
    assert dates(x) == list(y.index[-12 - 48 : -12])
    # Both lines go on from the last known value.
    np.testing.assert_array_equal(drawn["actual"][1], y[-13:])
    np.testing.assert_array_equal(drawn["forecast"][1], [y.iloc[-13], *forecast])
    assert dates(drawn["forecast"][0]) == list(y.index[-13:])
    assert ax.get_ylabel() == "passengers"


@pytest.mark.parametrize("n_history", [1, 7, 10_000])
def test_as_much_history_as_wanted(ax, n_history):
    y = load_airline()
    plot_forecast(y, NaiveForecaster(2).fit(y).predict(), n_history=n_history, ax=ax)
    assert len(lines(ax)["history"][1]) == min(n_history, len(y))


def test_intervals_are_shaded_the_widest_first_and_lightest(ax):
    y = pd.Series([1.0, 2.0, 3.0])
    forecast = pd.DataFrame(
        {"mean": [4.0, 5.0], "lo-95": [1, 1], "lo-80": [3, 4], "hi-80": [5, 6], "hi-95": [7, 9]},
        index=[3, 4],
    )
    plot_forecast(y, forecast, ax=ax)
    assert legend(ax) == ["history", "95 % interval", "80 % interval", "forecast"]
    wide, narrow = ax.collections
    heights = [area.get_datalim(ax.transData).intervaly.tolist() for area in (wide, narrow)]
    assert heights == [[1, 9], [3, 6]]
    assert wide.get_zorder() < narrow.get_zorder() < ax.get_lines()[-1].get_zorder()
    assert wide.get_facecolor().sum() > narrow.get_facecolor().sum()


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2020-01", periods=20, freq="M"),
        pd.date_range("2020-01-01", periods=20, freq="MS", tz="Europe/Berlin"),
        pd.RangeIndex(5, 25),
    ],
    ids=["periods", "zone", "integers"],
)
def test_every_kind_of_time(ax, index):
    y = pd.Series(np.arange(20.0), index=index)
    forecast = NaiveForecaster(3).fit(y[:-3]).predict()
    plot_forecast(y[:-3], forecast, actual=y[-3:], ax=ax)
    x, _ = lines(ax)["forecast"]
    if isinstance(index, pd.RangeIndex):
        assert x.tolist() == [21, 22, 23, 24]
    else:
        assert dates(x) == list(pd.date_range("2021-05-01", periods=4, freq="MS"))


def test_plain_numbers(ax):
    plot_forecast([1, 2, 3], NaiveForecaster(2).fit([1, 2, 3]).predict(), actual=[4, 5], ax=ax)
    assert {name: x.tolist() for name, (x, _) in lines(ax).items()} == {
        "history": [0, 1, 2],
        "actual": [2, 3, 4],
        "forecast": [2, 3, 4],
    }


@pytest.mark.parametrize("level", [None, [80]])
@pytest.mark.parametrize("series", [None, "series-1"])
@pytest.mark.parametrize("form", ["wide", "long"])
def test_one_series_of_a_panel(ax, form, series, level):
    panel = make_panel(3, 40, random_state=0)
    wide = panel.pivot(index="ds", columns="unique_id", values="y")
    data = panel if form == "long" else wide
    model = ElmanForecaster(2, n_estimators=1, max_steps=5, random_state=0).fit(data)
    plot_forecast(data, model.predict(level=level), actual=None, series=series, ax=ax)
    name = series or "series-0"
    np.testing.assert_array_equal(lines(ax)["history"][1], wide[name])
    expected = model.predict(2)
    if form == "long":
        expected = expected.pivot(index="ds", columns="unique_id", values="y")
    np.testing.assert_array_equal(lines(ax)["forecast"][1][1:], expected[name])
    assert ("80 % interval" in legend(ax)) == (level is not None)
    assert ax.get_ylabel() == name


def test_actual_rows_of_a_panel_are_found_by_their_id(ax):
    panel = make_panel(3, 20, season_length=1, random_state=0)
    last = panel.groupby("unique_id").cumcount(ascending=False) < 2
    backwards = panel[last].sort_values("unique_id", ascending=False, kind="stable")
    forecast = NaiveForecaster(2).fit(panel[~last]).predict()
    plot_forecast(panel[~last], forecast, actual=backwards, ax=ax)
    np.testing.assert_array_equal(
        lines(ax)["actual"][1], panel[panel["unique_id"] == "series-0"]["y"][-3:]
    )


def test_columns_of_other_names(ax):
    names = {"id_col": "shop", "time_col": "day", "target_col": "sales"}
    panel = make_panel(2, 20, random_state=0).set_axis(list(names.values()), axis=1)
    forecast = NaiveForecaster(2, **names).fit(panel).predict()
    plot_forecast(panel, forecast, ax=ax, **names)
    assert len(lines(ax)["forecast"][1]) == 3


@pytest.mark.parametrize("level", [None, 80])
@pytest.mark.parametrize("history", ["column", "wide", "long"])
def test_a_forecast_of_other_rows(ax, history, level):
    noise = np.random.default_rng(0).normal(size=(30, 2))
    wide = pd.DataFrame(noise, pd.RangeIndex(30, name="ds"), ["a", "b"])
    long = wide.reset_index().melt("ds", var_name="unique_id", value_name="y")
    data = {"column": wide["a"], "wide": wide, "long": long}
    forecasts = {
        name: calibrating(horizon=2).fit(rows).predict(level=level) for name, rows in data.items()
    }
    plot_forecast(data[history], forecasts.pop(history), ax=ax)
    for forecast in [*forecasts.values(), np.zeros(2)]:
        with pytest.raises(ValueError, match="what `predict` gave for these rows, in pandas"):
            plot_forecast(data[history], forecast, ax=ax)


def test_a_figure_of_its_own():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = dict(matplotlib.rcParams)
    axes = plot_forecast([1, 2], NaiveForecaster().fit([1, 2]).predict())
    assert pyplot.gcf() is axes.figure
    pyplot.close(axes.figure)
    assert dict(matplotlib.rcParams) == before


def test_a_backtest_of_several_models(ax):
    y = load_airline()
    models = {"naive": NaiveForecaster(12), "seasonal": SeasonalNaiveForecaster(12, 12)}
    frame = backtest(models, y, n_windows=3)
    plot_backtest(frame, ax=ax)
    assert legend(ax) == ["actual", "naive", "seasonal"]
    np.testing.assert_array_equal(lines(ax)["actual"][1], y[-36:])
    colours = [line.get_color() for line in ax.get_lines()]
    assert len(set(colours)) == 4  # cutoffs, what happened, two models
    assert len(ax.get_lines()) == 3 + 1 + 2 * 3


@pytest.mark.parametrize("kind", ["periods", "zone"])
def test_the_times_of_a_backtest(ax, kind):
    y = load_airline()
    y = y.to_period("M") if kind == "periods" else y.tz_localize("America/New_York")
    plot_backtest(backtest(NaiveForecaster(2), y, n_windows=2), ax=ax)
    x, values = lines(ax)["actual"]
    assert dates(x) == list(load_airline().index[-4:])
    np.testing.assert_array_equal(values, y[-4:])


@pytest.mark.parametrize(("step", "gaps"), [(2, 0), (3, 0), (5, 2)])
def test_what_happened_between_windows_is_not_invented(ax, step, gaps):
    y = np.arange(40.0) ** 2
    plot_backtest(backtest(NaiveForecaster(3), y, n_windows=3, step=step), ax=ax)
    _, values = lines(ax)["actual"]
    assert np.isnan(values).sum() == gaps
    known = values[~np.isnan(values)]
    assert len(known) == len(set(known)) == min(3 + 2 * step, 9)


def test_the_intervals_of_a_backtest(ax):
    model = ElmanForecaster(2, n_estimators=1, max_steps=5, random_state=0)
    frame = backtest({"elman": model, "naive": NaiveForecaster(2)}, np.arange(30.0) ** 2, level=80)
    plot_backtest(frame[frame["model"] == "elman"], ax=ax)
    assert legend(ax) == ["actual", "80 % interval", "elman"]
    assert len(ax.collections) == 6
    other = Figure().subplots()
    plot_backtest(frame, ax=other)
    assert not other.collections


def test_a_series_of_a_backtest(ax):
    frame = backtest(NaiveForecaster(2), make_panel(2, 30, random_state=0), n_windows=2)
    plot_backtest(frame, series="series-1", ax=ax)
    rows = frame[frame["unique_id"] == "series-1"]
    np.testing.assert_array_equal(lines(ax)["actual"][1], rows["y"])
    assert ax.get_ylabel() == "series-1"


def test_the_loss_falls(ax):
    model = ElmanForecaster(n_estimators=1, random_state=0).fit(1 + np.arange(20.0) % 7)
    plot_loss(model, ax=ax)
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), model.loss_curve_)
    assert line.get_xdata()[0] == 1
    assert ax.get_legend() is None


@pytest.mark.filterwarnings("ignore:.*max_iter")
def test_the_validation_loss_beside_it(ax):
    X = np.sin(np.arange(300.0)).reshape(30, 10)
    model = ElmanRegressor(4, max_iter=4, early_stopping=True, random_state=0).fit(X, X[:, -1])
    plot_loss(model, ax=ax)
    assert legend(ax) == ["training", "validation"]
    np.testing.assert_array_equal(lines(ax)["validation"][1], -np.array(model.validation_scores_))


def test_the_gradient_by_lag_of_one_model(ax):
    norms = pd.Series([1.0, 0.1, 1e-300], pd.RangeIndex(3, name="lag"))
    assert plot_gradient_by_lag(norms, ax=ax) is ax
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), norms.index)
    np.testing.assert_array_equal(line.get_ydata(), norms)
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "lag")
    assert ax.get_legend() is None


@pytest.mark.parametrize("kind", [dict, pd.DataFrame])
def test_the_gradients_by_lag_of_several_models(kind, ax):
    """Also of more models than there are colours, and of one whose gradient is zero."""
    names = [f"model {k}" for k in range(8)]
    norms = {name: pd.Series([1.0, k]) for k, name in enumerate(names)}
    plot_gradient_by_lag(kind(norms), ax=ax)
    assert list(lines(ax)) == legend(ax) == names
    np.testing.assert_array_equal(lines(ax)["model 7"][1], [1, 7])


def test_errors_say_what_was_wrong(ax, monkeypatch):
    panel = make_panel(2, 20, random_state=0)
    forecast = NaiveForecaster().fit(panel).predict()
    with pytest.raises(ValueError, match="no series 'x' among the 2, such as 'series-0'"):
        plot_forecast(panel, forecast, series="x", ax=ax)
    with pytest.raises(ValueError, match="no row of a series 'series-1' in column 'unique_id'"):
        plot_forecast(panel, forecast[:1], series="series-1", ax=ax)
    with pytest.raises(ValueError, match="n_history to be at least 1, got 0"):
        plot_forecast(panel, forecast, n_history=0, ax=ax)
    frame = backtest(NaiveForecaster(), panel)
    with pytest.raises(ValueError, match="no row of a series 'x'"):
        plot_backtest(frame, series="x", ax=ax)
    for rows in (frame[:0], frame["mean"]):
        with pytest.raises(ValueError, match="rows of the frame that `backtest` returned"):
            plot_backtest(rows, ax=ax)
    with pytest.raises(NotFittedError):
        plot_loss(ElmanForecaster(), ax=ax)
    with pytest.raises(TypeError, match="which NaiveForecaster does not have"):
        plot_loss(NaiveForecaster().fit([1.0]), ax=ax)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'forecaster\[plot\]'"):
        plot_backtest(frame)

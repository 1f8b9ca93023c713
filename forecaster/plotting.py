"""Pictures of forecasts, backtests and training, with matplotlib: axes in, the same axes out.

Global settings of matplotlib are left alone. Colours: M. Okabe, K. Ito, "Color Universal Design",
2008, which people with any colour vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from forecaster.data import SeriesSet, read

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_backtest", "plot_forecast", "plot_gradient_by_lag", "plot_loss"]

_DARK = "#404040"  # what happened
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # forecasts


def plot_forecast(
    history: Any,
    forecast: pd.Series | pd.DataFrame,
    *,
    actual: Any = None,
    series: Hashable = None,
    n_history: int | None = None,
    ax: Axes | None = None,
    id_col: str = "unique_id",
    time_col: str = "ds",
    target_col: str = "y",
    freq: object = None,
) -> Axes:
    """Draw the end of a series, its forecast, and the intervals of the forecast.

    Parameters
    ----------
    history : list, array, Series or DataFrame
        The known rows, in any form that a forecaster takes.
    forecast : Series or DataFrame
        What `predict` gave for them, with or without intervals.
    actual : list, array, Series or DataFrame, optional
        What happened after the known rows, in their form.
    series : hashable, optional
        The id or column to draw, of data that hold several. None takes the first.
    n_history : int, optional
        How many of the last known rows to draw. None: four times as many as are forecast, at
        least 40.
    ax : matplotlib Axes, optional
        Where to draw. None opens a new figure with pyplot.
    id_col, time_col, target_col : str, default="unique_id", "ds", "y"
        The columns of a long frame.
    freq : str, pandas offset, int or None, default=None
        The step from row to row, as for the forecaster.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If there is no such series, the forecast is not one of it, or `n_history` is less than 1.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from forecaster import SeasonalNaiveForecaster
    >>> from forecaster.data import load_airline
    >>> from forecaster.plotting import plot_forecast
    >>> y = load_airline()
    >>> forecast = SeasonalNaiveForecaster(12, season_length=12).fit(y[:-12]).predict()
    >>> ax = plot_forecast(y[:-12], forecast, actual=y[-12:], ax=Figure().subplots())
    >>> ax.get_legend_handles_labels()[1]
    ['history', 'actual', 'forecast']
    """
    names = {"id_col": id_col, "time_col": time_col, "target_col": target_col}
    data = read(history, **names, freq=freq)
    known = _values(data, series)
    mean = _forecast_of(forecast, data, known.name, id_col)
    if n_history is None:
        n_history = max(40, 4 * len(mean))
    if n_history < 1:
        raise ValueError(f"plot_forecast expects n_history to be at least 1, got {n_history}.")
    ax = _axes(ax)
    known = known.iloc[-n_history:]
    end = known.iloc[-1:]
    ax.plot(_x(known.index), known, color=_DARK, linewidth=1.3, label="history")
    if actual is not None:
        happened = read(actual, **names, freq=freq)
        after = _values(happened, known.name)
        if not happened.labelled:
            after = after.iloc[: len(mean)].set_axis(mean.index[: len(after)])
        line = pd.concat([end, after])
        ax.plot(
            _x(line.index), line, color=_DARK, linewidth=1.3, linestyle=(0, (3, 1)), label="actual"
        )
    _shade(ax, mean, _COLOURS[0])
    line = pd.concat([end, mean["mean"]])
    ax.plot(_x(line.index), line, color=_COLOURS[0], linewidth=1.8, label="forecast")
    _finish(ax, mean.index, None if known.name is None else str(known.name))
    return ax


def plot_backtest(frame: pd.DataFrame, *, series: Hashable = None, ax: Axes | None = None) -> Axes:
    """Draw the forecasts of a backtest beside what happened.

    Parameters
    ----------
    frame : DataFrame
        From `forecaster.evaluation.backtest`; filter its rows to draw only some models.
    series : hashable, optional
        The ``unique_id`` to draw. None takes the first.
    ax : matplotlib Axes, optional
        Where to draw. None opens a new figure with pyplot.

    Returns
    -------
    matplotlib Axes
        Dotted lines mark the cutoffs. Intervals are shaded if there is a single model, or else
        the pictures of several would cover each other.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If there is no such series, or no row of a backtest.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from forecaster import DriftForecaster
    >>> from forecaster.data import load_beer
    >>> from forecaster.evaluation import backtest
    >>> from forecaster.plotting import plot_backtest
    >>> frame = backtest(DriftForecaster(horizon=4), load_beer())
    >>> ax = plot_backtest(frame, ax=Figure().subplots())
    >>> ax.get_ylabel()
    'beer'
    """
    if "cutoff" not in frame or frame.empty:
        raise ValueError("plot_backtest expects rows of the frame that `backtest` returned.")
    series = frame["unique_id"].iloc[0] if series is None else series
    frame = _rows_of(frame, "unique_id", series)
    ax = _axes(ax)
    models = list(dict.fromkeys(frame["model"]))
    happened = frame[frame["model"] == models[0]]
    for cutoff in _x(pd.Index(happened["cutoff"].unique())):
        ax.axvline(cutoff, color="0.8", linewidth=0.8, linestyle=":", zorder=0)
    actual = _with_gaps(happened)
    ax.plot(_x(actual.index), actual, color=_DARK, linewidth=1.3, label="actual")
    for number, model in enumerate(models):
        colour, label = _COLOURS[number % len(_COLOURS)], model
        for _, window in frame[frame["model"] == model].groupby("cutoff", sort=False):
            window = window.set_index("ds")
            if len(models) == 1:
                _shade(ax, window, colour)
            ax.plot(
                _x(window.index),
                window["mean"],
                color=colour,
                linewidth=1.5,
                label=label,
                zorder=3 - number / 10,  # the first model lies above the others
            )
            label = None
    _finish(ax, pd.Index(frame["ds"]), str(series))
    return ax


def plot_loss(estimator: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how the loss fell in training.

    Parameters
    ----------
    estimator : fitted estimator
        One with ``loss_curve_``. If it validated (``validation_scores_``), that loss is drawn
        as well.
    ax : matplotlib Axes, optional
        Where to draw. None opens a new figure with pyplot.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ImportError
        Without matplotlib.
    NotFittedError
        Before `fit`.
    TypeError
        If the estimator is not trained by iterations.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from forecaster import ElmanForecaster
    >>> from forecaster.plotting import plot_loss
    >>> forecaster = ElmanForecaster(random_state=0).fit([1, 2, 3, 4, 5])
    >>> ax = plot_loss(forecaster, ax=Figure().subplots())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('iteration', 'loss')
    """
    check_is_fitted(estimator)
    if not hasattr(estimator, "loss_curve_"):
        raise TypeError(
            f"plot_loss draws loss_curve_, which {type(estimator).__name__} does not have."
        )
    ax = _axes(ax)
    curves = {"training": np.asarray(estimator.loss_curve_)}
    scores = getattr(estimator, "validation_scores_", None)
    if scores is not None:
        curves["validation"] = -np.asarray(scores)
    for (label, curve), colour in zip(curves.items(), _COLOURS, strict=False):
        iterations = np.arange(1, len(curve) + 1)
        ax.plot(iterations, curve, color=colour, linewidth=1.8, label=label)
    ax.set_xlabel("iteration")
    _finish(ax, pd.RangeIndex(0), "loss")
    return ax


def plot_gradient_by_lag(
    norms: pd.Series | Mapping[str, pd.Series], *, ax: Axes | None = None
) -> Axes:
    """Draw how far back gradients reach, on a logarithmic scale.

    Parameters
    ----------
    norms : Series, or dict or DataFrame of Series
        From `forecaster.evaluation.gradient_by_lag`, by the name of the model if there are several.
    ax : matplotlib Axes, optional
        Where to draw. None opens a new figure with pyplot.

    Returns
    -------
    matplotlib Axes
        A straight line that falls is a gradient that vanishes. Zeros are left out.

    Raises
    ------
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import pandas as pd
    >>> from forecaster.plotting import plot_gradient_by_lag
    >>> norms = {"Elman": pd.Series([1, 0.1, 0.01]), "LSTM": pd.Series([1, 0.9, 0.8])}
    >>> ax = plot_gradient_by_lag(norms, ax=Figure().subplots())
    >>> ax.get_xlabel(), ax.get_yscale()
    ('lag', 'log')
    """
    ax = _axes(ax)
    models = {None: norms} if isinstance(norms, pd.Series) else norms
    for (label, curve), colour in zip(models.items(), cycle(_COLOURS), strict=False):
        ax.plot(curve.index, curve, color=colour, linewidth=1.8, label=label)
    ax.set_yscale("log", nonpositive="mask")
    ax.set_xlabel("lag")
    _finish(ax, pd.RangeIndex(0), "norm of the gradient")
    return ax


def _values(data: SeriesSet, series: Hashable) -> pd.Series:
    """One of the series, with its times and its name."""
    several = data.kind in {"wide", "long"}
    position = _position(data, series) if several and series is not None else 0
    values = data.panel.series(position)
    of_axis = np.full(len(values), position if data.kind == "long" else 0)
    index = data.axis.labels(of_axis, np.arange(len(values)))
    return pd.Series(values, index=index, name=data.ids[position])


def _position(data: SeriesSet, series: Hashable) -> int:
    found = [i for i, name in enumerate(data.ids) if name == series]
    if not found:
        raise ValueError(
            f"There is no series {series!r} among the {data.n_series}, such as {data.ids[0]!r}."
        )
    return found[0]


def _forecast_of(forecast: Any, data: SeriesSet, series: Hashable, id_col: str) -> pd.DataFrame:
    """The forecast of one series: mean and bounds as columns, times as the index."""
    columns = getattr(forecast, "columns", pd.Index([]))
    if data.columns is not None:
        fits = set(data.columns[:2]) <= set(columns)
    elif data.kind == "wide":
        fits = series in columns
    else:
        fits = isinstance(forecast, pd.Series) or ("mean" in columns and id_col not in columns)
    if not fits:
        raise ValueError(
            "plot_forecast expects what `predict` gave for these rows, in pandas; got another "
            f"{type(forecast).__name__}: draw what the forecaster was fitted on."
        )
    if data.columns is not None:
        rows = _rows_of(forecast, data.columns.id, series).set_index(data.columns.time)
        forecast = rows.rename(columns={data.columns.target: "mean"})
    elif data.kind == "wide":
        forecast = forecast[series]
    return forecast.to_frame("mean") if isinstance(forecast, pd.Series) else forecast


def _rows_of(frame: pd.DataFrame, column: str, series: Hashable) -> pd.DataFrame:
    rows = frame[[name == series for name in frame[column]]]
    if rows.empty:
        raise ValueError(f"The frame has no row of a series {series!r} in column {column!r}.")
    return rows


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: install it with `pip install 'forecaster[plot]'`."
        ) from error
    return plt.subplots(figsize=(9, 4), layout="constrained")[1]


def _x(index: pd.Index) -> np.ndarray:
    """Places on the axis: periods where they begin, times by their own clock."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        index = index.tz_localize(None)
    return index.to_numpy()


def _shade(ax: Axes, forecast: pd.DataFrame, colour: str) -> None:
    """Intervals, the widest lightest."""
    from matplotlib.colors import to_rgb

    levels = [name.removeprefix("lo-") for name in forecast.columns if name.startswith("lo-")]
    drawn = set(ax.get_legend_handles_labels()[1])
    for number, level in enumerate(sorted(levels, key=float, reverse=True)):
        label = f"{level} % interval"
        share = 0.4 - 0.24 * 0.4**number  # of the colour, the rest is white
        ax.fill_between(
            _x(forecast.index),
            forecast[f"lo-{level}"],
            forecast[f"hi-{level}"],
            color=[1 - share * (1 - part) for part in to_rgb(colour)],
            linewidth=0,
            zorder=1 + number / 10,
            label=None if label in drawn else label,
        )


def _with_gaps(rows: pd.DataFrame) -> pd.Series:
    """What happened, each time once, with a NaN where rows between two windows are not known."""
    pieces: list[pd.Series] = []
    seen: set[Any] = set()
    for cutoff, window in rows.groupby("cutoff"):
        values = window.set_index("ds")["y"]
        values = values.loc[~values.index.isin(list(seen))]
        if seen and cutoff not in seen:
            values = pd.concat([pd.Series(np.nan, index=values.index[:1]), values])
        pieces.append(values)
        seen.update(values.index)
    return pd.concat(pieces)


def _finish(ax: Axes, index: pd.Index, label: str | None) -> None:
    """Labels, a light grid and dates that do not crowd."""
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    else:
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if label is not None:
        ax.set_ylabel(label)
    ax.grid(color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("0.6")
    ax.tick_params(color="0.6")
    ax.margins(x=0.01)
    handles, labels = ax.get_legend_handles_labels()
    if len(labels) > 1:
        ax.legend(handles, labels, loc="best", edgecolor="none", framealpha=0.85)

"""Backtests: forecast the past from what was known then, again and again, and compare.

Source: L. J. Tashman, "Out-of-sample tests of forecasting accuracy: an analysis and review",
International Journal of Forecasting 16 (2000) 437-450 (rolling origins, refitted).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from tqdm import tqdm

from forecaster.data import SeriesSet, read
from forecaster.evaluation.metrics import (
    coverage,
    mean_absolute_error,
    root_mean_squared_error,
    smape,
)
from forecaster.exceptions import SkillWarning
from forecaster.forecasting import DriftForecaster, NaiveForecaster, SeasonalNaiveForecaster
from forecaster.forecasting.base import check_levels
from forecaster.forecasting.scoring import mase_scale

__all__ = ["backtest", "summarize", "windows_that_fit"]

_WITHOUT_INTERVALS = (NaiveForecaster, SeasonalNaiveForecaster, DriftForecaster)
_NAMES = {"id_col": "unique_id", "time_col": "ds", "target_col": "y", "freq": None}
_COLUMNS = ["model", "unique_id", "cutoff", "ds", "step", "y", "mean", "scale"]


def backtest(
    forecasters: Any,
    data: Any,
    *,
    n_windows: int = 6,
    horizon: int | None = None,
    step: int | None = None,
    level: float | Sequence[float] | None = None,
    season_length: int | None = None,
    min_train: int | None = None,
    verbose: bool = False,
) -> pd.DataFrame:
    """Rolling origin evaluation: forecast several stretches of the past, each from its own past.

    In every window the last rows are hidden, a clone of each forecaster is fitted to what
    remains, and its forecast is put beside what happened. The last window ends with the data.
    Nothing that follows a window's cutoff reaches its forecasts.

    Parameters
    ----------
    forecasters : forecaster, or dict of str to forecaster
        What to evaluate; the keys name the models, a single one is called by its class. They are
        cloned, never fitted themselves.
    data : list, array, Series or DataFrame
        One series or many, in any form that the forecasters take.
    n_windows : int, default=6
        Number of windows, and of fits for each forecaster.
    horizon : int, optional
        Steps to forecast in a window. None takes the forecasters' own ``horizon``.
    step : int, optional
        Rows from one cutoff to the next. None takes the horizon, so that windows follow each
        other without overlap, or, where the data are too short for that, the longest step for
        which they suffice.
    level : float or sequence of float, optional
        Coverage of the intervals wanted, in percent. The baselines have none: beside other
        forecasters theirs are NaN.
    season_length : int, optional
        The season of the column ``scale``, the same for all models. None takes the longest
        ``season_length`` of the forecasters.
    min_train : int, optional
        Rows that a series must have before a cutoff to take part in that window; in a long frame
        shorter ones are left out of it. None takes two more than the horizon (with ``level``,
        three horizons) and than the season.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        A row for every model, window, series and step, in this order, with the columns

        - ``model``, and ``unique_id``: the id of a long frame, the column of a wide one, the name
          of a Series ("y" if it has none);
        - ``cutoff``: time of the last known row; ``ds``: time of the row forecast; ``step``: how
          many rows lie between, 1 to horizon;
        - ``y``: what happened; ``mean``: the forecast; ``lo-95, lo-80, hi-80, hi-95`` with
          ``level``;
        - ``scale``: mean ``|y[t] - y[t - season_length]|`` over the series up to the cutoff, what
          errors are divided by in the MASE; NaN where it would be 0 or is not known.

    Raises
    ------
    TypeError
        If something that should be a forecaster is none.
    ValueError
        If a number is out of range, the forecasters disagree on the horizon or on the columns of
        a long frame, none of them has the intervals asked for, or the longest series is too short
        for the windows.

    Notes
    -----
    In a long frame each series is cut so many rows before its own end. Series that end at
    different times therefore have different cutoffs in one window, and a model of all of them
    knows later days of one series than of another, as it does when it forecasts such data today.

    A `SkillWarning` of a fit is not shown: the table says the same with better figures.

    Examples
    --------
    >>> from forecaster import NaiveForecaster, SeasonalNaiveForecaster
    >>> from forecaster.data import load_airline
    >>> from forecaster.evaluation import backtest, summarize
    >>> models = {"naive": NaiveForecaster(12), "seasonal naive": SeasonalNaiveForecaster(12, 12)}
    >>> frame = backtest(models, load_airline(), n_windows=3)
    >>> frame[["model", "cutoff", "ds", "step", "y", "mean"]].head(2)
       model     cutoff         ds  step      y   mean
    0  naive 1957-12-01 1958-01-01     1  340.0  336.0
    1  naive 1957-12-01 1958-02-01     2  318.0  336.0
    >>> summarize(frame).round(2)
                      mae   rmse  smape  mase
    model
    naive           73.22  98.76  17.41  2.47
    seasonal naive  35.92  41.98   8.52  1.21
    """
    models = _models(forecasters)
    levels = _levels(level, models)
    columns = {name: _common(models, name, default) for name, default in _NAMES.items()}
    full = read(data, **columns)
    horizon = _positive("horizon", _common(models, "horizon", None) if horizon is None else horizon)
    if season_length is None:
        season_length = max(getattr(model, "season_length", 1) for model in models.values())
    if min_train is None:
        min_train = _rows_to_learn_from(horizon, season_length, levels)
    for name, number in [
        ("n_windows", n_windows),
        ("season_length", season_length),
        ("min_train", min_train),
    ]:
        _positive(name, number)
    step = _step(step, int(full.lengths.max()), horizon, n_windows, min_train)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in models}
    with tqdm(
        total=n_windows * len(models), disable=not verbose, desc="backtest", unit="fit"
    ) as bar:
        for window in reversed(range(n_windows)):
            n_hidden = horizon + window * step
            used = np.flatnonzero(full.lengths - n_hidden >= min_train)
            rows = _rows(full.select(used), n_hidden, horizon, season_length)
            known = _known(data, full, n_hidden, min_train)
            for name, model in models.items():
                forecast = _forecast(model, known, horizon, levels, full.freq)
                forecasts = _columns(forecast, full, len(used), horizon)
                tables[name].append(rows.assign(model=name, **forecasts))
                bar.update()
    table = pd.concat([part for parts in tables.values() for part in parts], ignore_index=True)
    bounds = [name for name in table.columns if name.startswith(("lo-", "hi-"))]
    return table[[*_COLUMNS[:-1], *bounds, "scale"]]


def summarize(frame: pd.DataFrame, *, by: str | Sequence[str] = ()) -> pd.DataFrame:
    """Measure the accuracy of each model in a backtest.

    Parameters
    ----------
    frame : DataFrame
        From `backtest`.
    by : str or sequence of str, default=()
        Columns to tell apart as well: ``"step"`` shows how errors grow with the horizon,
        ``"unique_id"`` which series is hard.

    Returns
    -------
    DataFrame
        A row for each model (and group), in the order of `frame`, with the columns

        - ``mae``: mean of ``|y - mean|`` over all rows;
        - ``rmse``: root of the mean of ``(y - mean)**2`` over all rows;
        - ``smape``: mean of ``200 |y - mean| / (|y| + |mean|)``, in percent;
        - ``mase``: mean over windows and series of the mean of ``|y - mean| / scale``; below 1,
          errors are smaller than those of the seasonal naive forecast one season ahead on the
          known rows. A series without a scale does not count; NaN if none has one;
        - ``coverage-80`` and so on: share of rows whose ``y`` lies in that interval, between 0
          and 1; NaN for a model without intervals.

    Raises
    ------
    ValueError
        If columns of a backtest are missing.

    Examples
    --------
    >>> from forecaster import DriftForecaster
    >>> from forecaster.evaluation import backtest, summarize
    >>> frame = backtest(DriftForecaster(horizon=2), [1, 2, 3, 4, 5, 8, 13], n_windows=2)
    >>> summarize(frame, by="step")["mae"].tolist()
    [1.0, 4.0]
    """
    by = [name for name in ([by] if isinstance(by, str) else by) if name != "model"]
    missing = [name for name in [*_COLUMNS, *by] if name not in frame.columns]
    if missing:
        raise ValueError(
            f"summarize expects a frame from backtest, got one without the column {missing[0]!r}."
        )
    groups = frame.groupby(["model", *by], sort=False, observed=True)
    figures = {key: _figures(group) for key, group in groups}
    summary = pd.DataFrame(list(figures.values()))
    keys = pd.MultiIndex.from_tuples(list(figures), names=["model", *by])
    return summary.set_axis(keys if by else keys.get_level_values("model"))


def windows_that_fit(
    n_rows: int,
    horizon: int,
    season_length: int = 1,
    *,
    level: float | Sequence[float] | None = None,
    step: int | None = None,
) -> int:
    """Number of windows for which a series suffices, at the smallest step by default; may be 0."""
    spare = n_rows - horizon - _rows_to_learn_from(horizon, season_length, level)
    return max(0, spare // (step or 1) + 1)


def _rows_to_learn_from(horizon: int, season_length: int, level: Any) -> int:
    """The default of ``min_train``; intervals need rows to be calibrated on."""
    return max(horizon if level is None else 3 * horizon, season_length) + 2


def _models(forecasters: Any) -> dict[str, Any]:
    if not isinstance(forecasters, Mapping):
        forecasters = {type(forecasters).__name__: forecasters}
    if not forecasters:
        raise ValueError("backtest needs at least one forecaster, got an empty dict.")
    for name, model in forecasters.items():
        if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict")):
            raise TypeError(
                "backtest expects a forecaster, such as NaiveForecaster(), or a dict of names to "
                f"forecasters, got {model!r} as {name!r}."
            )
    return dict(forecasters)


def _levels(level: float | Sequence[float] | None, models: Mapping[str, Any]) -> list[float] | None:
    """The levels of the intervals wanted, None for none."""
    levels = check_levels(level)
    if levels and all(isinstance(model, _WITHOUT_INTERVALS) for model in models.values()):
        raise ValueError(
            "level asks for intervals, which the baselines do not have: leave out level, or add a "
            "forecaster that is trained."
        )
    return levels or None


def _common(models: Mapping[str, Any], parameter: str, default: Any) -> Any:
    """The one value that the models have for a parameter."""
    values = [getattr(model, parameter, default) for model in models.values()]
    for value in values[1:]:
        if value != values[0]:
            advice = "give backtest a horizon" if parameter == "horizon" else "make them agree"
            raise ValueError(
                f"The forecasters differ in {parameter}, {values[0]!r} and {value!r}: {advice}."
            )
    return values[0]


def _positive(name: str, value: Any) -> Any:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"backtest expects {name} to be an integer >= 1, got {value!r}.")
    return value


def _step(step: int | None, longest: int, horizon: int, n_windows: int, min_train: int) -> int:
    """Rows between cutoffs, if the longest series suffices for all windows."""
    spare = longest - min_train - horizon
    if step is None:
        step = max(1, min(horizon, spare // max(1, n_windows - 1)))
    _positive("step", step)
    if spare < (n_windows - 1) * step:
        fewer = "fewer windows or " if n_windows > 1 else ""
        raise ValueError(
            f"A backtest with n_windows={n_windows}, horizon={horizon}, step={step} and min_train="
            f"{min_train} needs a series of {min_train + horizon + (n_windows - 1) * step} rows, "
            f"got {longest}: take {fewer}a shorter horizon."
        )
    return step


def _rows(data: SeriesSet, n_hidden: int, horizon: int, season_length: int) -> pd.DataFrame:
    """What a window's forecasts are compared with; series by series, step by step."""
    known = data.without_last(n_hidden)
    series = np.repeat(np.arange(data.n_series), horizon)
    steps = np.tile(np.arange(1, horizon + 1), data.n_series)
    of_axis = series if data.kind == "long" else 0 * series
    last = known.lengths[series] - 1
    named = data.kind in {"wide", "long"} or data.ids[0] is not None
    ids = data.ids.to_flat_index() if named else pd.Index(["y"])
    return pd.DataFrame(
        {
            "unique_id": ids.take(series),
            "cutoff": data.axis.labels(of_axis, last),
            "ds": data.axis.labels(of_axis, last + steps),
            "step": steps,
            "y": data.panel.values[data.panel.indptr[series] + last + steps],
            "scale": mase_scale(known.panel, season_length)[series],
        }
    )


def _known(data: Any, full: SeriesSet, n_hidden: int, min_train: int) -> Any:
    """The data, in the form they came in, as they were before the hidden rows."""
    if full.columns is None:
        return data.iloc[:-n_hidden] if hasattr(data, "iloc") else data[:-n_hidden]
    codes = pd.factorize(data[full.columns.id])[0]  # numbers the series as `read` does
    remaining = full.lengths[codes] - n_hidden
    position = pd.Series(codes).groupby(codes).cumcount().to_numpy()
    return data[(position < remaining) & (remaining >= min_train)]


def _forecast(
    model: Any, known: Any, horizon: int, levels: list[float] | None, freq: object
) -> Any:
    """Fit a clone and forecast."""
    model = clone(model)
    if hasattr(model, "freq"):
        model.set_params(freq=freq)  # few rows might suggest another one than all of them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkillWarning)
        model.fit(known)
    if levels is None or isinstance(model, _WITHOUT_INTERVALS):
        return model.predict(horizon)
    return model.predict(horizon, level=levels)


def _columns(forecast: Any, data: SeriesSet, n_series: int, horizon: int) -> dict[str, Any]:
    """The forecast's columns, each laid out series by series, shape (n_series * horizon,)."""
    if isinstance(forecast, pd.Series):
        return {"mean": forecast.to_numpy()}
    if data.columns is not None:
        values = forecast.drop(columns=[data.columns.id, data.columns.time])
        if values.shape[1] == 1:
            return {"mean": values.iloc[:, 0].to_numpy()}
        return {name: values[name].to_numpy() for name in values}
    if data.kind != "wide":
        return {name: forecast[name].to_numpy() for name in forecast.columns}
    table = forecast.to_numpy().reshape(horizon, n_series, -1)
    n_columns = table.shape[2]
    names = ["mean"] if n_columns == 1 else list(forecast.columns.get_level_values(-1)[:n_columns])
    return {name: table[:, :, i].T.ravel() for i, name in enumerate(names)}


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    error = np.abs(rows["y"] - rows["mean"])
    figures = {
        "mae": mean_absolute_error(rows["y"], rows["mean"]),
        "rmse": root_mean_squared_error(rows["y"], rows["mean"]),
        "smape": smape(rows["y"], rows["mean"]),
        # All series have equally many steps in a window: a plain mean weighs them alike.
        "mase": (error / rows["scale"]).mean(),
    }
    for low in [name for name in rows.columns if name.startswith("lo-")][::-1]:
        level = low.removeprefix("lo-")
        bounds = rows[["y", low, f"hi-{level}"]].dropna()
        figures[f"coverage-{level}"] = coverage(*bounds.T.to_numpy()) if len(bounds) else np.nan
    return figures

"""What the commands do."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecaster.cli import outputs, printing
from forecaster.cli.machine import describe_machine
from forecaster.cli.models import open_model
from forecaster.cli.seasons import choose_season
from forecaster.cli.tables import Table, load
from forecaster.evaluation import backtest as run_backtest
from forecaster.evaluation import summarize
from forecaster.evaluation.backtest import windows_that_fit
from forecaster.forecasting import (
    DriftForecaster,
    ElmanForecaster,
    ElmanJordanForecaster,
    GRUForecaster,
    JordanForecaster,
    LSTMForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
)
from forecaster.persistence import save
from forecaster.plotting import plot_backtest, plot_forecast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = [80.0, 95.0]
_WINDOWS = 6
CELLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "elman": ("Elman network", ElmanForecaster),
    "gru": ("GRU network", GRUForecaster),
    "lstm": ("LSTM network", LSTMForecaster),
    "jordan": ("Jordan network", JordanForecaster),
    "elman-jordan": ("Elman-Jordan network", ElmanJordanForecaster),
}


def forecast(arguments: Namespace) -> None:
    """``forecaster forecast``: train or load, print, write, compare."""
    outputs.check_destinations(arguments)
    if arguments.model is not None:
        _forecast_saved(arguments)
        return
    table, season = _open(arguments)
    models = _models(arguments, table, season)
    network = next(iter(models))
    model = models[network].set_params(verbose=sys.stderr.isatty())
    model.fit(table.data).set_params(verbose=False)
    _predict(arguments, model, table, "the data are too short to hold back rows for them")
    if arguments.save is not None:
        save(model, arguments.save)
        print(f"\nSaved the trained model in {arguments.save}.")
    if not arguments.no_backtest:
        rival = "naive" if season == 1 else "seasonal naive"
        _compare(arguments, table, {name: models[name] for name in (network, rival)}, season)


def _forecast_saved(arguments: Namespace) -> None:
    """Forecast with a model from a file; nothing is trained."""
    model, table = open_model(arguments)
    season = f"season {model.season_length} of the {type(model).__name__}"
    print(f"{_describe(table)}; {season}")
    _predict(arguments, model, table, "the model was fitted without them")


def _predict(arguments: Namespace, model: Any, table: Table, no_intervals: str) -> None:
    """Forecast, print and write."""
    calibrated = getattr(model, "calibration_", None) is not None
    levels = arguments.level or (_LEVELS if calibrated else None)
    forecasts = model.predict(arguments.horizon, level=levels)
    frame = _flat(forecasts, table)
    _print_first(frame, arguments.horizon, table)
    if levels is None:
        print(f"\nThere are no intervals: {no_intervals}.")
    settings = {"freq": table.freq, **table.columns}
    _write(arguments, frame, lambda ax: plot_forecast(table.data, forecasts, ax=ax, **settings))


def backtest(arguments: Namespace) -> None:
    """``forecaster backtest``: forecast the past with several models, and compare."""
    outputs.check_destinations(arguments)
    table, season = _open(arguments)
    step, levels = arguments.step, arguments.level

    def fit(levels: Sequence[float] | None) -> int:
        longest = int(table.series.lengths.max())
        return windows_that_fit(longest, arguments.horizon, season, level=levels, step=step)

    if levels is None and fit(_LEVELS) >= (arguments.windows or 1):
        levels = _LEVELS
    n_windows = arguments.windows or max(1, min(_WINDOWS, fit(levels)))
    models = _models(arguments, table, season)
    frame = _run(models, table, n_windows=n_windows, step=step, level=levels)
    _write(arguments, frame, lambda ax: plot_backtest(frame, ax=ax))


def info(_: Namespace) -> None:
    """``forecaster info``: print what a report of a problem should contain."""
    print(printing.aligned(describe_machine()))


def _open(arguments: Namespace) -> tuple[Table, int]:
    """Read the data and say what they are; the second result is the season length."""
    table = load(arguments)
    season, reason = choose_season(table.series, arguments.season, arguments.example)
    print(f"{_describe(table)}; season {season} {reason}")
    return table, season


def _describe(table: Table) -> str:
    data = table.series
    one = isinstance(table.data, pd.Series)
    labels = table.data.index if one else table.data[table.time_col]
    start, end = printing.labels(pd.Index([labels.min(), labels.max()]))
    series = f"{data.n_series} series, " if data.n_series > 1 else ""
    times = f"from {start} to {end}" if table.has_times else "numbered, as no column tells the time"
    return f"{table.source}: {series}{data.lengths.sum()} rows of {table.target_col}, {times}"


def _models(arguments: Namespace, table: Table, season: int) -> dict[str, Any]:
    """The network by its name, and then what it has to beat."""
    network, make = CELLS[arguments.cell or "elman"]
    settings = {"horizon": arguments.horizon, "season_length": season, "freq": table.freq}
    settings |= table.columns
    models = {
        network: make(random_state=arguments.seed or 0, **settings),
        "seasonal naive": SeasonalNaiveForecaster(**settings),
        "naive": NaiveForecaster(**settings),
        "drift": DriftForecaster(**settings),
    }
    if season == 1:
        del models["seasonal naive"]  # it is the naive forecast
    return models


def _compare(arguments: Namespace, table: Table, models: dict[str, Any], season: int) -> None:
    """Print how the first of two models does beside the other, as far as the data reach."""
    n_windows = windows_that_fit(int(table.series.lengths.max()), arguments.horizon, season)
    if n_windows == 0:
        print("\nThe data are too short to see how good such forecasts have been.")
        return
    _run(models, table, n_windows=min(_WINDOWS, n_windows), step=None, level=None)


def _run(
    models: dict[str, Any],
    table: Table,
    *,
    n_windows: int,
    step: int | None,
    level: Sequence[float] | None,
) -> pd.DataFrame:
    """Backtest, and print the summary and the verdict on the first model."""
    frame = run_backtest(
        models,
        table.data,
        n_windows=n_windows,
        step=step,
        level=level,
        verbose=sys.stderr.isatty(),
    )
    summary = summarize(frame)
    windows = "1 window" if n_windows == 1 else f"{n_windows} rolling windows"
    print(f"\n{printing.verdict(summary, next(iter(models)), windows)}")
    print(f"\n{printing.summary_table(summary)}")
    return frame


def _flat(forecasts: pd.Series | pd.DataFrame, table: Table) -> pd.DataFrame:
    """Forecasts with all that identifies a row in columns, and called mean without intervals."""
    if isinstance(forecasts, pd.Series):
        forecasts = forecasts.to_frame("mean")
    if table.series.kind == "series":
        return forecasts.rename_axis(table.time_col).reset_index()
    return forecasts.rename(columns={table.target_col: "mean"})


def _print_first(frame: pd.DataFrame, horizon: int, table: Table) -> None:
    """Print the forecast of the first series."""
    first = frame.iloc[:horizon].set_index(table.time_col)
    values = first.drop(columns=table.id_col, errors="ignore")
    print(f"\n{printing.forecast_table(values, table.time_col if table.has_times else 'row')}")
    n_series = table.series.n_series
    if n_series > 1:
        print(
            f"\nThis is {first[table.id_col].iloc[0]}, the first of {n_series} series; --output "
            "writes all of them."
        )


def _write(arguments: Namespace, frame: pd.DataFrame, draw: Callable[[Axes], Axes]) -> None:
    """Write the files that were asked for."""
    if arguments.output is not None:
        outputs.write_table(frame, arguments.output)
        print(f"\nSaved {len(frame)} rows in {arguments.output}.")
    if arguments.plot is not None:
        outputs.write_plot(draw, arguments.plot)
        print(f"\nSaved the picture in {arguments.plot}.")

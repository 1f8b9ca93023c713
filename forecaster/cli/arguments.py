"""The arguments of the command, and their help."""

from __future__ import annotations

import argparse
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from forecaster.cli import commands
from forecaster.cli.tables import EXAMPLES

_DATA = """
the data:
  A .csv or .parquet file with a row for every point in time, in the order of
  time and without gaps. Times are dates (2024-01-31, 20240131), dates with a
  clock (2024-01-31 18:00), quarters (2024Q1), weeks (2024-W05) or integers.
  Several series stand below each other, told apart by an id column.
"""

_FORECAST = """
examples:
  forecaster forecast --example airline --horizon 12 --plot airline.png
  forecaster forecast sales.csv --horizon 12
  forecaster forecast sales.csv --target revenue --time month --horizon 12
  forecaster forecast shops.csv --id shop --horizon 28 --output forecasts.csv
  forecaster forecast sales.csv --horizon 12 --cell gru
  forecaster forecast stocks.csv --target close --freq C --horizon 5
  forecaster forecast load.parquet --horizon 48 --level 50 90 --save load.npz
  forecaster forecast --model load.npz --horizon 24

a saved model:
  forecaster.load("load.npz").update(new_rows).predict() goes on in Python.
  The file holds numbers and text only: loading it never runs code.
"""

_BACKTEST = """
examples:
  forecaster backtest --example airline --horizon 12
  forecaster backtest sales.csv --horizon 7 --windows 10 --step 1
  forecaster backtest shops.csv --id shop --horizon 28 --output windows.csv

the summary:
  MAE      mean absolute error
  RMSE     root mean squared error
  sMAPE    symmetric mean absolute percentage error, between 0 and 200
  MASE     mean absolute error, divided by that of repeating the last season
           within the known rows
  in 80 %  share of what happened that lies in the 80 % interval
"""


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what was wrong, as the rest of the command does."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see `{self.prog} --help`)")


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; ``run`` among its results is the function that does the work."""
    # argparse, because "--level 80 95" takes several values, which click and typer cannot.
    parser = _command(
        _Parser,
        prog="forecaster",
        description="Forecast time series with recurrent networks, and see how well it works.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('forecaster')}")
    parser.set_defaults(run=lambda _: parser.print_help())
    add = parser.add_subparsers(title="commands", metavar="COMMAND").add_parser

    forecast = _command(
        add,
        "forecast",
        usage="%(prog)s (FILE | --example NAME | --model FILE)\n       --horizon N [options]",
        help="forecast what comes next",
        description="Train recurrent networks on the data, print what they forecast, and compare "
        "them in the past with repeating the last season. Or forecast with a saved model.",
        epilog=_DATA + _FORECAST,
    )
    _add_shared(forecast, takes_model=True)
    forecast.add_argument(
        "--save", type=Path, metavar="FILE", help="keep the trained model in this file"
    )
    forecast.add_argument(
        "--no-backtest",
        action="store_true",
        help="do not compare with repeating the last season (this trains six more times)",
    )
    forecast.set_defaults(run=commands.forecast)

    backtest = _command(
        add,
        "backtest",
        usage="%(prog)s (FILE | --example NAME) --horizon N [options]",
        help="see how well it would have worked",
        description="Forecast several stretches of the past, each from what was known then, with "
        "recurrent networks and with the forecasts that they have to beat: the last value (naive), "
        "the last season (seasonal naive), and the line from the first value to the last (drift).",
        epilog=_DATA + _BACKTEST,
    )
    _add_shared(backtest, takes_model=False)
    backtest.add_argument(
        "--windows",
        type=_positive,
        metavar="N",
        help="how many stretches (default: 6, or as many as fit)",
    )
    backtest.add_argument(
        "--step",
        type=_positive,
        metavar="N",
        help="rows from one to the next (default: the horizon, or as many as fit)",
    )
    backtest.set_defaults(run=commands.backtest)

    info = _command(
        add,
        "info",
        help="versions, threads, and where compiled code is kept",
        description="Print what a report of a problem should contain.",
    )
    info.set_defaults(run=commands.info)
    return parser


def _command(make: Any, *args: Any, description: str, **settings: Any) -> argparse.ArgumentParser:
    """A parser whose help keeps the lines of its epilog."""
    parser = make(
        *args,
        description=textwrap.fill(description, 79),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **settings,
    )
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error, not its sentence"
    )
    return parser


def _add_shared(parser: argparse.ArgumentParser, *, takes_model: bool) -> None:
    """What `forecast` and `backtest` have in common."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a .csv or .parquet file"
    )
    source.add_argument("--example", choices=EXAMPLES, help="data that come with the package")
    if takes_model:
        source.add_argument(
            "--model",
            type=Path,
            metavar="FILE",
            help="a model that --save has kept: forecast from its own data, without training",
        )
    parser.add_argument(
        "--horizon", type=_positive, required=True, metavar="N", help="how many steps to forecast"
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="what to forecast (default: the only numeric column)"
    )
    parser.add_argument(
        "--time",
        metavar="COLUMN",
        help="when (default: ds, date, time, timestamp or datetime if there is one, else the only "
        "column of timestamps, dates, quarters or weeks, else the row number)",
    )
    parser.add_argument(
        "--id",
        metavar="COLUMN",
        help="which series, if there are several (default: unique_id if there is such a column)",
    )
    parser.add_argument(
        "--freq",
        metavar="STEP",
        help="the step from row to row as pandas names it, such as B, W-FRI or WOM-3FRI; C for "
        "business days, where those without a row are holidays (default: as the times tell)",
    )
    parser.add_argument(
        "--season",
        type=_positive,
        metavar="N",
        help="steps in a season, 1 for none (default: by the frequency, such as 12 for months)",
    )
    parser.add_argument(
        "--cell", choices=commands.CELLS, help="what the network is made of (default: elman)"
    )
    parser.add_argument(
        "--level",
        type=_percentage,
        nargs="+",
        metavar="P",
        help="coverage of the intervals in percent (default: 80 95)",
    )
    parser.add_argument("--seed", type=_seed, metavar="N", help="random seed (default: 0)")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write all forecasts to a .csv or .parquet file"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw them into a .png, .svg or .pdf file"
    )


def _positive(text: str) -> int:
    return _integer(text, 1)


def _seed(text: str) -> int:
    return _integer(text, 0)


def _integer(text: str, low: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if number < low:
        raise argparse.ArgumentTypeError(f"expected an integer of at least {low}, got {text!r}")
    return number


def _percentage(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected percentages between 0 and 100, such as 80 95, got {text!r}; a file comes "
            "before --level, or after another option"
        ) from None
    if not 0 < number < 100:
        raise argparse.ArgumentTypeError(
            f"expected percentages between 0 and 100, such as 80 95, got {text!r}"
        )
    if number < 1:
        raise argparse.ArgumentTypeError(
            f"expected percent, such as 80 95, got {text!r}: did you mean {100 * number:g}?"
        )
    return number

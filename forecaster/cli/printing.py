"""Tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd


def aligned(rows: Sequence[Sequence[str]], *, right: bool = False) -> str:
    """Lay out a table, the columns after the first one to the left or to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    put = str.rjust if right else str.ljust
    lines = [
        "   ".join([first.ljust(widths[0]), *map(put, others, widths[1:])]).rstrip()
        for first, *others in rows
    ]
    return "\n".join(lines)


def labels(index: pd.Index) -> list[str]:
    """Write times, without a clock and its zone where it is always midnight."""
    if not isinstance(index, pd.DatetimeIndex):
        return [str(label) for label in index]
    if (index == index.normalize()).all():
        return list(index.strftime("%Y-%m-%d"))
    exact = (index == index.floor("min")).all()
    clock = "%H:%M" if exact else "%H:%M:%S"
    zone = "" if index.tz is None else " %Z"
    return list(index.strftime(f"%Y-%m-%d {clock}{zone}"))


_MOST_DECIMALS = 6
_PLAIN = range(-5, 15)  # powers of ten that are written out


def forecast_table(forecast: pd.DataFrame, time: str) -> str:
    """Lay out the forecast of one series: a row for each step, times in the index."""
    levels = sorted({float(name[3:]) for name in forecast.columns if name != "mean"})
    style = number_format(forecast)

    def numbers(column: str) -> list[str]:
        return [format(value, style) for value in forecast[column]]

    columns = [labels(forecast.index), numbers("mean")]
    for level in levels:
        low, high = numbers(f"lo-{level:g}"), numbers(f"hi-{level:g}")
        width = max(map(len, high))
        columns.append([f"{a} to {b:>{width}}" for a, b in zip(low, high, strict=True)])
    header = [time, "forecast", *(f"{level:g} % interval" for level in levels)]
    return aligned([header, *zip(*columns, strict=True)], right=True)


def number_format(forecast: pd.DataFrame) -> str:
    """Four digits in all, and two of the width of the narrowest interval."""
    mean = np.abs(forecast["mean"]).max()
    wanted = [3 - _exponent(mean)]
    for name in forecast.columns:
        if name.startswith("lo-"):
            width = forecast["hi-" + name[3:]] - forecast[name]
            real = width[width > 1e-9 * mean]  # less is rounding noise
            wanted += [1 - _exponent(real.min())] if len(real) else []
    exponent = _exponent(np.abs(forecast).max(axis=None))
    if exponent in _PLAIN:
        return f".{min(max(0, *wanted), _MOST_DECIMALS)}f"
    return f".{min(max(wanted) + exponent, _MOST_DECIMALS)}e"


def summary_table(summary: pd.DataFrame) -> str:
    """Lay out what `summarize` gives."""
    columns = [["", *map(str, summary.index)]]
    for name, values in summary.items():
        if str(name).startswith("coverage-"):
            header, cells = f"in {str(name)[9:]} %", [f"{100 * value:.0f} %" for value in values]
        elif name in {"mae", "rmse"}:
            header, cells = str(name).upper(), alike(values)
        else:
            header = {"smape": "sMAPE", "mase": "MASE"}[str(name)]
            cells = [f"{value:.2f}" for value in values]
        undefined = values.isna()
        columns.append([header, *np.where(undefined, "-", cells)])
    return aligned(list(zip(*columns, strict=True)), right=True)


def verdict(summary: pd.DataFrame, model: str, windows: str) -> str:
    """Say in a sentence how the model does beside the one that follows it in the summary."""
    rival = summary.index[list(summary.index).index(model) + 1]
    own, other = summary["mae"][[model, rival]]
    if other == 0:
        return (
            f"In {windows} the {rival} forecast was exact; the mean absolute error of the {model} "
            f"was {own:.2g}."
        )
    start = f"In {windows} the mean absolute error was {own / other:.2f}"
    rivals = f"the {rival} forecast's ({' against '.join(alike([own, other]))})"
    if own <= other:
        return f"{start} of {rivals}."
    return f"{start} times {rivals}: prefer the {rival} forecast here."


def alike(values: Iterable[float]) -> list[str]:
    """Write figures with the same decimals: three digits of the least, five of the greatest."""
    exponents = [_exponent(value) for value in values]
    digits = max(0, min(2 - min(exponents), 4 - max(exponents)))
    return [f"{value:.{digits}f}" for value in values]


def _exponent(value: float) -> int:
    """The power of ten of the first digit; 0 for what has none."""
    return math.floor(math.log10(value)) if value > 0 and math.isfinite(value) else 0

"""The files that the command writes; whether it can is known before the work begins."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecaster._extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SUFFIXES = {"output": [".csv", ".parquet"], "plot": [".png", ".svg", ".pdf"]}


def check_destinations(arguments: Namespace) -> None:
    """Refuse what could not be written after the work.

    Raises
    ------
    ValueError
        If a file cannot be written, has a name of an unknown kind, or is needed otherwise.
    ImportError
        If a package is missing for a kind of file.
    """
    sources = {"the data": arguments.file, "the model": getattr(arguments, "model", None)}
    taken = {use: path.resolve() for use, path in sources.items() if path is not None}
    for option in ("output", "plot", "save"):
        path = getattr(arguments, option, None)
        if path is None:
            continue
        suffixes = _SUFFIXES.get(option)
        if suffixes and path.suffix.lower() not in suffixes:
            raise ValueError(
                f"--{option} {path}: expected a name that ends with "
                f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
            )
        if option == "plot":
            require("matplotlib", "plot")
        elif path.suffix.lower() == ".parquet":
            require("pyarrow", "parquet")
        for use, other in taken.items():
            if path.resolve() == other:
                raise ValueError(f"--{option} {path} would overwrite {use}: choose another name")
        taken[f"--{option}"] = path.resolve()
        _check_writable(option, path)


def _check_writable(option: str, path: Path) -> None:
    new = not path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise ValueError(f"--{option}: cannot write {path}: {error.strerror}") from error
    if new:
        path.unlink()


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV or Parquet, without its index."""
    if path.suffix.lower() == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def write_plot(draw: Callable[[Axes], Axes], path: Path) -> None:
    """Let a function draw on new axes, and write them; no window, no global state of pyplot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    draw(figure.subplots())
    figure.savefig(path, dpi=150)

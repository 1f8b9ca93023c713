"""From a saved model to forecasts."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecaster.cli.tables import Table
from forecaster.data import SeriesSet
from forecaster.data.panel import ranges
from forecaster.data.time_checks import LongColumns
from forecaster.forecasting.base import Forecaster
from forecaster.persistence import load

_OF_TRAINING = ("target", "time", "id", "freq", "season", "cell", "seed", "save")


def open_model(arguments: Namespace) -> tuple[Forecaster, Table]:
    """Load a forecaster, and lay out the rows that it knows as if they came from a file.

    Raises
    ------
    ValueError
        If the file cannot be read or holds no fitted forecaster, or an option is about training.
    """
    for name in _OF_TRAINING:
        if getattr(arguments, name) is not None:
            raise ValueError(f"--{name} is for training; --model takes a model that is trained")
    path: Path = arguments.model
    try:
        model = load(path)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    if not isinstance(model, Forecaster) or not hasattr(model, "data_"):
        raise ValueError(
            f"{path} holds no fitted forecaster but {model!r}: give one from `forecaster forecast "
            "--save`, or from forecaster.save in Python"
        )
    model.data_ = _one_or_long(model)
    return model, _table(model, str(path))


def _one_or_long(model: Forecaster) -> SeriesSet:
    """The data as a Series, or as a long frame of several: the forms of forecasts in files."""
    data = model.data_
    if data.kind != "wide":
        return replace(data, kind="series") if data.kind == "array" else data
    names = [" ".join(map(str, id if isinstance(id, tuple) else (id,))) for id in data.ids]
    return replace(
        data,
        kind="long",
        ids=pd.Index(names),
        axis=data.axis.take(np.zeros(data.n_series, np.int64)),
        columns=LongColumns(model.id_col, model.time_col, model.target_col),
    )


def _table(model: Forecaster, source: str) -> Table:
    data, axis = model.data_, model.data_.axis
    values, lengths = data.panel.values, data.lengths
    if data.columns is None:
        labels = axis.continued(np.array([0]), len(values))
        target = str(model.target_col if data.ids[0] is None else data.ids[0])
        known: pd.Series | pd.DataFrame = pd.Series(values, labels, name=target)
        time = str(labels.name or model.time_col)
        names = (model.id_col, time, target)
        return Table(known, data, source, *names, data.labelled, data.freq)
    series = np.repeat(np.arange(data.n_series), lengths)
    columns = data.columns
    known = pd.DataFrame(
        {
            columns.id: data.ids[series],
            columns.time: axis.labels(series, ranges(0 * lengths, lengths)),
            columns.target: values,
        }
    )
    return Table(known, data, source, *columns, data.labelled, data.freq)

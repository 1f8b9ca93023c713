"""Losses over all rows of a source, and what is no loss any more."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from forecaster.nn.engine import Engine
from forecaster.nn.network import Bound, Network
from forecaster.nn.source import Source


class Diverged(Exception):
    """A loss, a gradient or a weight that is not a finite number."""


def mean_loss(
    network: Network, engine: Engine, parameters: Bound, source: Source, loss: Callable
) -> float:
    """Mean loss over all rows of a source, summed over output steps."""
    total = weight = 0.0
    for start in range(0, source.n_rows, engine.batch_size):
        rows = np.arange(start, min(start + engine.batch_size, source.n_rows))
        sums = engine.loss(parameters, source, rows, loss)
        total, weight = total + sums[0], weight + sums[1]
    return network.n_output_steps * total / weight if weight else 0.0


def validation_loss(
    network: Network, engine: Engine, theta: np.ndarray, source: Source | None, loss: Callable
) -> float | None:
    """Mean loss of validation rows, if there are any; raises Diverged."""
    if source is None:
        return None
    result = mean_loss(network, engine, network.bind(theta), source, loss)
    if not math.isfinite(result):
        raise Diverged
    return result

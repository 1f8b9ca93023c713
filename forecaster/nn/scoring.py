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
    network: Network,
    engine: Engine,
    parameters: Bound,
    source: Source,
    loss: Callable,
    n_segments: int = 1,
) -> float:
    """Mean loss over all rows of a source, summed over output steps."""
    total = weight = 0.0
    n_sequences = source.n_rows // n_segments
    for start in range(0, n_sequences, engine.batch_size):
        sequences = np.arange(start, min(start + engine.batch_size, n_sequences))
        carries = engine.fresh_carries() if n_segments > 1 else None
        for segment in range(n_segments):
            rows = n_segments * sequences + segment
            sums = engine.loss(parameters, source, rows, loss, carries)
            total, weight = total + sums[0], weight + sums[1]
    return network.n_output_steps * total / weight if weight else 0.0


def validation_loss(
    network: Network,
    engine: Engine,
    theta: np.ndarray,
    source: Source | None,
    loss: Callable,
    n_segments: int = 1,
) -> float | None:
    """Mean loss of validation rows, if there are any; raises Diverged."""
    if source is None:
        return None
    result = mean_loss(network, engine, network.bind(theta), source, loss, n_segments)
    if not math.isfinite(result):
        raise Diverged
    return result

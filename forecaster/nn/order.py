"""The order in which rows are trained on."""

from __future__ import annotations

import numpy as np

from forecaster.nn.plan import Plan


class Order:
    """The order in which rows come: pass after pass, without end."""

    def __init__(self) -> None:
        self._rows = np.arange(0)
        self._start = 0

    def batch(self, n_rows: int, plan: Plan, rng: np.random.Generator) -> np.ndarray:
        """The batch that is due; the same again until ``advance`` is called."""
        end = plan.batches_per_pass(n_rows) * plan.batch_size
        if len(self._rows) != n_rows or self._start >= min(end, n_rows):
            self._rows = rng.permutation(n_rows) if plan.shuffle else np.arange(n_rows)
            self._start = 0
        return self._rows[self._start : min(self._start + plan.batch_size, end)]

    def advance(self, n: int) -> None:
        """Go on by ``n`` rows, which have been used."""
        self._start += n

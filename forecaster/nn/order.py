"""The order in which rows are trained on."""

from __future__ import annotations

import numpy as np

from forecaster.nn.plan import Plan


class Order:
    """The order in which rows come: pass after pass, without end.

    Attributes
    ----------
    segment : int
        Which segment of its sequences the batch that is due has; 0 is where they start.
    """

    def __init__(self) -> None:
        self.segment = 0
        self._sequences = np.arange(0)
        self._start = 0

    def batch(self, n_rows: int, plan: Plan, rng: np.random.Generator) -> np.ndarray:
        """The batch that is due; the same again until ``advance`` is called."""
        n = n_rows // plan.n_segments
        end = _end(n, plan)
        other_rows = len(self._sequences) != n or self.segment >= plan.n_segments
        if other_rows or self._start >= end:
            self._sequences = _shuffled(n, plan.groups, rng) if plan.shuffle else np.arange(n)
            self._start = self.segment = 0
        sequences = self._sequences[self._start : min(self._start + plan.batch_size, end)]
        return plan.n_segments * sequences + self.segment

    def advance(self, n: int, plan: Plan) -> None:
        """Go on by a batch of ``n`` rows, which have been used."""
        self.segment = (self.segment + 1) % plan.n_segments
        if self.segment == 0:
            self._start += n
            if self._start >= _end(len(self._sequences), plan):
                self._sequences, self._start = np.arange(0), 0


def _shuffled(n: int, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """The sequences of a pass: each once, or so many that groups come equally often."""
    order = rng.permutation(n)
    if groups is None:
        return order
    sizes = np.diff(groups)
    filled = rng.permutation(np.flatnonzero(sizes))  # the first ones may come once more
    chosen = filled[order % len(filled)]
    return groups[chosen] + rng.integers(sizes[chosen])


def _end(n_sequences: int, plan: Plan) -> int:
    """How many of the sequences a pass makes use of."""
    n_batches = plan.batches_per_pass(n_sequences * plan.n_segments) // plan.n_segments
    return min(n_batches * plan.batch_size, n_sequences)

"""Minibatches: cut into chunks, computed on threads, added up in an order that never changes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType

import numpy as np

from forecaster.nn.chunk import NO_DROPOUT, Carry, Chunk
from forecaster.nn.network import Bound, Network
from forecaster.nn.source import Inputs, Source

# Below this many multiplications in a chunk, handing it to a thread costs more than it saves.
_MIN_WORK_FOR_THREADS = 1_000_000
# A chunk of 32 rows takes 5 % longer than half a chunk of 64: it must have more to gain.
_MIN_WORK_OF_FEW_ROWS = 2_000_000


def chunk_rows(batch_size: int, row_work: int) -> int:
    """Rows per chunk: a function of batch and network alone, so that threads never move a border.

    Half a batch keeps two cores busy; 64 rows (32 where a row takes many multiplications) are the
    least that keep matrix products near their peak, 128 the most that keep a chunk's memory in the
    cache.
    """
    half = -(-batch_size // 32) * 16
    least = 32 if 32 * row_work >= _MIN_WORK_OF_FEW_ROWS else 64
    return min(batch_size, max(least, min(half, 128)))


class Engine:
    """Gradients and outputs of minibatches of up to ``batch_size`` rows.

    A context manager: its threads end with the block. Each thread has one chunk of memory, each
    chunk of a batch its own gradient, and these are added in the order of the rows: the bits of a
    result do not depend on ``n_threads``.
    """

    def __init__(
        self,
        network: Network,
        batch_size: int,
        dtype: np.dtype,
        n_threads: int = 1,
        n_targets: int | None = None,
        input_gradient: bool = False,
    ) -> None:
        self.batch_size = batch_size
        self._network = network
        self._rows = chunk_rows(batch_size, network.row_work)
        n_chunks = -(-batch_size // self._rows)
        if self._rows * network.row_work < _MIN_WORK_FOR_THREADS:
            n_threads = 1
        n_threads = max(1, min(n_threads, n_chunks))
        n_targets = network.n_outputs if n_targets is None else n_targets
        self._chunks = [
            Chunk(network, self._rows, dtype, n_targets, input_gradient) for _ in range(n_threads)
        ]
        self.gradients = np.zeros((n_chunks, network.n_parameters), dtype)
        self._bound_gradients = [network.bind(row) for row in self.gradients]
        self._sums = [(0.0, 0.0)] * n_chunks
        self._stack = ExitStack()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Engine:
        if len(self._chunks) > 1:
            self._pool = self._stack.enter_context(ThreadPoolExecutor(len(self._chunks) - 1))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
        self._pool = None

    def _run(self, work: Callable[[int, Chunk], None], n_rows: int) -> int:
        """Call ``work(k, memory)`` for each chunk k; thread j takes chunks j, j + n, ..."""
        n_threads = len(self._chunks)
        n_chunks = -(-n_rows // self._rows)
        if n_chunks == 1:
            work(0, self._chunks[0])
            return 1

        def share(first: int) -> None:
            for k in range(first, n_chunks, n_threads):
                work(k, self._chunks[first])

        futures = []
        if self._pool is not None:
            futures = [self._pool.submit(share, j) for j in range(1, min(n_threads, n_chunks))]
        try:
            share(0)
        finally:
            for future in futures:
                future.result()
        return n_chunks

    def gradient(
        self,
        parameters: Bound,
        source: Source,
        rows: np.ndarray,
        loss: Callable,
        carries: list[Carry] | None = None,
        seed: int = NO_DROPOUT,
    ) -> tuple[int, float, float]:
        """Leave gradients by chunk in ``gradients``; return their number, the loss and weights.

        ``carries`` has an entry for each chunk, which `Chunk.states` reads and renews; ``seed`` is
        that of dropout.
        """

        def work(k: int, chunk: Chunk) -> None:
            source.fill(self._part(rows, k), chunk)
            carry = carries[k] if carries is not None else None
            own_seed = seed if seed < 0 else (seed + 0x85EBCA6B * k) & 0xFFFFFFFF
            gradients = self._bound_gradients[k]
            self._sums[k] = chunk.gradient(parameters, gradients, loss, carry, own_seed)

        n_chunks = self._run(work, len(rows))
        return n_chunks, *self._total(n_chunks)

    def loss(
        self,
        parameters: Bound,
        source: Source,
        rows: np.ndarray,
        loss: Callable,
        carries: list[Carry] | None = None,
    ) -> tuple[float, float]:
        """Loss and weight sums, without gradients."""

        def work(k: int, chunk: Chunk) -> None:
            source.fill(self._part(rows, k), chunk)
            carry = carries[k] if carries is not None else None
            self._sums[k] = chunk.loss(parameters, loss, carry)

        return self._total(self._run(work, len(rows)))

    def fresh_carries(self) -> list[Carry]:
        """Entries for sequences that start: nothing to go on from."""
        return [[] for _ in self._sums]

    def takes(self, carries: list[Carry]) -> bool:
        """Whether these are states of as many chunks, of as many rows, as there are here."""
        shapes = self._chunks[0].carried_shapes
        return len(carries) == len(self._sums) and all(
            [[array.shape for array in layer] for layer in carry] == shapes
            for carry in carries
            if carry
        )

    def _part(self, rows: np.ndarray, k: int) -> np.ndarray:
        return rows[k * self._rows : (k + 1) * self._rows]

    def _total(self, n_chunks: int) -> tuple[float, float]:
        total = weight = 0.0
        for loss, of_weights in self._sums[:n_chunks]:
            total += loss
            weight += of_weights
        return total, weight

    def outputs(self, parameters: Bound, source: Inputs, rows: np.ndarray) -> np.ndarray:
        """Outputs of the network, (len(rows), output steps, O)."""
        return self._collect(parameters, source, rows, states=False)

    def states(self, parameters: Bound, source: Inputs, rows: np.ndarray) -> np.ndarray:
        """Last layer's outputs after each step, (len(rows), T, H)."""
        return self._collect(parameters, source, rows, states=True)

    def input_gradients(
        self, parameters: Bound, source: Source, rows: np.ndarray, loss: Callable
    ) -> np.ndarray:
        """Gradient of each row's weighted loss with respect to its inputs, (len(rows), T, D)."""
        network = self._network
        out = np.empty((len(rows), network.n_steps, network.n_inputs), self.gradients.dtype)

        def work(k: int, chunk: Chunk) -> None:
            here = self._part(rows, k)
            source.fill(here, chunk)
            chunk.gradient(parameters, self._bound_gradients[k], loss)
            self._part(out, k)[:] = chunk.dX[:, : len(here)].swapaxes(0, 1)

        self._run(work, len(rows))
        return out

    def _collect(
        self, parameters: Bound, source: Inputs, rows: np.ndarray, states: bool
    ) -> np.ndarray:
        network = self._network
        steps = network.n_steps if states else network.n_output_steps
        width = network.hidden_sizes[-1] if states else network.n_outputs
        out = np.empty((len(rows), steps, width), parameters.readout.dtype)

        def work(k: int, chunk: Chunk) -> None:
            here = self._part(rows, k)
            source.fill_inputs(here, chunk)
            result = chunk.states(parameters) if states else chunk.predict(parameters)
            result = result.reshape(steps, self._rows, width)
            self._part(out, k)[:] = result[:, : len(here)].swapaxes(0, 1)

        self._run(work, len(rows))
        return out

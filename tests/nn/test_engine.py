"""Minibatches in chunks on threads: the same rows, the same sums, the same bits."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from forecaster._jit import simd_bytes
from forecaster.nn import engine as engine_module
from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine, chunk_rows
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource
from tests import reference
from tests.reference import assert_close

NETWORK = Network(3, 2, (4, 3), 2, readout="each", skip=True, learn_initial_state=True)
THETA = 0.5 * np.random.default_rng(0).standard_normal(NETWORK.n_parameters)
N_ROWS = 30
LOSS = Loss("squared_error").bind(THETA.dtype)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of seven rows, each worth a thread."""
    monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size, _: min(batch_size, 7))
    monkeypatch.setattr(engine_module, "_MIN_WORK_FOR_THREADS", 0)


class Recorder(ArraySource):
    """Rows that remember which chunks were asked for, and by which threads."""

    def __init__(self, dtype="float64"):
        rng = np.random.default_rng(1)
        self.X = rng.standard_normal((N_ROWS, NETWORK.n_steps, NETWORK.n_inputs)).astype(dtype)
        Z = rng.standard_normal((N_ROWS, NETWORK.n_output_steps, NETWORK.n_outputs)).astype(dtype)
        super().__init__(self.X, Z, rng.uniform(0.5, 2, Z.shape).astype(dtype))
        self.chunks, self.threads = [], set()

    def fill(self, rows, chunk):
        self.chunks.append(tuple(rows))
        self.threads.add(threading.get_ident())
        super().fill(rows, chunk)


def gradient(n_threads=1, rows=None, dtype="float64", batch_size=N_ROWS):
    """Chunk gradients, sums, and the source."""
    rows = np.arange(N_ROWS) if rows is None else rows
    source, theta = Recorder(dtype=dtype), THETA.astype(dtype)
    with Engine(NETWORK, batch_size, theta.dtype, n_threads) as engine:
        loss = Loss("squared_error").bind(theta.dtype)
        n, total, weight = engine.gradient(NETWORK.bind(theta), source, rows, loss)
        return engine.gradients[:n].copy(), (total, weight), source


def test_chunks_are_never_empty_nor_larger_than_the_batch():
    for batch_size in range(1, 1_000):
        for row_work in (1, 1_000_000):
            assert 1 <= chunk_rows(batch_size, row_work) <= batch_size


def test_small_batches_are_cut_where_a_half_is_worth_a_thread():
    assert chunk_rows(64, 50_000) == 64
    assert chunk_rows(64, 100_000) == 32
    assert chunk_rows(256, 50_000) == chunk_rows(256, 100_000) == 128


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_do_not_change_a_bit(n_threads, dtype, small_chunks):
    one, one_sums, alone = gradient(1, dtype=dtype)
    many, many_sums, shared = gradient(n_threads, dtype=dtype)
    assert len(alone.threads) == 1 < len(shared.threads)
    assert sorted(alone.chunks) == sorted(shared.chunks)
    assert len(alone.chunks) == 5
    np.testing.assert_array_equal(one, many)
    assert one_sums == many_sums


def test_little_work_stays_on_one_thread():
    assert len(gradient(4)[2].threads) == 1


def test_chunks_add_up_to_the_whole(small_chunks, monkeypatch):
    chunked, sums, _ = gradient()
    monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size, _: batch_size)
    whole, whole_sums, _ = gradient()
    assert len(chunked) == 5
    assert len(whole) == 1
    assert_close(chunked.sum(axis=0), whole[0], N_ROWS)
    assert sums == pytest.approx(whole_sums, rel=1e-14)


@pytest.mark.parametrize("H, T", [(100, 5), (260, 3)], ids=["two-steps-at-once", "one-by-one"])
def test_steps_that_do_not_fit_into_the_cache_at_once(H, T, monkeypatch):
    """An Elman layer multiplies several steps at once, as many as the cache holds of all rows."""
    network, n_rows = Network(T, 2, (H,), 1), 128
    rng = np.random.default_rng(0)
    theta = network.initial(rng, np.dtype("float64"))
    X, Z = rng.standard_normal((n_rows, T, 2)), rng.standard_normal((n_rows, 1, 1))
    source, rows, found = ArraySource(X, Z, np.ones_like(Z)), np.arange(n_rows), []
    for size in (n_rows, 8):
        monkeypatch.setattr(engine_module, "chunk_rows", lambda batch_size, _, size=size: size)
        engine = Engine(network, n_rows, theta.dtype)
        n, _, _ = engine.gradient(network.bind(theta), source, rows, LOSS)
        found.append(engine.gradients[:n].sum(axis=0))
    assert_close(found[0], found[1], n_rows)


def test_rows_that_end_early_count_as_shorter_ones():
    network = Network(5, 2, (3, 4), 1)
    rng = np.random.default_rng(0)
    theta = 0.5 * rng.standard_normal(network.n_parameters)
    X, Z = rng.standard_normal((4, 5, 2)), rng.standard_normal((4, 1, 1))
    ends, weights = np.array([5, 4, 2, 3]), np.ones((4, 1, 1))
    padded = Engine(network, 2, theta.dtype)
    for rows in (np.array([0, 1]), np.array([2, 3])):  # nothing of the longer ones is left over
        n, _, _ = padded.gradient(network.bind(theta), ArraySource(X, Z, weights, ends), rows, LOSS)
        expected = 0
        for row in rows:
            short = replace(network, n_steps=int(ends[row]))
            alone = Engine(short, 1, theta.dtype)
            source = ArraySource(X[:, : ends[row]], Z, weights)
            alone.gradient(short.bind(theta), source, np.array([row]), LOSS)
            expected += alone.gradients[0]
        assert_close(padded.gradients[:n].sum(axis=0), expected, 20)


@pytest.mark.skipif(simd_bytes() == 0, reason="BLAS takes what code it likes")
@pytest.mark.parametrize("readout", ["last", "all"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_bits_of_a_row_do_not_depend_on_its_place(cell, readout):
    network = Network(3, 2, (19, 19), 2, cell, readout=readout)
    theta = network.initial(np.random.default_rng(0), np.dtype("float32"))
    X = np.random.default_rng(1).standard_normal((N_ROWS, 3, 2)).astype("float32")
    together, alone = (Engine(network, n, theta.dtype) for n in (N_ROWS, 1))
    parameters, source = network.bind(theta), ArraySource(X, X, X)
    expected = together.outputs(parameters, source, np.arange(N_ROWS))
    for i in range(N_ROWS):
        found = alone.outputs(parameters, source, np.array([i]))
        np.testing.assert_array_equal(found[0], expected[i])


@pytest.mark.parametrize("n", [1, 7, 8, 29])
def test_padding_rows_change_nothing(n, small_chunks):
    """Neither behind the last row of a batch, nor by what an earlier batch left there."""
    rows = np.arange(n)[::-1].copy()
    padded, sums, _ = gradient(rows=rows)
    exact, exact_sums, _ = gradient(rows=rows, batch_size=n)
    assert_close(padded.sum(axis=0), exact.sum(axis=0), N_ROWS)
    assert sums == pytest.approx(exact_sums, rel=1e-14)

    source, bound, loss = Recorder(), NETWORK.bind(THETA), LOSS
    engine = Engine(NETWORK, N_ROWS, THETA.dtype)
    engine.gradient(bound, source, np.arange(N_ROWS), loss)
    k, *used_sums = engine.gradient(bound, source, rows, loss)
    np.testing.assert_array_equal(engine.gradients[:k], padded)
    assert tuple(used_sums) == sums


def test_loss_equals_that_of_the_gradient(small_chunks):
    _, sums, source = gradient()
    engine = Engine(NETWORK, N_ROWS, THETA.dtype)
    rows = np.arange(N_ROWS)
    assert engine.loss(NETWORK.bind(THETA), source, rows, LOSS) == sums


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n", [0, 1, 12])
def test_outputs_and_states_come_in_the_order_of_the_rows(n, n_threads, small_chunks):
    """Also for more rows than the engine's batch."""
    source, bound = Recorder(), NETWORK.bind(THETA)
    rows = np.random.default_rng(0).permutation(N_ROWS)[:n]
    with Engine(NETWORK, 10, THETA.dtype, n_threads) as engine:
        outputs = engine.outputs(bound, source, rows)
        states = engine.states(bound, source, rows)
    assert outputs.shape == (n, NETWORK.n_output_steps, NETWORK.n_outputs)
    assert states.shape == (n, NETWORK.n_steps, NETWORK.hidden_sizes[-1])
    if n:
        assert_close(outputs, reference.outputs(NETWORK, THETA, source.X[rows]), 30)
        expected = [reference.states(NETWORK, THETA, x)[-1] for x in source.X[rows]]
        assert_close(states, expected, 30)


@pytest.mark.parametrize("bad_row", [0, 10])
def test_an_error_on_any_thread_is_raised(bad_row, small_chunks):
    class Broken(Recorder):
        def fill(self, rows, chunk):
            if bad_row in rows:
                raise OSError("no such row")
            super().fill(rows, chunk)

    loss = LOSS
    with (
        Engine(NETWORK, N_ROWS, THETA.dtype, 2) as engine,
        pytest.raises(OSError, match="no such row"),
    ):
        engine.gradient(NETWORK.bind(THETA), Broken(), np.arange(N_ROWS), loss)


def test_threads_end_with_the_block(small_chunks):
    before = threading.active_count()
    gradient(3)
    assert threading.active_count() == before

"""Several trainings at once: each as if it were alone, and Ctrl-C stops all of them."""

import math
import signal
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn import engine as engine_module
from forecaster.nn import ensemble as ensemble_module
from forecaster.nn.ensemble import train_ensemble, train_side_by_side
from tests.nn.common import ADAM, NETWORK, InterruptedRows, Rows, fit, start

DTYPE = np.dtype("float64")


def generators(n):
    return [np.random.default_rng(seed) for seed in range(n)]


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_every_network_is_trained_as_if_it_were_alone(n_threads):
    """From weights of its own, which its own generator draws."""
    together = train_ensemble(
        NETWORK, Rows(), ADAM, generators(3), dtype=DTYPE, n_threads=n_threads
    )
    assert len(together) == 3
    for trained, rng in zip(together, generators(3)):
        alone = fit(ADAM, theta=NETWORK.initial(rng, DTYPE), rng=rng)
        np.testing.assert_array_equal(trained.theta, alone.theta)


def test_all_may_start_from_given_weights():
    first, second = train_ensemble(
        NETWORK, Rows(), ADAM, generators(2), dtype=DTYPE, thetas=[start()] * 2
    )
    np.testing.assert_array_equal(first.theta, fit(ADAM).theta)
    assert not np.array_equal(first.theta, second.theta)


def test_validation_rows_choose_the_weights_of_every_network():
    plan = replace(ADAM, learning_rate=0.1, max_iter=12)
    validation = Rows(n_rows=7, seed=5)
    for trained in train_ensemble(
        NETWORK, Rows(), plan, generators(2), dtype=DTYPE, validation=validation
    ):
        assert trained.best_loss == min(trained.validation_curve)


def test_progress_hears_of_all_steps():
    told = []
    train_ensemble(
        NETWORK, Rows(), ADAM, generators(3), dtype=DTYPE, n_threads=2, progress=told.append
    )
    assert sum(told) == 3 * ADAM.max_iter * 3


@pytest.mark.parametrize("n_networks", [1, 2])
def test_a_single_network_has_all_threads_for_its_minibatches(n_networks, monkeypatch):
    monkeypatch.setattr(engine_module, "chunk_rows", lambda *args: 2)
    monkeypatch.setattr(engine_module, "_MIN_WORK_FOR_THREADS", 0)
    seen = []

    class Engine(engine_module.Engine):
        def __init__(self, *args):
            seen.append(args[3])
            super().__init__(*args)

    monkeypatch.setattr("forecaster.nn.training.Engine", Engine)
    train_ensemble(NETWORK, Rows(), ADAM, generators(n_networks), dtype=DTYPE, n_threads=2)
    assert seen == [2] if n_networks == 1 else [1, 1]


def test_interrupted_source_side_by_side():
    """One training is interrupted and keeps its weights; on one thread the rest do not start."""
    first, second = (
        lambda stop: fit(ADAM, InterruptedRows(10), stop=stop),
        lambda stop: fit(ADAM, stop=stop),
    )
    for n_threads in (1, 2):
        trained = train_side_by_side([first, second], n_threads)
        assert trained[0].status == "interrupted"
        np.testing.assert_array_equal(trained[0].theta, fit(replace(ADAM, max_iter=3)).theta)
    assert [t.status for t in train_side_by_side([first, second], 1)] == 2 * ["interrupted"]
    assert train_side_by_side([first, second], 1)[1].n_steps == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to a thread")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_stops_all_trainings(n_threads):
    """The signal comes while both are under way; each keeps what it has."""
    under_way = threading.Barrier(n_threads, timeout=60)
    told, lock = [], threading.Lock()

    def progress(n_steps):
        with lock:  # one Ctrl-C: a second one would end the test run itself
            told.append(n_steps)
            now = len(told) == 100
        if now:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def training(stop):
        under_way.wait()
        return fit(replace(ADAM, max_iter=10_000), stop=stop, progress=progress)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        both = train_side_by_side([training, training], n_threads)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert [trained.status for trained in both] == ["interrupted", "interrupted"]
    assert len(told) >= 100
    for trained in both:
        assert np.isfinite(trained.theta).all()
        assert trained.best_loss == min(trained.loss_curve, default=math.inf)


@pytest.mark.parametrize("n_started", [0, 1, 2])
def test_ctrl_c_while_threads_start(n_started, monkeypatch):
    """Also one whose thread has just begun is waited for; every one runs once and has a result."""
    begun = []

    class Thread(threading.Thread):
        def start(self):
            if len(begun) >= n_started:
                raise KeyboardInterrupt
            super().start()
            under_way.acquire()
            if len(begun) == n_started:
                raise KeyboardInterrupt

    under_way = threading.Semaphore(0)
    monkeypatch.setattr(ensemble_module.threading, "Thread", Thread)

    def training(name):
        def run(stop):
            begun.append(name)
            under_way.release()
            return name, stop.wait(timeout=60)

        return run

    results = train_side_by_side([training(name) for name in "abc"], 2)
    assert results == [("a", True), ("b", True), ("c", True)]
    assert begun == ["a", "b", "c"]


def test_an_error_stops_the_others_and_is_raised():
    """After all have ended; none is left running."""
    ended = []

    def fails(stop):
        raise ValueError("no such series")

    def waits(stop):
        ended.append(stop.wait(timeout=60))

    with pytest.raises(ValueError, match="no such series"):
        train_side_by_side([waits, fails, waits], 2)
    assert ended == [True, True]


def test_trainings_share_the_time_by_their_steps():
    """So that all that a thread does takes as long as was asked for."""
    plans = [replace(ADAM, max_steps=n, max_seconds=33.0) for n in (450, 450, 450, 150, 150)]

    def shares(plans, n_threads):
        return [plan.max_seconds for plan in ensemble_module._with_shares_of_time(plans, n_threads)]

    assert shares(plans, 1) == pytest.approx([9, 9, 9, 3, 3])
    assert shares(plans, 2) == pytest.approx([16.5, 16.5, 16.5, 5.5, 5.5])
    assert shares(plans, 8) == pytest.approx([33, 33, 33, 11, 11])
    assert shares([replace(ADAM, max_seconds=6.0)] * 5, 2) == [2.0] * 5
    assert shares([ADAM], 1) == [None]

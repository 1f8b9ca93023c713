"""Threads: their number, the order of their results, and BLAS held to one of its own."""

import threading

import joblib
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from forecaster._threads import ordered_map, resolve_n_jobs, single_threaded_blas

TIMEOUT = 60


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    """BLAS with two threads, on machines with one core, too."""
    with single_threaded_blas():  # loads the BLAS of compiled code
        pass
    with threadpool_limits(limits=2, user_api="blas"):
        yield blas_threads()


def test_blas_gets_one_thread_and_then_its_own_again(two_blas_threads):
    assert set(two_blas_threads) == {2}
    with single_threaded_blas():
        assert set(blas_threads()) == {1}
    assert blas_threads() == two_blas_threads


def test_nested_users_share_one_limit(two_blas_threads):
    with single_threaded_blas():
        with single_threaded_blas():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert blas_threads() == two_blas_threads


def test_the_limit_ends_with_an_error(two_blas_threads):
    with pytest.raises(OSError, match="no data"), single_threaded_blas():
        raise OSError("no data")
    assert blas_threads() == two_blas_threads


def test_users_that_overlap_in_two_threads(two_blas_threads):
    """The first one in goes first: what it found is restored by the second one, not before."""
    second_is_in, first_is_out = threading.Event(), threading.Event()
    seen = []

    def second():
        with single_threaded_blas():
            second_is_in.set()
            assert first_is_out.wait(TIMEOUT)
            seen.append(blas_threads())

    thread = threading.Thread(target=second)
    with single_threaded_blas():
        thread.start()
        assert second_is_in.wait(TIMEOUT)
    assert set(blas_threads()) == {1}
    first_is_out.set()
    thread.join(TIMEOUT)
    assert set(seen[0]) == {1}
    assert blas_threads() == two_blas_threads


def test_any_thread_may_limit_after_another_one_did(two_blas_threads):
    """In threadpoolctl 3.8, OpenBLAS obeys only the thread that set the last limit."""
    seen = []

    def user():
        with single_threaded_blas():
            seen.append(blas_threads())
        seen.append(blas_threads())

    for _ in range(2):
        user()
        thread = threading.Thread(target=user)
        thread.start()
        thread.join(TIMEOUT)
    assert seen == 4 * [[1] * len(two_blas_threads), two_blas_threads]


def test_resolve_n_jobs():
    cores = joblib.cpu_count()
    assert resolve_n_jobs(None) == cores
    assert resolve_n_jobs(-1) == cores
    assert resolve_n_jobs(-2) == max(1, cores - 1)
    assert resolve_n_jobs(-10 * cores) == 1
    assert resolve_n_jobs(3) == 3


def test_inside_a_joblib_worker_the_default_is_one_thread():
    """Whoever runs fits in parallel has spread the cores already."""
    jobs = [joblib.delayed(resolve_n_jobs)(n_jobs) for n_jobs in (None, None, 3)]
    assert joblib.Parallel(n_jobs=2, backend="threading")(jobs) == [1, 1, 3]


def test_results_come_in_the_order_of_the_items():
    """The first item waits until the second is done: two threads are at work, out of order."""
    second_is_done = threading.Event()

    def work(item):
        if item == 0:
            assert second_is_done.wait(TIMEOUT)
        elif item == 1:
            second_is_done.set()
        return 10 * item

    assert ordered_map(work, iter(range(5)), n_threads=2) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("items, n_threads", [([7], 4), ([7, 8], 1), ([], 4)])
def test_without_need_no_thread_is_started(items, n_threads):
    threads = ordered_map(lambda item: threading.current_thread(), items, n_threads)
    assert threads == [threading.current_thread()] * len(items)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_first_error_in_order_is_raised(n_threads):
    def work(item):
        if item:
            raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 1"):
        ordered_map(work, range(4), n_threads)

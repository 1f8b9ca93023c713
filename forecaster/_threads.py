"""Threads: how many, in which order results come back, and BLAS kept from adding its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import joblib
from threadpoolctl import OpenBLASController, ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

_lock = threading.Lock()
_users = 0
_limiter: Any = None


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Number of threads: None for all cores (one inside a joblib worker), -2 for all but one."""
    if n_jobs is None:
        backend, _ = joblib.parallel.get_active_backend()
        return 1 if backend.nesting_level else joblib.cpu_count()
    if n_jobs < 0:
        return max(1, joblib.cpu_count() + 1 + n_jobs)
    return n_jobs


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (compiled code may use its BLAS: load it to find it)

    return ThreadpoolController()


def _any_thread_may_set_limits() -> None:
    """Since 3.8 threadpoolctl obeys one thread alone, the first, and ignores others silently.

    Fits come and go in any thread; without this, a limit taken in one would not hold, and products
    in two threads would fight over BLAS's own (measured: 15 times slower).
    """
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS to one thread: ours do the work, and a product's bits never depend on the count.

    The limit belongs to the process, so users are counted: fits that overlap in several threads
    share one limit, and the last one out restores what the first one found.
    """
    global _users, _limiter
    with _lock:
        if _users == 0:
            _any_thread_may_set_limits()
            _limiter = _controller().limit(limits=1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _any_thread_may_set_limits()
                _limiter.restore_original_limits()
                _any_thread_may_set_limits()
                _limiter = None


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> list[Result]:
    """Results in the order of the items, computed on up to ``n_threads`` threads."""
    items = list(items)
    n_threads = min(n_threads, len(items))
    if n_threads <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(function, items))

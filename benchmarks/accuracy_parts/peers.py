"""The automatic classical methods of the statsforecast package, where it is installed.

They run in a process of their own: a fit that takes too long or too much memory can be ended. With
seasons of hundreds of steps that happens.
"""

import importlib.util
import multiprocessing
import warnings
from contextlib import suppress
from functools import partial

from accuracy_parts.methods import timed

NAMES = ("AutoTheta", "AutoETS", "AutoARIMA")
MAX_SECONDS = 300  # for one fit, a hundred times what a forecaster may take
MAX_BYTES = 6 * 2**30


class Failure(Exception):
    """A fit that came to nothing; the message says why."""


def installed():
    return importlib.util.find_spec("statsforecast") is not None


class Peers:
    """Methods by name, each ``method(y, horizon, m)`` with its forecast and what `timed` adds.

    Raises `Failure`. A context manager, for the process behind it.
    """

    def __init__(self, names):
        self.methods = {name: partial(self._run, name) for name in names}
        self._pool = None

    def __enter__(self):
        return self.methods

    def __exit__(self, *_):
        self._end()

    def _run(self, name, *arguments):
        if self._pool is None:  # spawned: a forked child would have the parent's threads' locks
            self._pool = multiprocessing.get_context("spawn").Pool(1, _limit_memory)
        task = self._pool.apply_async(timed, (partial(_forecast, name), *arguments))
        try:
            return task.get(MAX_SECONDS)
        except multiprocessing.TimeoutError:
            self._end()
            raise Failure(f"no forecast within {MAX_SECONDS} s") from None
        except Exception as error:
            self._end()
            raise Failure(str(error) or type(error).__name__) from None

    def _end(self):
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()
            self._pool = None


def _limit_memory():
    with suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))


def _forecast(name, y, horizon, m):
    from statsforecast import models

    warnings.simplefilter("ignore")
    return getattr(models, name)(season_length=m).forecast(y, horizon)["mean"]

"""The one place for Numba: compiler options, and a cache that is never stale and never fatal.

Numba's own cache (0.68) compares only the file that defines a function. After an upgrade that
changes just a helper, the old machine code would run. Here every entry carries a digest of all
kernel sources. Where nothing can be written, kernels are compiled in memory, with one warning.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any

import numba
from llvmlite.binding import add_symbol, get_host_cpu_features
from numba.core import cgutils, config, types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.errors import TypingError
from numba.extending import intrinsic

__all__ = [
    "OPTIONS",
    "allocating_kernel",
    "cache_place",
    "kernel",
    "shared_kernel",
    "simd_bytes",
    "summing_kernel",
]

# "contract" lets the compiler fuse a*b+c. Full fastmath would delete isnan checks.
# The "numpy" error model drops the zero test in divisions, which would stop SIMD.
# No kernel is handed to C or to another kernel: the wrapper for that would be compiled in vain.
# Without Numba's own memory management kernels are shorter, and one that allocates is refused.
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
    "_nrt": False,
}


def _source_digest() -> str:
    """Digest of this file and of every kernel module."""
    package = files(__package__)
    sources = [package / "_jit.py"]
    kernels = (package / "kernels").iterdir()
    sources += sorted((p for p in kernels if p.name.endswith(".py")), key=lambda p: p.name)
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


_DIGEST = _source_digest()
_warned = False
_place: str | None = None


def _warn_uncached(reason: object) -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            "forecaster cannot keep its compiled code on disk, so every process compiles anew "
            f"(some seconds): {reason}. Set NUMBA_CACHE_DIR to a writable folder.",
            RuntimeWarning,
            stacklevel=2,
        )


class _CacheFile(IndexDataCacheFile):
    """Names data files by signature, not by a running number.

    Two processes that start with an empty cache would both write file number 1, and one of them
    could later load the other's signature under its own.
    """

    def _load_index(self) -> dict:
        try:
            return super()._load_index()
        except Exception:  # damaged: start a new one
            return {}

    def save(self, key: tuple, data: object) -> None:
        signature_and_machine = repr(key[:2]).encode()  # not the code: an upgrade overwrites
        name = self._data_name(int(hashlib.sha256(signature_and_machine).hexdigest()[:12], 16))
        self._save_data(name, data)
        self._save_index({**self._load_index(), key: name})


class _CachedCode(CompileResultCacheImpl):
    """Machine code as a file holds it: behind the names of the shared kernels that it calls."""

    def reduce(self, result: Any) -> tuple:
        functions = result.library._final_module.functions
        called = [function.name for function in functions if function.name in _shared]
        return called, super().reduce(result)

    def rebuild(self, target_context: Any, payload: tuple) -> Any:
        called, code = payload
        for name in called:
            _link(name)
        return super().rebuild(target_context, code)


class _KernelCache(FunctionCache):
    """Numba's function cache, stamped with all kernel sources; I/O trouble costs time only."""

    _impl_class = _CachedCode

    def __init__(self, py_func: Callable) -> None:
        super().__init__(py_func)
        self._cache_file = _CacheFile(self._cache_path, self._impl.filename_base, _DIGEST)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file may raise anything: compile again and overwrite it
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:  # a full disk, or one that is read-only by now
            _warn_uncached(error)


def kernel(py_func: Callable, options: dict[str, Any] = OPTIONS) -> Callable:
    """Compile ``py_func`` at its first call and keep the machine code on disk."""
    dispatcher = numba.njit(**options)(py_func)
    if config.DISABLE_JIT:
        return dispatcher
    global _place
    try:
        dispatcher._cache = _KernelCache(py_func)
        _place = dispatcher._cache.cache_path
    except (RuntimeError, OSError):  # Numba found no place to write
        _warn_uncached("no writable place for the cache was found")
    return dispatcher


# "reassoc" lets SIMD lanes add up a part of a sum each: one number after the other, a sum over all
# weights takes three times as long. The order is fixed when the code is compiled.
summing_kernel = partial(kernel, options={**OPTIONS, "fastmath": {"contract", "reassoc"}})


_shared: dict[str, tuple[Any, tuple]] = {}


def shared_kernel(py_func: Callable, *signatures: tuple) -> Callable:
    """A kernel that is in memory once; other kernels call it with a tuple of its arguments.

    Usually Numba makes what a kernel calls a part of it, and compiles it there once more. The
    arguments are scalars of one of the ``signatures``; nothing is returned or raised. To be called
    by what `kernel` made: only its files know what they need when they are loaded.
    """
    function = kernel(py_func, options={**OPTIONS, "no_cpython_wrapper": True})
    names = {s: f"{py_func.__module__}.{py_func.__name__}.{i}" for i, s in enumerate(signatures)}
    _shared.update({name: (function, signature) for signature, name in names.items()})

    @intrinsic
    def call(typing: Any, arguments: Any) -> tuple:
        kinds = arguments.types
        if kinds not in names:
            raise TypingError(f"expected arguments of the types {list(names)}, got {kinds}")
        name = names[kinds]
        _link(name)

        def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            kind = convention.get_function_type(types.none, kinds)
            there = cgutils.get_or_insert_function(builder.module, kind, name)
            values = cgutils.unpack_tuple(builder, values[0])
            convention.call_function(builder, there, types.none, kinds, values)
            return context.get_dummy_value()

        return types.void(arguments), write

    return call


def _link(name: str) -> None:
    """Compile or load a shared kernel, and tell LLVM where it is: code that calls it may follow."""
    function, signature = _shared[name]
    function.compile(signature)
    compiled = function.overloads[signature]
    place = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    if not place:
        raise RuntimeError(f"Numba does not know where {name} is; please report this.")
    add_symbol(name, place)


# BLAS wants memory for what it makes.
allocating_kernel = partial(kernel, options={**OPTIONS, "_nrt": True})


def simd_bytes() -> int:
    """Size of the registers that compiled code may add products up in; 0 where none are known."""
    features = config.CPU_FEATURES
    if features is None:  # compiled code is made, and kept, for this processor
        features = get_host_cpu_features().flatten()
    has = features.split(",")
    if config.DISABLE_JIT or "+fma" not in has:
        return 0
    return 64 if "+avx512f" in has else 32 if "+avx2" in has else 0


def cache_place() -> str | None:
    """Folder of the compiled code; None if there is none, or no kernel is imported yet."""
    return _place

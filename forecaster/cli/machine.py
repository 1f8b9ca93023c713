"""What a report of a problem should contain."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import threadpoolctl
from llvmlite import binding

from forecaster._jit import cache_place, simd_bytes
from forecaster._threads import resolve_n_jobs

_PACKAGES = ["forecaster", "numba", "numpy", "scipy", "pandas", "scikit-learn"]


def describe_machine() -> list[list[str]]:
    """Versions, processor, threads, products, BLAS and cache: rows of a name and what it is."""
    blas = [
        f"{library['internal_api']} {library['version']}, {library['num_threads']} threads"
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    ]
    return [
        *([name, version(name)] for name in _PACKAGES),
        ["Python", platform.python_version()],
        ["system", platform.platform()],
        ["CPU", f"{_cpu()} ({binding.get_host_cpu_name()})"],
        ["threads", str(resolve_n_jobs(None))],
        ["products", f"registers of {simd_bytes()} bytes" if simd_bytes() else "by BLAS"],
        ["BLAS", "; ".join(dict.fromkeys(blas)) or "none found"],
        ["compiled code", cache_place() or "kept in memory only: no writable folder was found"],
    ]


def _cpu() -> str:
    """The name of the processor; Linux tells it in a file only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

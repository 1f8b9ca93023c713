"""The cache of compiled code: never stale, never fatal, and there for the next process.

All runs in fresh processes, on copies of the part of the package that compiles. The first one
compiles; its folder, with the cache in it, is what the other tests copy.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features
from numba.core.errors import NumbaError

from forecaster import _jit

pytestmark = pytest.mark.jit

# One step of one unit, h = 2 x, and how the code for it was come by
SCRIPT = """
import json, warnings
from numba.core import event

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with event.install_recorder("numba:compile") as compilations:
        import numpy as np
        from forecaster._jit import cache_place
        from forecaster.kernels import elman
        from forecaster.kernels.activations import IDENTITY

        # then
        states, X = np.zeros((2, 1, 1)), np.full((1, 1, 1), 21.0)
        weights = np.full((1, 1), 2.0), np.zeros((1, 1)), np.zeros(1)
        elman.forward(IDENTITY, True, *weights, X, states, *elman.tape(1, 1, 1, 1, 1, X.dtype))
print(json.dumps({
    "result": states[1, 0, 0],
    "compiled": len(compilations.buffer) > 0,
    "warnings": [f"{w.category.__name__}: {w.message}" for w in caught],
    "place": cache_place(),
}))
"""
LOADED = {"result": 42, "compiled": False, "warnings": []}
COMPILED = {"result": 42, "compiled": True, "warnings": []}


def run(folder, script=SCRIPT, **environment):
    """What a fresh process finds that imports the package in ``folder``; and its cache's place."""
    hidden = ("NUMBA_", "PYTHON", "XDG_CACHE_HOME")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment = {**clean, "HOME": str(folder), "PYTHONPATH": str(folder), **environment}
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    return found, found.pop("place")


def copy_of_the_package(folder):
    """``_jit.py`` and the kernels, without anything compiled."""
    package = folder / "forecaster"
    shutil.copytree(
        Path(_jit.__file__).with_name("kernels"),
        package / "kernels",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(_jit.__file__, package)
    (package / "__init__.py").touch()
    return folder


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = copy_of_the_package(tmp_path_factory.mktemp("compiled"))
    found, place = run(folder)
    assert found == COMPILED
    assert place == str(folder / "forecaster" / "kernels" / "__pycache__")
    return folder


@pytest.fixture
def folder(compiled, tmp_path):
    """A package whose code an earlier process has compiled."""
    return Path(shutil.copytree(compiled, tmp_path / "copy"))


def cache_files(folder, suffix="nb?"):
    return sorted(folder.rglob(f"*.{suffix}"))


def test_the_next_process_compiles_nothing(folder):
    before = {path: path.stat().st_mtime_ns for path in cache_files(folder)}
    assert run(folder)[0] == LOADED
    assert before
    assert before == {path: path.stat().st_mtime_ns for path in cache_files(folder)}


def test_a_new_version_of_a_helper_is_used(folder):
    """Although the file of the kernel that calls it is the same. Numba's own cache misses this."""
    helper = folder / "forecaster" / "kernels" / "activations.py"
    source = helper.read_text()
    line = "    if kind == TANH:\n        for i in range(Z.size):\n"
    assert source.count(line) == 1
    helper.write_text(source.replace(line, "    Z += 1000\n" + line))
    assert run(folder)[0] == {**COMPILED, "result": 1042}
    assert run(folder)[0] == {**LOADED, "result": 1042}


PRODUCTS = """
import json
import numpy as np
from forecaster._jit import cache_place, simd_bytes
from forecaster.kernels.products import add_product

rng = np.random.default_rng(0)
errors = []
for R, M, N in [(1, 1, 1), (13, 6, 5), (20, 9, 32), (29, 33, 70)]:
    A, B, start = (rng.standard_normal(shape) for shape in [(R, M), (M, N), (1, N)])
    out = np.empty((R, N))
    add_product(start, A, B, out)
    add_product(out, np.asfortranarray(A), B, out)
    errors.append(float(np.abs(out - start - 2 * (A @ B)).max()))
exact = max(errors) < 1e-12
print(json.dumps({"bytes": simd_bytes(), "exact": exact, "place": cache_place()}))
"""


@pytest.mark.skipif(_jit.simd_bytes() == 0, reason="there are no longer registers to do without")
@pytest.mark.parametrize("n_bytes, without", [(32, ["avx512"]), (0, ["avx512", "fma"])])
def test_products_on_processors_with_shorter_registers(tmp_path, n_bytes, without):
    features = [
        "-" + name[1:] if any(part in name for part in [*without, "evex", "avx10"]) else name
        for name in get_host_cpu_features().flatten().split(",")
    ]
    processor = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ",".join(features)}
    folder = copy_of_the_package(tmp_path)
    assert run(folder, PRODUCTS, **processor)[0] == {"bytes": n_bytes, "exact": True}
    assert run(folder, **processor)[0] == COMPILED
    assert run(folder, **processor)[0] == LOADED


def _allocates(n):
    return np.zeros(n).size


def test_a_kernel_that_allocates_is_refused():
    """Numba says so in several ways, none of them clear: what counts is that it does not run."""
    with pytest.raises(NumbaError):
        _jit.kernel(_allocates)(3)


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_files_are_replaced(folder, suffix):
    """An index or machine code, as a full disk or a power cut leaves them."""
    for path in cache_files(folder, suffix):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert run(folder)[0] == COMPILED
    assert run(folder)[0] == LOADED


def test_a_shared_kernel_whose_file_is_lost_is_compiled_for_those_that_call_it(folder):
    """Code that calls it, and comes from its own file, would end the process without it."""
    shared = [path for path in cache_files(folder, "nbc") if "products._add_tiles" in path.name]
    assert len(shared) == (_jit.simd_bytes() > 0)
    for path in shared:
        path.unlink()
    assert run(folder)[0] == (COMPILED if shared else LOADED)
    assert run(folder)[0] == LOADED


ONE_WARNING = "RuntimeWarning: forecaster cannot keep its compiled code on disk"


def test_without_a_place_to_write_it_compiles_in_memory(tmp_path):
    """Nothing can be written into a file, not even by root: no folder beside it, and no home."""
    folder = copy_of_the_package(tmp_path)
    (folder / "forecaster" / "kernels" / "__pycache__").touch()
    nowhere = str(folder / "forecaster" / "__init__.py" / "home")
    found, place = run(folder, HOME=nowhere, XDG_CACHE_HOME=nowhere, LOCALAPPDATA=nowhere)
    (warning,) = found.pop("warnings")
    assert warning.startswith(ONE_WARNING)
    assert "NUMBA_CACHE_DIR" in warning
    assert found == {"result": 42, "compiled": True}
    assert place is None
    assert cache_files(folder) == []


def test_a_cache_that_cannot_be_written_any_more_is_no_error(tmp_path):
    folder = copy_of_the_package(tmp_path)
    cache = folder / "forecaster" / "kernels" / "__pycache__"
    spoil = f"import pathlib; c = pathlib.Path({str(cache)!r}); c.rmdir(); c.touch()"
    found, _ = run(folder, SCRIPT.replace("# then", spoil))
    (warning,) = found.pop("warnings")
    assert warning.startswith(ONE_WARNING)
    assert found == {"result": 42, "compiled": True}


def test_two_processes_do_not_write_the_same_file(tmp_path):
    """Both start with an empty index; each keeps its own code for its own signature."""
    first, second = (_jit._CacheFile(str(tmp_path), "kernel", "stamp") for _ in range(2))
    first.save(("float32",), "code for float32")
    index_of_first = (tmp_path / "kernel.nbi").read_bytes()
    (tmp_path / "kernel.nbi").unlink()
    second.save(("float64",), "code for float64")
    assert second.load(("float64",)) == "code for float64"
    assert second.load(("float32",)) is None
    (tmp_path / "kernel.nbi").write_bytes(index_of_first)
    assert first.load(("float32",)) == "code for float32"


def test_another_stamp_is_another_cache(tmp_path):
    old, new = (_jit._CacheFile(str(tmp_path), "kernel", stamp) for stamp in ("old", "new"))
    old.save(("float64",), "old code")
    assert new.load(("float64",)) is None
    new.save(("float64",), "new code")
    assert new.load(("float64",)) == "new code"

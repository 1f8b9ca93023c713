"""The shape of the package: who may import whom, and what importing it costs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import forecaster

PACKAGE = Path(forecaster.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# What each part may import besides itself. A part is a module or a folder of the package, or
# __init__, the front page. All that a part may import stands above it: one direction, no circles.
COMMON = {"_extras", "_validation", "_threads", "exceptions"}
MODELS = {"kernels", "nn", "estimators"}
USERS = {"data", "estimators", "forecasting", "evaluation", "persistence"}
MAY_IMPORT = {
    "_extras": set(),
    "_validation": set(),
    "_threads": {"_validation"},
    "exceptions": set(),
    "_jit": set(),
    "kernels": {"_jit"},
    "nn": COMMON | {"kernels"},
    "estimators": COMMON | {"kernels", "nn"},
    "exchange": COMMON | MODELS,
    "data": COMMON,
    "forecasting": COMMON | MODELS | {"data"},
    "evaluation": COMMON | {"nn", "data", "estimators", "forecasting"},
    "persistence": COMMON | {"nn", "data", "estimators", "forecasting"},
    "__init__": COMMON | USERS,
    "plotting": COMMON | USERS,
    "cli": COMMON | USERS | {"_jit", "__init__", "plotting"},
    "__main__": {"cli"},
}
WITHOUT_PANDAS = COMMON | MODELS | {"_jit", "exchange"}
OPTIONAL = {"matplotlib", "onnx", "pyarrow", "torch"}
MAY_IMPORT_AT_THE_TOP = {"plotting": {"matplotlib"}, "exchange": {"onnx", "torch"}}


def part_of(source):
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(nodes):
    """Dotted names of all that the import statements among these nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "absolute imports say at once which part they come from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def roots(names):
    return {name.split(".")[0] for name in names}


def parts(names):
    """The parts of the package among these names; whatever the front page offers is __init__."""
    own = [name.split(".") for name in names if name.split(".")[0] == "forecaster"]
    return {name[1] if name[1:] and name[1] in MAY_IMPORT else "__init__" for name in own}


def run_at_import(node):
    """The nodes outside functions and outside ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        hints_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not hints_only and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from run_at_import(child)


def test_the_table_has_one_direction_and_no_gaps():
    for position, (part, below) in enumerate(MAY_IMPORT.items()):
        assert below <= set(list(MAY_IMPORT)[:position]), f"{part} imports a part that is above it"
    assert {part_of(source) for source in SOURCES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(PACKAGE)))
def test_imports(source):
    part, tree = part_of(source), ast.parse(source.read_text(encoding="utf-8"))
    names = set(imported(ast.walk(tree)))
    assert parts(names) - {part} <= MAY_IMPORT[part]
    if part in WITHOUT_PANDAS:
        assert "pandas" not in roots(names)
    at_the_top = roots(imported(run_at_import(tree)))
    assert at_the_top & OPTIONAL <= MAY_IMPORT_AT_THE_TOP.get(part, set())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(PACKAGE)))
def test_a_file_is_short(source):
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 400


def test_sources_are_ascii():
    files = SOURCES + sorted(Path(__file__).parent.rglob("*.py"))
    assert [str(file) for file in files if not file.read_bytes().isascii()] == []


def in_a_fresh_process(code):
    """What the code prints; warnings are errors there too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_needs_no_extra_and_prints_nothing():
    code = f"""
import sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent)
import forecaster, forecaster.exchange
"""
    assert in_a_fresh_process(code) == ""


def test_the_import_loads_no_extra():
    # pandas loads pyarrow by itself where it is installed: what counts is what we add to that.
    code = f"""
import sys, pandas
before = set(sys.modules)
import forecaster, forecaster.exchange
print({OPTIONAL} & (set(sys.modules) - before))
"""
    assert in_a_fresh_process(code).strip() == "set()"


def test_the_import_compiles_nothing():
    code = """
import sys, forecaster
from numba.core.dispatcher import Dispatcher
kernels = [
    value
    for name, module in sys.modules.items()
    if name.startswith("forecaster")
    for value in vars(module).values()
    if isinstance(value, Dispatcher)
]
print(len(kernels) > 0, [kernel.__name__ for kernel in kernels if kernel.overloads])
"""
    assert in_a_fresh_process(code).strip() == "True []"

"""The notebooks: they run, and what is committed is what a clean run from top to bottom gives."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# Two parts of a path after a slash at its start (not of a URL, not of a closing HTML tag), or a
# drive's letter.
ABSOLUTE_PATH = re.compile(r"(?<![\w/.:<])/[\w.-]+/[\w.-]+|\b[A-Za-z]:\\")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """What sort of outputs a cell has; the figures in them differ from machine to machine."""
    return [(output.output_type, sorted(output.get("data", {}))) for output in cell.outputs]


def texts(cell):
    """All that a reader sees of a cell but pictures."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for kind, data in output.get("data", {}).items():
            if not kind.startswith("image/"):
                yield data


def run(path, folder):
    """The notebook, executed by this very Python; an error in a cell is raised."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class ThisPython(AsyncKernelManager):
        """Without folders to look for kernels in, "python3" means sys.executable."""

        def __init__(self, **options):
            super().__init__(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **options)

    notebook = read(path)
    NotebookClient(
        notebook,
        kernel_name="python3",
        kernel_manager_class=ThisPython,
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return notebook


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@every_notebook
def test_runs_without_errors_and_warnings(path, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # no settings of the user's
    monkeypatch.delenv("MPLBACKEND", raising=False)  # pictures go into the notebook
    executed = run(path, tmp_path)
    for cell, committed in zip(code_cells(executed), code_cells(read(path))):
        spoken = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        assert not spoken, cell.source
        assert kinds(cell) == kinds(committed), cell.source


@every_notebook
def test_was_run_from_top_to_bottom(path):
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.outputs for cell in cells)


@every_notebook
def test_tells_nothing_of_the_machine(path):
    notebook = read(path)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert not cell.metadata, "times and editor settings belong to nobody else"
        for text in texts(cell):
            assert not ABSOLUTE_PATH.search(text), text

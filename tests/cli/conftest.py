"""What all tests of the command stand on."""

from functools import partial

import pytest

from forecaster.cli import commands


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    for cell, (name, make) in commands.CELLS.items():
        small = partial(make, n_estimators=1, max_steps=20, n_jobs=1)
        monkeypatch.setitem(commands.CELLS, cell, (name, small))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path

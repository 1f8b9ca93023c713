"""What pyproject.toml, the change log and the installed package say of each other."""

import re
import tomllib
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path

import forecaster

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_one_version_everywhere():
    assert forecaster.__version__ == PROJECT["version"] == version("forecaster")


def test_the_change_log_begins_with_this_version():
    change_log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", change_log, flags=re.MULTILINE)
    assert released[:1] == [PROJECT["version"]]


def test_type_hints_are_announced():
    assert (files("forecaster") / "py.typed").is_file()


def test_the_command_can_be_loaded():
    (command,) = entry_points(group="console_scripts", name="forecaster")
    assert callable(command.load())

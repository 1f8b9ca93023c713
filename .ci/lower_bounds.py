"""Print the lower bounds of all that the tests need, as exact requirements for pip."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
tested = [extra for name in ("plot", "parquet", "onnx", "test") for extra in extras[name]]
for requirement in (*project["dependencies"], *tested):
    if not requirement.startswith(project["name"]):
        print(requirement.replace(">=", "=="))

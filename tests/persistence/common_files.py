"""Files with every kind of content, and how they are refused."""

import zipfile

import pytest

from forecaster import ElmanRegressor, load
from forecaster.persistence import container
from tests.persistence.common import fitted

NET = fitted(ElmanRegressor)


def refused(path, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message
    return message


def rewritten(path, change=lambda content, arrays: None, **header):
    """The file after a change of its content, with a digest that fits, as a forger would do it."""
    old, arrays = container.read(path)
    content = old["content"]
    change(content, arrays)
    members = {f"{name}.npy": container._npy_bytes(array) for name, array in arrays.items()}
    new = {**old, "content": content, **header}
    new["sha256"] = container._digest(new, members)
    write_zip(path, {"header.json": container._json_bytes(new), **members})
    return path


def write_zip(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}

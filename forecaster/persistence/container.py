"""The file: a zip archive of NumPy arrays beside a JSON header, written whole or not at all.

Its members are stored, not compressed: weights hardly compress, and so nothing that is read can be
larger than the file itself.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import secrets
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from forecaster.persistence.versions import FORMAT, LIBRARY

HEADER = "header.json"
_KINDS = "biufcmMSU"  # kinds of dtype that hold plain data
_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal estimators make equal files
_ANEW = "copy the file again from where it was saved, or save the estimator anew"


class FileError(ValueError):
    """What is wrong with a file, in words that follow its name."""


def write(path: Path, content: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file, or leave what was there.

    Parameters
    ----------
    path : Path
        Where to.
    content : JSON value
        All but the arrays.
    arrays : dict of str to ndarray
        The arrays, none of objects.
    """
    members = {f"{name}.npy": _npy_bytes(array) for name, array in arrays.items()}
    header = {"format": FORMAT, "library": LIBRARY, "content": content}
    header["sha256"] = _digest(header, members)
    path = Path(os.path.realpath(path))  # a link stays one
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "save replaces files only, and this is none", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(path.parent))
    partial = path.with_name(f".{secrets.token_hex(16)}.tmp")
    try:
        with partial.open("xb") as file:
            with suppress(FileNotFoundError):
                shutil.copymode(path, partial)
            with zipfile.ZipFile(file, "w") as archive:
                for name, data in {HEADER: _json_bytes(header), **members}.items():
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file.

    Parameters
    ----------
    path : Path
        Where from.

    Returns
    -------
    header : dict
        With ``format``, ``library`` and ``content``.
    arrays : dict of str to ndarray
        By name.

    Raises
    ------
    FileError
        If the file was not written by `write`, or not as it is now.
    OSError
        If it cannot be read.
    """
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive, len(data))
    except FileError:
        raise
    except Exception as error:  # zipfile raises a dozen kinds for bytes that it does not expect
        raise FileError(
            f"is truncated or damaged, or was not written by forecaster.save ({error}): {_ANEW}"
        ) from error
    header = _header(members.pop(HEADER))
    if header.pop("sha256", None) != _digest(header, members):
        raise FileError(f"was changed after it was saved (its SHA-256 digest differs): {_ANEW}")
    return header, {name.removesuffix(".npy"): _array(data) for name, data in members.items()}


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, bytes]:
    """The bytes of all members; zipfile checks each against its CRC."""
    infos, names = archive.infolist(), archive.namelist()
    if HEADER not in names:
        raise FileError(f"has no {HEADER}: give a file that was written by forecaster.save")
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    if not stored or len(set(names)) < len(names) or sum(i.file_size for i in infos) > size:
        raise FileError(
            "claims to hold more than it does (compressed, overlapping or repeated members), as "
            f"forecaster.save never writes it: {_ANEW}"
        )
    return {info.filename: archive.read(info) for info in infos}


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data, parse_constant=_refuse)
        _json_bytes(header)  # refuses 1e999, which json reads as infinity
        number, library = header["format"], header["library"]
        known = type(number) is int and number >= 1 and isinstance(library, str)
    except (ValueError, TypeError, KeyError, RecursionError):
        known = False
    if not known:
        raise FileError(f"has a {HEADER} that forecaster.save did not write: {_ANEW}")
    if number > FORMAT:
        raise FileError(
            f"has format {number} and was saved by forecaster {library}, but this is forecaster "
            f"{LIBRARY}, which reads formats up to {FORMAT}: install that version or a later one"
        )
    return header


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _array(data: bytes) -> np.ndarray:
    """An array from the bytes of a .npy file; nothing is allocated that these do not fill."""
    stream = io.BytesIO(data)
    try:
        npy.read_magic(stream)
        shape, _, dtype = npy.read_array_header_1_0(stream)
        length = math.prod(shape) * dtype.itemsize
        if dtype.kind not in _KINDS or min(shape, default=0) < 0:
            raise ValueError(f"an array of {dtype} and shape {shape} is not plain data")
        if length != len(data) - stream.tell():
            raise ValueError(f"an array of shape {shape} has {len(data)} bytes")
        stream.seek(0)
        return npy.read_array(stream, allow_pickle=False)
    except Exception as error:  # headers of .npy files are parsed by several layers
        raise FileError(
            f"holds an array that forecaster.save did not write ({error}): {_ANEW}"
        ) from error


def _npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    npy.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _digest(header: dict[str, Any], members: Mapping[str, bytes]) -> str:
    """SHA-256 of the header (without the digest) and of all arrays with their names."""
    digest = hashlib.sha256()
    for name, data in {HEADER: _json_bytes(header), **members}.items():
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()

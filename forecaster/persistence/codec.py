"""From objects to a tree of JSON values beside arrays, and back; classes come from a table.

Plain values and lists of them stand for themselves. Everything else is ``{"type": name, "fields":
{...}}``, where the name is looked up in the table: nothing is imported or evaluated by name. An
object that two others share stays one: its node has a number, by which a node "same" names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecaster.persistence.container import FileError
from forecaster.persistence.versions import LIBRARY

_PLAIN = (type(None), bool, int, str)


@dataclass(frozen=True)
class Codec:
    """How the objects of one class are saved.

    Parameters
    ----------
    type : type
        The class; those of a subclass are not saved by its codec.
    take_apart : callable ``(object) -> dict of str to object``
        What to save, by name. A TypeError says why an object cannot be saved.
    put_together : callable ``(**fields) -> object``
        The inverse.
    name : str
        The name in files; the class's own if empty.
    """

    type: type
    take_apart: Callable[[Any], Mapping[str, Any]]
    put_together: Callable[..., Any]
    name: str = ""


class Codecs:
    """A table of codecs, by class and by name.

    Parameters
    ----------
    codecs : iterable of Codec
        One for each class.
    """

    def __init__(self, codecs: Iterable[Codec]) -> None:
        self.by_type = {codec.type: codec for codec in codecs}
        self.by_name = {codec.name or kind.__name__: codec for kind, codec in self.by_type.items()}

    def encode(self, value: Any) -> tuple[Any, dict[str, np.ndarray]]:
        """Turn an object into JSON values, and arrays that these name.

        Raises
        ------
        TypeError
            If a part cannot be saved.
        """
        encoder = _Encoder(self)
        return encoder.encode(value, type(value).__name__), encoder.arrays

    def decode(self, node: Any, arrays: Mapping[str, np.ndarray]) -> Any:
        """Turn JSON values and arrays back into the object.

        Raises
        ------
        FileError
            If a class is not in the table, or the fields do not make such an object. What does
            not even have the shape of a tree raises whatever it may.
        """
        return _Decoder(self, arrays).decode(node)


class _Encoder:
    """One walk down an object."""

    def __init__(self, codecs: Codecs) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._codecs = codecs
        self._known: dict[int, tuple[Any, dict[str, Any]]] = {}  # by id: the object and its node
        self._begun: set[int] = set()
        self._n_shared = 0

    def encode(self, value: Any, path: str) -> Any:
        """The node of an object; ``path`` tells the user where it stands."""
        if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)):
            return value
        if id(value) in self._known:
            return self._same(self._known[id(value)][1])
        if id(value) in self._begun:
            raise TypeError(f"{path} contains itself, which a file of forecaster cannot hold.")
        self._begun.add(id(value))
        try:
            if type(value) is list:
                return [self.encode(item, f"{path}[{i}]") for i, item in enumerate(value)]
            name, fields = self._take_apart(value, path)
            values = {key: self.encode(field, f"{path}.{key}") for key, field in fields.items()}
        finally:
            self._begun.remove(id(value))
        node = {"type": name, "fields": values}
        own_hash: Any = type(value).__hash__
        if own_hash in (None, object.__hash__):  # it is more than its value
            self._known[id(value)] = value, node  # the value, too: its id must not be used anew
        return node

    def _same(self, node: dict[str, Any]) -> dict[str, Any]:
        if "number" not in node:
            node["number"] = self._n_shared
            self._n_shared += 1
        return {"type": "same", "fields": {"number": node["number"]}}

    def _take_apart(self, value: Any, path: str) -> tuple[str, Mapping[str, Any]]:
        if type(value) is dict and all(type(key) is str for key in value):
            return "dict", value
        if type(value) is np.ndarray and value.dtype.kind in "biufcmMSU":
            name = f"array-{len(self.arrays)}"
            self.arrays[name] = value
            return "array", {"name": name}
        codec = self._codecs.by_type.get(_kind(value))
        if codec is None:
            raise TypeError(
                f"{path} is {_words(value)}, which a file of forecaster cannot hold: replace it by "
                "plain values, or keep the estimator with pickle or joblib."
            )
        try:
            return codec.name or codec.type.__name__, codec.take_apart(value)
        except TypeError as error:
            raise TypeError(f"{path} is {_words(value)}, which cannot be saved: {error}.") from None


class _Decoder:
    """One walk down a tree of JSON values."""

    def __init__(self, codecs: Codecs, arrays: Mapping[str, np.ndarray]) -> None:
        self._codecs, self._arrays = codecs, arrays
        self._shared: dict[int, Any] = {}

    def decode(self, node: Any) -> Any:
        if type(node) in (*_PLAIN, float):
            return node
        if type(node) is list:
            return [self.decode(item) for item in node]
        value = self._put_together(node["type"], node["fields"])
        if "number" in node:
            self._shared[node["number"]] = value
        return value

    def _put_together(self, name: str, fields: dict[str, Any]) -> Any:
        if name == "same":
            return self._shared[fields["number"]]
        if name == "array":
            return self._arrays[fields["name"]]
        values = {key: self.decode(value) for key, value in fields.items()}
        if name == "dict":
            return values
        if name not in self._codecs.by_name:
            raise FileError(
                f"names the class {str(name)[:100]!r}, which forecaster {LIBRARY} does not know: "
                "load it with the version that saved it, or a later one"
            )
        return self._codecs.by_name[name].put_together(**values)


def _kind(value: Any) -> type:
    """The class under which a value is looked up: NumPy's many dtypes and scalars have one each."""
    for family in (np.dtype, np.generic):
        if isinstance(value, family):
            return family
    return type(value)


def _words(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"a {type(value).__module__}.{type(value).__qualname__}"

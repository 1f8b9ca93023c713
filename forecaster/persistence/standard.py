"""Codecs of what Python and NumPy bring along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import numpy as np

from forecaster.persistence.codec import Codec
from forecaster.persistence.container import FileError

_BIT_GENERATORS = {
    kind.__name__: kind
    for kind in (
        np.random.MT19937,
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.Philox,
        np.random.SFC64,
    )
}

_LARGEST_POOL = 64  # of a SeedSequence, 4 by default: time and memory grow with it


def _sorted_items(value: Any) -> dict[str, Any]:
    return {"items": sorted(value, key=repr)}


def _pairs(value: dict[Any, Any]) -> dict[str, Any]:
    return {"keys": list(value), "values": list(value.values())}


def _from_pairs(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    return dict(zip(keys, values, strict=True))


def _object_array(array: np.ndarray) -> dict[str, Any]:
    if array.dtype != object:
        raise TypeError("give it a plain dtype")
    return {"shape": list(array.shape), "items": array.ravel().tolist()}


def _from_objects(shape: list[int], items: list[Any]) -> np.ndarray:
    array = np.empty(len(items), object)
    for position, item in enumerate(items):  # a slice would look into items that are sequences
        array[position] = item
    return array.reshape(shape)


def _dtype(dtype: np.dtype) -> dict[str, Any]:
    if dtype.kind not in "biufcmMSUO":
        raise TypeError("only dtypes of plain numbers, times and text are known")
    return {"text": dtype.str}


def _scalar_type(kind: type) -> dict[str, Any]:
    if not issubclass(kind, np.generic):
        raise TypeError("of all types only those of NumPy's scalars are known")
    return _dtype(np.dtype(kind))


def _scalar(value: np.generic) -> dict[str, Any]:
    return {"value": np.asarray(value)}


def _generator(generator: np.random.Generator) -> dict[str, Any]:
    """The state, and the seeds that `spawn` goes on from."""
    state = generator.bit_generator.state
    seeds = generator.bit_generator.seed_seq
    if state["bit_generator"] not in _BIT_GENERATORS or type(seeds) is not np.random.SeedSequence:
        raise TypeError("its bits are not from one of NumPy's own generators")
    if seeds.pool_size > _LARGEST_POOL:
        raise TypeError(f"its SeedSequence has a pool of more than {_LARGEST_POOL} words")
    return {"state": state, "seeds": seeds.state}


def _from_generator(state: Any, seeds: dict[str, Any]) -> np.random.Generator:
    if seeds["pool_size"] > _LARGEST_POOL:
        raise FileError("holds seeds that forecaster.save never writes: do not use it")
    bits = _BIT_GENERATORS[state["bit_generator"]](np.random.SeedSequence(**seeds))
    bits.state = state
    return np.random.Generator(bits)


def _random_state(random_state: np.random.RandomState) -> dict[str, Any]:
    state: Mapping[str, Any] = random_state.get_state(legacy=False)
    if state["bit_generator"] not in _BIT_GENERATORS:
        raise TypeError("its bits are not from one of NumPy's own generators")
    return {"state": dict(state)}


def _from_random_state(state: dict[str, Any]) -> np.random.RandomState:
    random_state = np.random.RandomState(_BIT_GENERATORS[state["bit_generator"]](0))
    random_state.set_state(state)
    return random_state


CODECS = [
    Codec(float, lambda value: {"text": repr(value)}, lambda text: float(text)),  # inf, nan
    Codec(tuple, lambda value: {"items": list(value)}, lambda items: tuple(items)),
    Codec(set, _sorted_items, lambda items: set(items)),
    Codec(frozenset, _sorted_items, lambda items: frozenset(items)),
    Codec(dict, _pairs, _from_pairs, "dict of any keys"),
    Codec(time, lambda value: {"text": value.isoformat()}, lambda text: time.fromisoformat(text)),
    Codec(
        timedelta,
        lambda value: {"days": value.days, "seconds": value.seconds, "us": value.microseconds},
        lambda days, seconds, us: timedelta(days, seconds, us),
    ),
    Codec(np.ndarray, _object_array, _from_objects, "array of objects"),
    Codec(np.dtype, _dtype, lambda text: np.dtype(text)),
    Codec(np.generic, _scalar, lambda value: value[()], "numpy scalar"),
    Codec(type, _scalar_type, lambda text: np.dtype(text).type, "numpy type"),
    Codec(np.random.Generator, _generator, _from_generator),
    Codec(np.random.RandomState, _random_state, _from_random_state),
]

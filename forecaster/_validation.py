"""Checks at the border: small rules for parameters, and the randomness of a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np

_LARGEST = 1e100
Rule = tuple[str, Callable[[Any], bool]]  # what is expected, in words, and the test


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def integer(low: int) -> Rule:
    """An integer not below ``low``."""
    return f"an integer >= {low}", lambda v: _is_integer(v) and v >= low


def real(
    low: float, high: float = np.inf, *, open_low: bool = False, closed_high: bool = False
) -> Rule:
    """A finite number from ``low`` up to, but not including, ``high``, unless said otherwise."""

    def test(value: Any) -> bool:
        if not _is_real(value) or not np.isfinite(value):
            return False
        above_low = value > low if open_low else value >= low
        return bool(above_low and (value <= high if closed_high else value < high))

    above = f"> {low}" if open_low else f">= {low}"
    below = "" if np.isinf(high) else f" and {'<=' if closed_high else '<'} {high}"
    return f"a number {above}{below}", test


def choice(*options: str) -> Rule:
    """One of some strings."""
    listed = ", ".join(repr(option) for option in options)
    words = listed if len(options) == 1 else f"one of {listed}"
    return words, lambda v: isinstance(v, str) and v in options


def boolean() -> Rule:
    """True or False."""
    return "True or False", lambda v: isinstance(v, bool | np.bool_)


def either(*rules: Rule) -> Rule:
    """Any of several rules."""
    words = " or ".join(words for words, _ in rules)
    return words, lambda v: any(test(v) for _, test in rules)


def none() -> Rule:
    """None."""
    return "None", lambda v: v is None


def sizes() -> Rule:
    """A positive integer, or a non-empty sequence of them."""

    def test(value: Any) -> bool:
        if isinstance(value, np.ndarray):
            value = value.tolist()
        items = value if isinstance(value, tuple | list) else [value]
        return len(items) > 0 and all(_is_integer(item) and item >= 1 for item in items)

    return "a positive integer or a tuple of them", test


def levels() -> Rule:
    """A number between 0 and 1, or a rising sequence of them."""

    def test(value: Any) -> bool:
        if isinstance(value, np.ndarray):
            value = value.tolist()
        items = value if isinstance(value, tuple | list) else [value]
        inside = len(items) > 0 and all(_is_real(item) and 0 < item < 1 for item in items)
        return inside and all(a < b for a, b in pairwise(items))

    return "a number between 0 and 1, or a rising tuple of them", test


def check_parameters(estimator: Any, rules: Mapping[str, Rule]) -> None:
    """Raise a ValueError for the first parameter that breaks its rule."""
    for name, (expected, test) in rules.items():
        value = getattr(estimator, name)
        if not test(value):
            raise ValueError(
                f"{type(estimator).__name__} expects {name} to be {expected}, got {value!r}."
            )


def check_magnitude(values: np.ndarray, name: str) -> None:
    """Raise a ValueError for values whose squares could overflow; NaN is none of them."""
    highest, lowest = (f.reduce(values, axis=None, initial=0) for f in (np.fmax, np.fmin))
    largest = max(float(highest), -float(lowest))
    if largest > _LARGEST:
        raise ValueError(
            f"{name} must lie within +-{_LARGEST:g}, got a magnitude of {largest:g}: rescale it, "
            "by thousands or millions say."
        )


def make_generator(random_state: Any) -> np.random.Generator:
    """A generator of one's own: never the global one, and equal for equal integers.

    A ``RandomState`` or ``Generator`` is drawn from once, so that repeated fits differ, as
    scikit-learn has it.
    """
    if random_state is None or (_is_integer(random_state) and random_state >= 0):
        return np.random.default_rng(random_state)
    if isinstance(random_state, np.random.Generator):
        return np.random.default_rng(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    raise ValueError(
        "random_state must be None, a non-negative integer, a numpy RandomState or a numpy "
        f"Generator, got {random_state!r}."
    )

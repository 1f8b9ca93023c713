"""Rules for parameters, and the randomness of a fit."""

from types import SimpleNamespace

import numpy as np
import pytest

from forecaster import _validation as v


@pytest.mark.parametrize(
    "rule, words, good, bad",
    [
        (
            v.integer(1),
            "an integer >= 1",
            [1, 7, np.int8(3), np.uint64(9)],
            [0, -1, 1.0, True, np.True_, "1", None, [1], np.nan],
        ),
        (
            v.real(0),
            "a number >= 0",
            [0, 0.0, 1, 1e300, np.float32(2)],
            [-1e-9, np.nan, np.inf, -np.inf, True, "1", None, 1j],
        ),
        (
            v.real(0, 1),
            "a number >= 0 and < 1",
            [0, 0.999],
            [1, 1.0, -0.1, np.nan],
        ),
        (v.real(0, 1, open_low=True), "a number > 0 and < 1", [1e-9, 0.5], [0, 1]),
        (v.real(0, open_low=True), "a number > 0", [1e-9, 5], [0, -1, np.inf]),
        (v.choice("a", "b"), "one of 'a', 'b'", ["a", "b"], ["c", "", None, 1, ["a"], np.nan]),
        (v.boolean(), "True or False", [True, False, np.True_], [0, 1, None, "True"]),
        (v.none(), "None", [None], [0, False, "None", np.nan]),
        (
            v.either(v.integer(2), v.choice("auto"), v.none()),
            "an integer >= 2 or 'auto' or None",
            [2, "auto", None],
            [1, "all", False, 2.0],
        ),
        (
            v.sizes(),
            "a positive integer or a tuple of them",
            [3, (3,), [3, 2], np.array([3, 2]), np.int64(3), np.array(3)],
            [0, (), [], (3, 0), (3, 2.0), None, "3", 3.0, True, (3, True), np.array(3.0)],
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_rules(rule, words, good, bad):
    expected, test = rule
    assert expected == words
    for value in good:
        assert test(value), value
    for value in bad:
        assert not test(value), value


class Estimator(SimpleNamespace):
    pass


def test_the_first_wrong_parameter_is_named():
    rules = {"size": v.integer(1), "kind": v.choice("a", "b")}
    v.check_parameters(Estimator(size=1, kind="b", other=object()), rules)
    with pytest.raises(
        ValueError, match="^Estimator expects kind to be one of 'a', 'b', got 'c'.$"
    ):
        v.check_parameters(Estimator(size=1, kind="c"), rules)
    with pytest.raises(ValueError, match="^Estimator expects size to be an integer >= 1, got 0.$"):
        v.check_parameters(Estimator(size=0, kind="c"), rules)


def draws(generator):
    return generator.random(3).tolist()


def test_integers_seed():
    assert draws(v.make_generator(3)) == draws(v.make_generator(np.int64(3)))
    assert draws(v.make_generator(3)) != draws(v.make_generator(4))
    assert draws(v.make_generator(None)) != draws(v.make_generator(None))


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_generators_are_drawn_from_once(make):
    given = make(3)
    first, second = v.make_generator(given), v.make_generator(given)
    twin = make(3)
    assert draws(first) == draws(v.make_generator(twin))
    assert draws(second) == draws(v.make_generator(twin))
    assert draws(v.make_generator(given)) != draws(first)


def test_a_generator_of_ones_own():
    """Using it does not move the one that was given."""
    given = np.random.default_rng(3)
    generator = v.make_generator(given)
    state = given.bit_generator.state
    draws(generator)
    assert given.bit_generator.state == state


@pytest.mark.parametrize("value", ["3", 3.0, True, -1, [3], np.random])
def test_what_is_no_random_state(value):
    with pytest.raises(ValueError, match="random_state must be None, a non-negative integer"):
        v.make_generator(value)

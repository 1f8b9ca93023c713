"""What users read: every class documents all that it has."""

import ast
import inspect
import re

import numpy as np
import pytest

from tests.estimators.common import CLASSIFIERS, REGRESSORS, X, Y, in_time, net

ALL = REGRESSORS + CLASSIFIERS
SECTIONS = ("Parameters", "Attributes", "See Also", "References", "Examples")
# Where cells differ, so do the words
OF_THE_CELL = {"activation", "learn_initial_state", "residual", "dilations", "layer_norm"}


def section(cls, name):
    """Entries of a section of a class's docstring: the heads, and the text of each."""
    doc = inspect.cleandoc(cls.__doc__)
    body = re.search(rf"^{name}\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)", doc, re.S | re.M).group(1)
    entries = re.findall(r"^(\S[^\n]*) : ([^\n]*)\n((?:    [^\n]*\n)+)", body + "\n", re.M)
    return {one: (kind, text) for names, kind, text in entries for one in names.split(", ")}


@pytest.mark.parametrize("cls", ALL)
def test_every_parameter_is_documented_with_its_default(cls):
    documented = section(cls, "Parameters")
    signature = inspect.signature(cls).parameters
    assert set(documented) == set(signature)
    for name, parameter in signature.items():
        said = ast.literal_eval(documented[name][0].partition("default=")[2])
        together = f"{name}, " in cls.__doc__ or f", {name} : " in cls.__doc__
        assert said == parameter.default or (together and parameter.default in said)


@pytest.mark.parametrize("classes", [REGRESSORS, CLASSIFIERS], ids=["regressors", "classifiers"])
def test_what_is_the_same_is_said_in_the_same_words(classes):
    first, *others = (section(cls, "Parameters") for cls in classes)
    for other in others:
        different = {name for name in first if first[name] != other[name]}
        assert different <= OF_THE_CELL


@in_time
@pytest.mark.parametrize("cls", ALL)
def test_attributes_are_documented(cls):
    fitted = net(cls).fit(X, np.round(np.tanh(Y - 5)))
    documented = set(section(cls, "Attributes"))
    public = {name for name in vars(fitted) if name.endswith("_") and not name.startswith("_")}
    properties = {
        name
        for name, value in inspect.getmembers(cls)
        if isinstance(value, property) and name.endswith("_") and not name.startswith("_")
    }
    assert public | properties == documented - {"feature_names_in_"}
    for name in sorted(documented - {"feature_names_in_"}):
        getattr(fitted, name)


@pytest.mark.parametrize("cls", ALL)
def test_every_section_is_there_and_methods_are_documented(cls):
    for name in SECTIONS:
        assert f"\n    {name}\n    {len(name) * '-'}\n" in cls.__doc__
    for name in ("fit", "partial_fit", "predict", "transform", "score"):
        for part in ("Parameters", "Returns", "Raises"):
            assert f"{part}\n" in getattr(cls, name).__doc__

"""Files that were made to do harm: nothing is executed, nothing large allocated, all refused."""

import builtins
import copy
import json
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest

from forecaster import ElmanClassifier, ElmanForecaster, ElmanRegressor, NaiveForecaster, save
from forecaster.nn.order import Order
from forecaster.nn.plan import Plan
from forecaster.nn.solvers import Adam
from forecaster.nn.state import State
from forecaster.persistence import container
from forecaster.persistence.files import CODECS
from tests.persistence.common import SERIES, X, Y, fitted
from tests.persistence.common_files import NET, members_of, refused, rewritten, write_zip


@pytest.mark.parametrize("name", ["os.system", "system", "Pipeline", "Plan", "object", "eval", ""])
def test_no_class_is_looked_up_outside_the_table(path, name, monkeypatch):
    """And nothing is imported or called on the way."""

    def name_it(content, arrays):
        content["fields"]["fitted"]["fields"]["thetas_"] = {
            "type": name,
            "fields": {"command": "x"},
        }

    rewritten(path, name_it)
    calls, imports, before = [], [], set(sys.modules)
    find = builtins.__import__
    with monkeypatch.context() as patch:
        patch.setattr(os, "system", calls.append)
        patch.setattr(builtins, "__import__", lambda n, *a: imports.append(n) or find(n, *a))
        refused(path, f"names the class '{name}', which forecaster .* does not know")
    assert calls == []
    assert "os" not in imports
    assert set(sys.modules) == before


NODES = {
    "no object": 3,
    "no type": {"fields": {}},
    "no fields": {"type": "Network"},
    "a list as type": {"type": ["Network"], "fields": {}},
    "a list as fields": {"type": "Network", "fields": []},
    "no such array": {"type": "array", "fields": {"name": "array-99"}},
    "other fields": {"type": "Scaler", "fields": {"center": 1, "centre": 2}},
    "too few": {"type": "Scaler", "fields": {}},
    "a part": {"type": "tuple", "fields": {"items": []}},
    "no dtype": {"type": "dtype", "fields": {"text": "no dtype"}},
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES.keys())
def test_a_tree_of_another_shape_is_refused(path, node):
    rewritten(path, lambda content, _: content["fields"]["fitted"]["fields"].update(network_=node))
    refused(path, "does not describe an estimator|does not know|never writes")
    rewritten(path, **{"content": node})
    refused(path, "holds no estimator|does not describe an estimator|does not know|never writes")


def test_deep_nesting_is_refused(path):
    members = members_of(path)
    header = json.loads(members["header.json"])
    for depth in (900, 100_000):
        text = json.dumps({**header, "content": 0}).replace('"content": 0', '"content": %s')
        write_zip(path, {**members, "header.json": text % ("[" * depth + "]" * depth)})
        refused(path, "does not describe an estimator|that forecaster.save did not write|changed")


def test_a_header_with_infinity_is_refused(path):
    members = members_of(path)
    text = members["header.json"].decode().replace('"format":', '"size":1e999,"format":')
    write_zip(path, {**members, "header.json": text})
    refused(path, "has a header.json that forecaster.save did not write")


def test_seeds_that_would_fill_the_memory_are_refused(path):
    def enlarge(content, arrays):
        seeds = fields(content, "fitted", "_states", 0, "rng", "seeds")
        seeds["fields"]["pool_size"] = 2**40

    refused(rewritten(path, enlarge), "holds seeds that forecaster.save never writes")


def test_an_iteration_without_end_is_refused(path):
    def begin_far_back(content, arrays):
        fields(content, "fitted", "_states", 0)["fields"]["n_open"] = -(2**40)

    refused(rewritten(path, begin_far_back), "an iteration that there is not")


def test_nothing_larger_than_the_file_is_allocated(path):
    members = members_of(path)
    write_zip(path, {**members, "zeros.npy": bytes(10**6)}, zipfile.ZIP_DEFLATED)
    refused(path, "claims to hold more than it does")
    twice = ["header.json", "array-0.npy", "array-0.npy"]
    with zipfile.ZipFile(path, "w") as archive:
        for name in twice:
            archive.NameToInfo.clear()  # or else it warns
            archive.writestr(name, members[name])
    refused(path, "repeated members")


def test_members_that_overlap_are_refused(path):
    """Each claims the bytes of one and the same member: together more than the file has."""
    members = members_of(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", members["header.json"])
        archive.writestr("a.npy", bytes(5000))
        (info,) = (info for info in archive.infolist() if info.filename == "a.npy")
        for name in ("b.npy", "c.npy"):
            twin = zipfile.ZipInfo(name)
            for field in ("CRC", "compress_size", "file_size", "header_offset"):
                setattr(twin, field, getattr(info, field))
            archive.filelist.append(twin)
            archive.NameToInfo[name] = twin
    refused(path, "claims to hold more than it does|damaged")


def npy(header):
    head = header.encode("latin1")
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


ARRAYS = {
    "absurd": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
    "overflowing": f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**62}, 4)}}",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "records": "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}",
    "code": "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': ()}",
}


@pytest.mark.parametrize("what", ARRAYS)
def test_crafted_arrays_are_refused(path, what):
    members = members_of(path)
    data = npy(ARRAYS[what]) + (pickle.dumps([print]) if what == "objects" else bytes(8))
    members["array-0.npy"] = data
    header = json.loads(members.pop("header.json"))
    del header["sha256"]
    header["sha256"] = container._digest(header, members)
    write_zip(path, {"header.json": container._json_bytes(header), **members})
    refused(path, "holds an array that forecaster.save did not write")


def fields(node, *names):
    for name in names:
        node = node[name] if isinstance(name, int) else node["fields"][name]
    return node


def arrays_of_unfit_sizes():
    net, naive, model = NET, fitted(NaiveForecaster), fitted(ElmanForecaster)
    classes = fitted(ElmanClassifier)
    half_way = fitted(ElmanRegressor).partial_fit(X, Y)
    panel = ("fitted", "data_", "panel")
    groups = ("fitted", "model_", "groups", "items")
    preparation = ("fitted", "model_", "preparation")

    def shorter(*names):
        return lambda content, arrays: arrays.update(
            {(key := fields(content, *names, "name")): arrays[key][:-1]}
        )

    def other(change, *names):
        def apply(content, arrays):
            key = fields(content, *names, "name")
            arrays[key] = change(arrays[key])

        return apply

    size, optimiser = ("fitted", "network_"), ("fitted", "_states", 0, "solver")
    return {
        "weights": (net, shorter("fitted", "thetas_", 0)),
        "whole weights": (net, other(lambda a: a.astype(int), "fitted", "thetas_", 0)),
        "other inputs": (net, lambda c, _: fields(c, *size)["fields"].update(n_inputs=10**9)),
        "no steps": (net, lambda c, _: fields(c, *size)["fields"].update(n_steps=0)),
        "an optimiser": (half_way, shorter(*optimiser, "_mean")),
        "a double optimiser": (half_way, other(np.float64, *optimiser, "_mean")),
        "other dilations": (net, lambda c, _: fields(c, *size)["fields"].update(dilations=[3])),
        "a later segment": (
            half_way,
            lambda c, _: fields(c, "fitted", "_states", 0, "order")["fields"].update(segment=9),
        ),
        "no setting": (
            net,
            lambda c, _: fields(c, "fitted", "_loss")["fields"].update(name="huber"),
        ),
        "other outputs": (
            net,
            lambda c, _: fields(c, "fitted", "_loss")["fields"].update(name="gaussian"),
        ),
        "classes": (
            classes,
            lambda c, _: c["fields"]["fitted"]["fields"].update(classes_=[1, 2, 3]),
        ),
        "a scaler": (net, shorter("fitted", "_input_scaler", "scale")),
        "values": (naive, shorter(*panel, "values")),
        "pointers": (naive, shorter(*panel, "indptr")),
        "falling": (naive, other(lambda a: np.array([0, 99, 37]), *panel, "indptr")),
        "negative": (naive, other(lambda a: np.array([0, -5, 37]), *panel, "indptr")),
        "small integers": (naive, other(lambda a: a.astype("i4"), *panel, "indptr")),
        "no ids": (
            naive,
            lambda c, _: fields(c, "fitted", "data_", "ids")["fields"].update(values=[]),
        ),
        "no times": (naive, shorter("fitted", "data_", "axis", "first")),
        "a preparation": (model, shorter("fitted", "model_", "preparation", "alpha")),
        "a list for an array": (
            model,
            lambda c, _: fields(c, *preparation)["fields"].update(alpha=[0.5]),
        ),
        "no array": (model, lambda c, _: fields(c, *preparation)["fields"].update(alpha=None)),
        "what is borrowed": (
            model,
            lambda c, _: fields(c, *preparation)["fields"].update(borrowed=[0.5]),
        ),
        "what is repeated": (
            model,
            lambda c, _: fields(c, "fitted", "model_")["fields"].update(repeating=[0.5]),
        ),
        "shares of views": (
            model,
            lambda c, _: fields(c, "fitted", "model_")["fields"].update(of_views=[[0.5]]),
        ),
        "a longer season of no whole ones": (
            model,
            lambda c, _: fields(c, *preparation)["fields"].update(
                longer=copy.deepcopy(fields(c, *preparation, "alpha"))
            ),
        ),
        "units": (model, shorter(*groups, 0, "unit")),
        "no members": (
            model,
            lambda c, _: fields(c, *groups, 0, "trained")["fields"].update(items=[]),
        ),
        "a group too many": (
            model,
            lambda c, _: fields(c, *groups).append(fields(c, *groups, 0)),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("what", arrays_of_unfit_sizes())
def test_arrays_that_would_lead_compiled_loops_astray_are_refused(tmp_path, what):
    estimator, change = arrays_of_unfit_sizes()[what]
    save(estimator, tmp_path / "model.npz")
    refused(rewritten(tmp_path / "model.npz", change), "never writes|does not describe")


@pytest.mark.parametrize("rows", [[0, 1, 5], [0, 1, 1], [-1, 0, 1], [0.0, 1.0], [[0, 1]]])
def test_an_order_of_other_rows_is_refused(rows):
    order = Order()
    (name,) = (name for name, part in vars(order).items() if isinstance(part, np.ndarray))
    setattr(order, name, np.array(rows))
    with pytest.raises(ValueError, match="an order of rows that there are not"):
        CODECS.decode(*CODECS.encode(order))


def test_an_order_that_starts_before_the_rows_is_refused():
    order = Order()
    order.segment = -1
    with pytest.raises(ValueError, match="an order of rows that there are not"):
        CODECS.decode(*CODECS.encode(order))


def test_a_state_of_other_weights_is_refused():
    rng = np.random.default_rng(0)
    state = State.begin(NET.network_, NET.thetas_[0], Plan(Adam, ema_decay=0.9), rng)
    for find in (
        lambda state: state,
        lambda state: state.record,
        lambda state: state.average,
        lambda state: state.solver,
    ):
        twin = copy.deepcopy(state)
        part = vars(find(twin))
        name = next(name for name, value in part.items() if isinstance(value, np.ndarray))
        part[name] = part[name][:-1]
        with pytest.raises(ValueError, match="an optimiser of other weights"):
            CODECS.decode(*CODECS.encode(twin))


def test_the_model_of_other_series_is_refused(tmp_path):
    both = ElmanForecaster(max_steps=2, n_estimators=1).fit(SERIES.to_frame().assign(b=SERIES))
    both.data_ = fitted(NaiveForecaster).data_
    save(both, tmp_path / "model.npz")
    refused(tmp_path / "model.npz", "a model of other series")

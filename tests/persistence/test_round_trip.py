"""What is loaded equals what was saved, to the bit, and goes on as it would have."""

import copy
import json
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn

import forecaster
from forecaster import ElmanForecaster, ElmanRegressor, NaiveForecaster, load, save
from forecaster.data import make_panel
from forecaster.nn import schedules
from forecaster.nn.averaging import Average
from forecaster.nn.plan import Plan
from forecaster.nn.solvers import Adam
from forecaster.nn.state import State
from forecaster.persistence import codec, own_objects
from forecaster.persistence.files import CODECS
from forecaster.persistence.versions import FORMAT
from tests.persistence.common import (
    NAMES,
    SERIES,
    X,
    Y,
    assert_same,
    fitted,
    is_forecaster,
    predictions,
    small,
    targets,
)

every_estimator = pytest.mark.parametrize("kind", own_objects.ESTIMATORS, ids=NAMES)


def through_joblib(estimator, tmp_path):
    joblib.dump(estimator, tmp_path / "model.joblib")
    return joblib.load(tmp_path / "model.joblib")


def through_save(estimator, tmp_path):
    save(estimator, tmp_path / "model.npz")
    return load(tmp_path / "model.npz")


def test_all_public_estimators_are_known():
    public = {getattr(forecaster, name) for name in forecaster.__all__}
    estimators = {kind for kind in public if isinstance(kind, type)}
    assert estimators == set(own_objects.ESTIMATORS)


def test_longer_seasons_travel(tmp_path):
    steps = np.arange(600)
    y = 50 + np.sin(2 * np.pi * steps / 24) - 4 * (steps // 24 % 7 > 4)
    estimator = small(ElmanForecaster, horizon=24, season_length=24).fit(y)
    loaded = through_save(estimator, tmp_path)
    assert estimator.longer_seasons_.any()
    np.testing.assert_array_equal(loaded.longer_seasons_, estimator.longer_seasons_)
    np.testing.assert_array_equal(loaded.predict(200), estimator.predict(200))


@every_estimator
@pytest.mark.parametrize(
    "duplicate",
    [
        through_save,
        through_joblib,
        lambda estimator, _: pickle.loads(pickle.dumps(estimator)),
        lambda estimator, _: copy.deepcopy(estimator),
    ],
    ids=["save", "joblib", "pickle", "deepcopy"],
)
def test_a_copy_is_the_same(kind, duplicate, tmp_path):
    estimator = fitted(kind)
    before = predictions(estimator)
    twin = duplicate(estimator, tmp_path)
    assert twin.get_params() == estimator.get_params()
    assert_same(twin, estimator)
    pd.testing.assert_frame_equal(predictions(twin), before, check_exact=True)
    if is_forecaster(kind):  # it goes on, and the first stays where it was
        later = predictions(twin.update(SERIES[-3:]))
        pd.testing.assert_frame_equal(predictions(estimator), before, check_exact=True)
        pd.testing.assert_frame_equal(
            predictions(estimator.update(SERIES[-3:])), later, check_exact=True
        )


@every_estimator
def test_an_unfitted_one_is_saved_too(kind, through_a_file):
    twin = through_a_file(small(kind))
    assert_same(twin, small(kind))
    if not is_forecaster(kind):
        assert_same(twin.fit(X, targets(kind)), fitted(kind))


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32])
@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd"])
def test_partial_fit_goes_on(through_a_file, dtype, solver):
    net = small(ElmanRegressor, dtype=dtype, solver=solver).partial_fit(X, Y)
    twin = through_a_file(net)
    assert_same(twin, net)
    for one in (net, twin):
        one.partial_fit(X, Y).partial_fit(X, Y)
    assert_same(twin, net)


def test_a_warm_start_goes_on(through_a_file):
    net = fitted(ElmanRegressor, warm_start=True)
    twin = through_a_file(net)
    assert_same(twin.fit(X, Y), net.fit(X, Y))


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_layer_sizes": [3, 2], "readout": "all", "skip": True},
        {"learn_initial_state": True, "activation": "relu", "early_stopping": True},
        {"hidden_layer_sizes": np.array([2, 3]), "verbose": np.False_, "alpha": np.float64(0.1)},
        {"max_grad_norm": None, "scale_inputs": False, "scale_targets": False, "n_init": 2},
    ],
)
def test_parameters_of_any_plain_type(through_a_file, settings):
    net = fitted(ElmanRegressor, **settings)
    assert_same(through_a_file(net), net)


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_random_numbers_go_on(through_a_file, bits):
    generator = np.random.Generator(getattr(np.random, bits)(3))
    generator.standard_normal(7)
    generator.spawn(2)
    net = ElmanRegressor(random_state=generator)
    twin = through_a_file(net)
    assert_same(twin, net)
    assert twin.random_state is not generator
    np.testing.assert_array_equal(twin.random_state.normal(size=5), generator.normal(size=5))
    for one, other in zip(twin.random_state.spawn(2), generator.spawn(2)):
        np.testing.assert_array_equal(one.normal(size=5), other.normal(size=5))


def test_a_random_state_goes_on(through_a_file):
    random_state = np.random.RandomState(3)
    random_state.normal(size=3)  # one more lies ready
    twin = through_a_file(NaiveForecaster(freq=random_state))
    assert_same(twin.freq, random_state)
    np.testing.assert_array_equal(twin.freq.normal(size=5), random_state.normal(size=5))


def test_what_scikit_learn_keeps_in_an_estimator(through_a_file):
    frame = pd.DataFrame(X[:, :, 0], columns=["a", "b", "c", "d"])
    net = small(ElmanRegressor).fit(frame, Y).set_output(transform="pandas")
    with sklearn.config_context(enable_metadata_routing=True):
        net.set_fit_request(sample_weight=True).set_score_request(sample_weight="weights")
        twin = through_a_file(net)
        routing = [one.get_metadata_routing() for one in (net, twin)]
        assert routing[1].fit.requests == routing[0].fit.requests == {"sample_weight": True}
        assert routing[1].score.requests == routing[0].score.requests
    assert list(twin.feature_names_in_) == list(frame)
    assert_same(vars(twin)["_sklearn_output_config"], {"transform": "pandas"})
    np.testing.assert_array_equal(twin.transform(frame), net.transform(frame))
    plain = ElmanRegressor()  # requests belong to the instance
    assert plain.get_metadata_routing().fit.requests == {"sample_weight": None}


# --- What shares, and what a training keeps -------------------------------------------------------


def there_and_back(value):
    return CODECS.decode(*CODECS.encode(value))


def test_every_class_has_a_name_of_its_own():
    assert len(CODECS.by_name) == len(CODECS.by_type)
    assert {"array", "dict", "same"}.isdisjoint(CODECS.by_name)


def test_what_is_shared_stays_shared():
    rng, weights, options = np.random.default_rng(0), np.zeros(3), {"a": 1}
    value = [rng, (weights, rng), {"w": weights, 3: options}, options, np.zeros(3)]
    twin = there_and_back(value)
    assert_same(twin, value)
    assert twin[0] is twin[1][1] is not rng
    assert twin[1][0] is twin[2]["w"] is not twin[4]
    assert twin[2][3] is twin[3]
    assert len(CODECS.encode(value)[1]) == 2  # arrays


def test_what_contains_itself_is_refused():
    loop = [1]
    loop.append((loop,))
    with pytest.raises(TypeError, match=r"list\[1\].items\[0\] contains itself"):
        there_and_back(loop)


@pytest.mark.parametrize("schedule", schedules.SCHEDULES)
def test_the_state_of_a_training(schedule):
    network = fitted(ElmanRegressor).network_
    rng = np.random.default_rng(0)
    theta = network.initial(rng, np.dtype(np.float32))
    state = State.begin(network, theta, Plan(Adam, schedule=schedule, ema_decay=0.9), rng)
    state.order.batch(50, Plan(Adam), rng)
    state.schedule.observe(3.0)
    twin = there_and_back(state)
    assert_same(twin, state)
    assert isinstance(twin.average, Average)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_a_panel(through_a_file, dtype, strategy):
    panel = make_panel(5, 30, random_state=0)
    model = small(ElmanForecaster, horizon=3, season_length=4, dtype=dtype, strategy=strategy)
    model.fit(panel)
    twin = through_a_file(model)
    assert_same(twin, model)
    for level in (None, [50, 95]):
        forecasts = (one.predict(8, level=level) for one in (twin, model))
        pd.testing.assert_frame_equal(*forecasts, check_exact=True)


# --- What the file is ----------------------------------------------------------------------------


def test_the_file_is_an_archive_of_arrays_with_a_readable_header(tmp_path):
    path = tmp_path / "model"
    save(fitted(ElmanRegressor), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]  # its name as given
    with np.load(path, allow_pickle=False) as archive:
        header = json.loads(archive["header.json"])
        assert all(isinstance(archive[name], np.ndarray) for name in archive.files[1:])
    assert header["format"] == FORMAT
    assert header["library"] == forecaster.__version__
    assert header["content"]["type"] == "ElmanRegressor"
    parameters = header["content"]["fields"]["parameters"]["fields"]
    assert set(parameters) == set(ElmanRegressor().get_params())


def test_equal_estimators_make_equal_files(tmp_path):
    for name in ("a", "b"):
        save(fitted(ElmanForecaster), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.jit
def test_another_process_loads_it(tmp_path):
    net = fitted(ElmanRegressor)
    save(net, tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import sys, numpy, forecaster\n"
        "net = forecaster.load(sys.argv[1] + '/net.npz')\n"
        "print(net.predict(numpy.load(sys.argv[1] + '/x.npy')).tobytes().hex())"
    )
    run = [sys.executable, "-c", code, str(tmp_path)]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert found.strip() == net.predict(X).tobytes().hex()


# --- What cannot be saved ------------------------------------------------------------------------


class Mine(ElmanRegressor):
    pass


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (Mine(), "got tests.persistence.test_round_trip.Mine: save the estimator within"),
        (ElmanRegressor, "got abc.ABCMeta"),
        (
            ElmanRegressor(random_state=print),
            r"ElmanRegressor.parameters.random_state is a builtin",
        ),
        (ElmanRegressor(loss=np.mean), "ElmanRegressor.parameters.loss is a"),
        (
            ElmanRegressor(dtype=float),
            "ElmanRegressor.parameters.dtype is a builtins.type, .* NumPy",
        ),
        (ElmanRegressor(hidden_layer_sizes=(3, Mine())), r"hidden_layer_sizes.items\[1\] is a "),
        (NaiveForecaster(freq=np.zeros(2, "i4,f8")), "freq is an array of"),
        (NaiveForecaster(freq=np.dtype("i4,f8")), "freq is a numpy.* only dtypes of plain"),
        (NaiveForecaster(freq=pd.Interval(0, 1)), "freq is a pandas"),
    ],
)
def test_what_a_file_cannot_hold(tmp_path, estimator, sentence):
    with pytest.raises(TypeError, match=sentence):
        save(estimator, tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_takes_defaults_for_what_it_lacks(tmp_path, monkeypatch):
    net = fitted(ElmanRegressor)
    path = tmp_path / "older.npz"
    take_apart = codec._Encoder._take_apart

    def without_news(self, value, where):
        name, fields = take_apart(self, value, where)
        news = {"learn_initial_state", "max_grad_norm"}
        return name, {k: v for k, v in fields.items() if k not in news}

    monkeypatch.setattr(codec._Encoder, "_take_apart", without_news)
    save(net.set_params(max_grad_norm=3.0), path)
    monkeypatch.undo()
    twin = load(path)
    assert twin.max_grad_norm == ElmanRegressor().max_grad_norm
    assert twin.network_ == net.network_
    np.testing.assert_array_equal(twin.predict(X), net.predict(X))

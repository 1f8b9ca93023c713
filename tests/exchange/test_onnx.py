"""onnxruntime computes what `predict` does."""

from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest

from forecaster import ElmanForecaster, ElmanRegressor, GRURegressor, JordanRegressor, LSTMRegressor
from forecaster.data import load_airline
from forecaster.exchange import to_onnx
from forecaster.kernels.activations import ACTIVATIONS
from forecaster.nn.cell import CELLS
from tests.exchange.common import ARCHITECTURES, JOINED, PLAIN, X, assert_close, estimator

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SINGLE = 5e-6  # the network is computed in float32: some tens of roundings of 6e-8


def run(model, X):
    """Outputs by name."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    double = session.get_inputs()[0].type == "tensor(double)"
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X.astype("float64" if double else "float32")})))


@pytest.mark.jit
@pytest.mark.parametrize("kind", [ElmanRegressor, GRURegressor, LSTMRegressor, JordanRegressor])
@pytest.mark.filterwarnings("ignore:.*max_iter:sklearn.exceptions.ConvergenceWarning")
def test_airline(kind):
    series = load_airline().to_numpy(dtype=np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(series, 13)
    known, y = windows[:, :12], windows[:, 12]
    net = kind(hidden_layer_sizes=(8, 8), max_iter=20, random_state=0).fit(known, y)
    assert net.score(known, y) > 0.5  # otherwise 1e-5 says little
    predicted = run(to_onnx(net), known[:, :, None])["y"]
    np.testing.assert_allclose(predicted, net.predict(known), rtol=1e-5)


@pytest.mark.parametrize(
    "name, cell",
    [(name, cell) for cell in CELLS for name in ARCHITECTURES]
    + [(name, cell) for cell in ("elman", "gru", "lstm") for name in JOINED],
)
def test_networks(name, cell):
    net = estimator(replace((ARCHITECTURES | JOINED)[name], cell=cell))
    model = to_onnx(net)
    outputs = run(model, X)
    assert list(outputs) == ["y"]
    assert outputs["y"].dtype == np.float32
    assert_close(outputs["y"], net.predict(X), SINGLE)
    operators = {node.op_type for node in model.graph.node}
    assert {"elman": "RNN", "gru": "GRU", "lstm": "LSTM"}.get(cell, "Scan") in operators


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cell", ["elman", "jordan"])
def test_activations(cell, activation):
    net = estimator(replace(PLAIN, cell=cell, activation=activation))
    assert_close(run(to_onnx(net), X)["y"], net.predict(X), SINGLE)


@pytest.mark.parametrize("n_rows", [1, 9])
@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_rows_is_free(cell, n_rows):
    net = estimator(replace(ARCHITECTURES["uneven stack"], cell=cell))
    assert_close(run(to_onnx(net), X[:n_rows])["y"], net.predict(X[:n_rows]), SINGLE)


def test_float64_is_for_levels_far_above_the_spread():
    net = estimator(PLAIN)
    net._input_scaler.center[:] += 1e6
    far = X + 1e6
    expected = net.predict(far)
    assert run(to_onnx(net, dtype="float64"), far)["y"].dtype == np.float64
    assert_close(run(to_onnx(net, dtype="float64"), far)["y"], expected, SINGLE)
    single = run(to_onnx(net), far)["y"]
    assert np.abs(single - expected).max() > 100 * SINGLE * np.abs(expected).max()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("readout", ["last", "each"])
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize(
    "loss, settings, others",
    [
        ("huber", (1.0,), {}),
        ("pinball", (0.1, 0.5, 0.8), {}),
        ("gaussian", (), {"scale": "scale"}),
        ("student_t", (), {"scale": "scale", "df": "df"}),
        ("negative_binomial", (3.0,), {"dispersion": "n"}),
    ],
)
def test_losses(loss, settings, others, n_targets, readout, dtype):
    P = {"huber": 1, "pinball": 3, "student_t": 3}.get(loss, 2)
    if loss == "negative_binomial":
        settings *= n_targets
    network = replace(PLAIN, n_outputs=P * n_targets, readout=readout)
    net = estimator(network, loss, settings)
    expected = {"y": net.predict(X)}
    if loss == "pinball":
        expected["quantiles"] = net.predict_quantiles(X)
    for name, parameter in others.items():
        values = net.predict_dist(X).kwds[parameter]
        expected[name] = 1 / values if name == "dispersion" else values
    outputs = run(to_onnx(net, dtype=dtype), X)
    assert set(outputs) == set(expected)
    for name, values in outputs.items():
        assert values.dtype == dtype
        assert_close(values, expected[name], SINGLE)


@pytest.mark.parametrize("readout", ["last", "each"])
@pytest.mark.parametrize(
    "classes",
    [
        *(["a", "b", "c"], [1, 5, 7], [0.0, 1.0, 2.0], [False, True]),
        *(np.array(["a", "b"], object), np.array([1, 5], object), np.array([1, 5], "i1")),
    ],
    ids=repr,
)
def test_classifiers(classes, readout):
    network = replace(PLAIN, n_outputs=len(classes), readout=readout)
    net = estimator(network, classes=classes)
    outputs = run(to_onnx(net), X)
    np.testing.assert_array_equal(outputs["y"], net.predict(X))
    assert_close(outputs["probabilities"], net.predict_proba(X), SINGLE)


@pytest.mark.parametrize("n_members", [2, 3, 4])
@pytest.mark.parametrize("aggregate", ["mean", "median"])
def test_ensembles(aggregate, n_members):
    net = estimator(PLAIN, n_members=n_members, aggregate=aggregate)
    assert_close(run(to_onnx(net), X)["y"], net.predict(X), SINGLE)
    for readout in ("last", "each"):
        network = replace(PLAIN, n_outputs=3, readout=readout)
        net = estimator(network, classes=["a", "b", "c"], n_members=n_members)
        net.set_params(aggregate=aggregate)
        assert_close(run(to_onnx(net), X)["probabilities"], net.predict_proba(X), SINGLE)


def test_file_and_metadata(tmp_path):
    net = estimator(PLAIN)
    model = to_onnx(net, tmp_path / "net.onnx")
    assert onnx.load(tmp_path / "net.onnx") == model
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "library": "forecaster",
        "version": version("forecaster"),
        "estimator": "ElmanRegressor",
    }
    assert (model.producer_name, model.producer_version) == ("forecaster", version("forecaster"))
    assert [d.dim_param or d.dim_value for d in shape(model.graph.input[0])] == ["batch", 6, 2]
    assert [d.dim_param or d.dim_value for d in shape(model.graph.output[0])] == ["batch"]


def shape(value):
    return value.type.tensor_type.shape.dim


def test_refused():
    with pytest.raises(ValueError, match="dtype must be 'float32' or 'float64', got 'half'"):
        to_onnx(estimator(PLAIN), dtype="half")
    with pytest.raises(TypeError, match="to_onnx takes a regressor or classifier on windows"):
        to_onnx(ElmanForecaster())
    dates = estimator(replace(PLAIN, n_outputs=2), classes=np.array(["2020", "2021"], "M8[Y]"))
    with pytest.raises(TypeError, match="classes that are numbers or text, got .*2020"):
        to_onnx(dates)
    with pytest.raises(ValueError, match="not fitted"):
        to_onnx(ElmanRegressor())

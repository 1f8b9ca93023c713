"""What a network on windows computes, for which shapes, and that it learns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import r2_score

from forecaster import ElmanRegressor
from tests import reference
from tests.estimators.common import X, Y, in_time, net

pytestmark = in_time


def deep_inputs(X):
    """Two variables a step."""
    return np.stack([X, X**2], axis=2)


# --- Shapes -------------------------------------------------------------------------------------

EACH = np.cumsum(X, axis=1)


@pytest.mark.parametrize("inputs", [X, deep_inputs(X)], ids=["2-D", "3-D"])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(
    "readout, y",
    [
        ("last", Y),
        ("last", np.stack([Y, -Y, Y**2], axis=1)),
        ("all", Y),
        ("all", np.stack([Y, -Y], axis=1)),
        ("each", EACH),
        ("each", EACH[:, :, None]),
        ("each", np.stack([EACH, -EACH], axis=2)),
    ],
    ids=["last-1", "last-3", "all-1", "all-2", "each-1", "each-1-column", "each-2"],
)
def test_predictions_have_the_shape_of_the_targets(inputs, skip, readout, y):
    fitted = net(readout=readout, skip=skip, max_iter=1).fit(inputs, y)
    assert fitted.predict(inputs[:7]).shape == (7, *y.shape[1:])
    assert fitted.transform(inputs[:7]).shape == (7, 3)
    assert fitted.n_outputs_ == (1 if y.ndim == 1 or y is EACH else y.shape[-1])
    assert fitted.n_features_in_ == 3


def test_a_column_of_targets_is_a_vector():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        fitted = net().fit(X, Y[:, None])
    np.testing.assert_array_equal(fitted.predict(X), net().fit(X, Y).predict(X))


def test_one_window_of_one_step():
    fitted = net().fit([[3.0]], [4.0])
    assert fitted.predict([[3.0]]) == pytest.approx([4.0])


def test_predictions_are_double_and_states_have_the_type_of_the_inputs():
    fitted = net(dtype="float32").fit(X, Y)
    assert fitted.predict(X).dtype == np.float64
    single = fitted.predict(X.astype(np.float32))
    assert single.dtype == np.float64
    assert fitted.transform(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single, fitted.predict(X), rtol=1e-5)
    assert fitted.predict(np.ones((2, 3), int)).dtype == np.float64


def test_weights_have_the_shapes_of_the_textbook():
    fitted = net(hidden_layer_sizes=(4, 5), max_iter=1).fit(
        deep_inputs(X), np.stack([Y, Y, Y], axis=1)
    )
    assert fitted.U_.shape == (4, 2)
    assert fitted.W_.shape == (4, 4)
    assert fitted.V_.shape == (3, 5)
    shapes = {name: w.shape for name, w in fitted.weights_.items()}
    assert shapes == {
        "0.Wx": (2, 4),
        "0.Wh": (4, 4),
        "0.b": (4,),
        "1.Wx": (4, 5),
        "1.Wh": (5, 5),
        "1.b": (5,),
        "V": (5, 3),
        "c": (3,),
    }
    assert [w.shape for w in fitted.coefs_] == [(2, 4), (4, 4), (4, 5), (5, 5), (5, 3)]
    assert [b.shape for b in fitted.intercepts_] == [(4,), (5,), (3,)]


def test_weights_are_copies():
    fitted = net().fit(X, Y)
    before = fitted.predict(X)
    fitted.weights_["V"][:] = 7
    np.testing.assert_array_equal(fitted.predict(X), before)


# --- Arithmetic ---------------------------------------------------------------------------------


def test_the_example_worked_by_hand():
    """W_xh = 0.5, W_hh = 0.1, no bias, tanh, the inputs 1 to 5: h(5) = 0.989."""
    windows = np.arange(1.0, 6.0)[None]
    fitted = net(hidden_layer_sizes=1, scale_inputs=False, scale_targets=False)
    fitted.fit(windows, [6.0])
    for name, value in {"0.Wx": 0.5, "0.Wh": 0.1, "0.b": 0, "V": 2, "c": 3}.items():
        fitted.network_.views(fitted.theta_)[name][:] = value
    assert fitted.transform(windows).round(3) == [[0.989]]
    assert fitted.predict(windows) == pytest.approx(2 * 0.989 + 3, abs=1e-3)
    assert (fitted.U_, fitted.W_, fitted.V_) == (0.5, 0.1, 2)


def test_a_linear_output_fitted_on_the_example_maps_it_to_six():
    windows = np.arange(1.0, 6.0)[None]
    fitted = net(hidden_layer_sizes=1, scale_inputs=False, scale_targets=False)
    fitted.fit(windows, [6.0])
    for name, value in {"0.Wx": 0.5, "0.Wh": 0.1, "0.b": 0}.items():
        fitted.network_.views(fitted.theta_)[name][:] = value
    states = np.column_stack([fitted.transform(windows), [1.0]])
    V, c = np.linalg.lstsq(states, [6.0])[0]
    for name, value in {"V": V, "c": c}.items():
        fitted.network_.views(fitted.theta_)[name][:] = value
    assert fitted.predict(windows) == pytest.approx(6, abs=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"readout": "all", "skip": True, "hidden_layer_sizes": (3, 2)},
        {"readout": "each", "learn_initial_state": True, "activation": "relu"},
        {"activation": "logistic", "scale_inputs": False},
        {"activation": "identity", "scale_targets": False},
    ],
    ids=str,
)
def test_predictions_equal_the_formula(options):
    inputs = deep_inputs(X)
    y = np.stack([EACH, -EACH], axis=2) if options.get("readout") == "each" else Y
    fitted = net(**options).fit(inputs, y)
    channels, target = inputs.reshape(-1, 2), y.reshape(-1, fitted.n_outputs_)
    if fitted.scale_inputs:
        inputs = (inputs - channels.mean(axis=0)) / channels.std(axis=0)
    expected = reference.outputs(fitted.network_, fitted.theta_, inputs)
    if fitted.scale_targets:
        expected = expected * target.std(axis=0) + target.mean(axis=0)
    np.testing.assert_allclose(fitted.predict(deep_inputs(X)), expected.reshape(y.shape), 1e-12)
    states = [reference.states(fitted.network_, fitted.theta_, x)[-1][-1] for x in inputs]
    np.testing.assert_allclose(fitted.transform(deep_inputs(X)), states, 1e-12, 1e-15)


@pytest.mark.jit
def test_a_row_does_not_feel_its_neighbours():
    """3000 rows take several blocks of memory."""
    fitted = net(dtype="float32").fit(X, Y)
    many = np.random.default_rng(1).normal(2, 3, (3000, 3))
    together = fitted.predict(many)
    for i in (0, 1023, 1024, 2047, 2999):
        np.testing.assert_allclose(fitted.predict(many[i : i + 1]), together[i], rtol=1e-13)


# --- Scaling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("readout", ["last", "each"])
@pytest.mark.parametrize("factor, shift", [(1e6, -3e6), (1e-6, 2e-5), (1.0, -1e4)])
def test_the_scale_of_the_targets_does_not_matter(readout, factor, shift):
    y = EACH if readout == "each" else Y
    plain = net(readout=readout).fit(X, y).predict(X)
    scaled = net(readout=readout).fit(X, shift + factor * y).predict(X)
    np.testing.assert_allclose((scaled - shift) / factor, plain, rtol=1e-9, atol=1e-9)


def test_the_scale_of_each_input_does_not_matter():
    inputs = deep_inputs(X)
    plain = net().fit(inputs, Y).predict(inputs)
    scaled = inputs * [1e-5, 1e8] + [3e-5, -1e9]
    np.testing.assert_allclose(net().fit(scaled, Y).predict(scaled), plain, rtol=1e-8)


def test_scaling_can_be_switched_off():
    off = {"scale_inputs": False, "scale_targets": False}
    inputs = (X - X.mean()) / X.std()
    target = (Y - Y.mean()) / Y.std()
    raw = net(**off).fit(X, Y)
    assert not np.allclose(raw.predict(X), net().fit(X, Y).predict(X), rtol=0.1)
    np.testing.assert_allclose(
        net(**off).fit(inputs, target).predict(inputs) * Y.std() + Y.mean(),
        net().fit(X, Y).predict(X),
        rtol=1e-9,
    )


def test_constant_inputs_and_targets():
    fitted = net().fit(np.full((20, 3), 1e6), np.full(20, 7.0))
    np.testing.assert_allclose(fitted.predict(np.full((2, 3), 1e6)), 7, rtol=1e-6)


# --- Weighted rows ------------------------------------------------------------------------------

ZERO = np.isin(np.arange(20), [1, 4, 5, 18, 19])


def weighted(weights, X=X, y=Y, **options):
    return net(**options).fit(X, y, sample_weight=weights).predict(X)


@pytest.mark.parametrize("batch_size", [20, 4], ids=["one-batch", "batches"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_row_of_weight_zero_is_left_out(batch_size, early_stopping):
    wild_X, wild_y = X.copy(), Y.copy()
    wild_X[ZERO], wild_y[ZERO] = 1e3, -1e5
    options = {"batch_size": batch_size, "early_stopping": early_stopping}
    found = net(**options).fit(wild_X, wild_y, sample_weight=~ZERO).predict(X)
    expected = net(**options).fit(X[~ZERO], Y[~ZERO]).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_weight_of_two_is_a_row_that_is_there_twice(solver, dtype):
    """In either precision, and whatever their order, where a batch holds them all."""
    options = {"solver": solver, "dtype": dtype}
    twice = np.random.default_rng(0).permutation(np.repeat(np.arange(20), 1 + ZERO))
    expected = net(**options).fit(X[twice], Y[twice]).predict(X)
    found = weighted(1.0 + ZERO, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert not np.allclose(found, weighted(None, **options), rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", [2.0**-200, 2.0**200])
def test_only_ratios_of_weights_matter(dtype, factor):
    plain = weighted(1.0 + ZERO, dtype=dtype)
    np.testing.assert_allclose(weighted(factor * (1.0 + ZERO), dtype=dtype), plain, rtol=1e-5)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_weights_that_leave_nothing_are_an_error(method):
    with pytest.raises(ValueError, match="[Ss]ample.weight"):
        getattr(net(), method)(X, Y, sample_weight=np.zeros(20))


def test_negative_weights_are_an_error():
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        net().fit(X, Y, sample_weight=-np.ones(20))


# --- Learning -----------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("readout, skip", [("last", False), ("all", True)])
def test_a_sine_one_step_ahead(readout, skip):
    series = np.sin(0.3 * np.arange(300))
    windows = np.lib.stride_tricks.sliding_window_view(series, 6)
    fitted = ElmanRegressor(readout=readout, skip=skip, random_state=0, max_iter=100)
    fitted.fit(windows[:200, :5], windows[:200, 5])
    error = fitted.predict(windows[200:, :5]) - windows[200:, 5]
    assert np.abs(error).max() < 0.03


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(3))
def test_the_next_of_five_numbers(seed):
    """Windows of two of the numbers 1 to 5; bounded states would fall short of 6."""
    fitted = ElmanRegressor(activation="relu", random_state=seed)
    fitted.fit([[1, 2], [2, 3], [3, 4]], [3, 4, 5])
    np.testing.assert_allclose(fitted.predict([[1, 2], [2, 3], [3, 4]]), [3, 4, 5], atol=0.2)
    assert fitted.predict([[4, 5]])[0] == pytest.approx(6, abs=0.2)


@pytest.mark.jit
def test_a_target_at_every_step():
    """The running mean of all inputs so far: the state has to remember."""
    inputs = np.random.default_rng(1).normal(size=(300, 6))
    y = np.cumsum(inputs, axis=1) / np.arange(1, 7)
    fitted = ElmanRegressor(readout="each", max_iter=60, random_state=0).fit(inputs[:200], y[:200])
    assert fitted.score(inputs[200:], y[200:]) > 0.95


@pytest.mark.jit
def test_the_absolute_error_forgives_outliers():
    inputs = np.random.default_rng(1).normal(size=(200, 3))
    truth = inputs.sum(axis=1)
    y = truth.copy()
    y[::10] += 100
    options = {"random_state": 0, "max_iter": 100}
    robust = ElmanRegressor(loss="absolute_error", **options).fit(inputs, y).predict(inputs)
    plain = ElmanRegressor(loss="squared_error", **options).fit(inputs, y).predict(inputs)
    assert np.abs(robust - truth).mean() < np.abs(plain - truth).mean() / 5


def test_a_score_of_targets_at_every_step():
    """All steps count together, outputs by themselves."""
    two = np.stack([EACH, -EACH], axis=2)
    fitted = net(readout="each", max_iter=1).fit(X, two)
    expected = r2_score(two.reshape(-1, 2), fitted.predict(X).reshape(-1, 2))
    assert fitted.score(X, two) == pytest.approx(expected)


def test_times_are_no_numbers():
    times = pd.Series(pd.date_range("2024-01-01", periods=len(X)))
    durations = times - times[0]
    frame = pd.DataFrame({"a": np.arange(len(X)), "b": times})
    for bad in (times, durations.to_numpy(), times.to_frame(), durations.to_frame(), frame):
        with pytest.raises(ValueError, match="y needs numbers, got .*: convert times first"):
            net().fit(X, bad)
    for bad in (list(times.to_numpy()), list(durations.to_numpy())):
        with pytest.raises(ValueError, match="y needs numbers, got .*: convert times first"):
            net().fit(X, bad)
    rows = [times.to_numpy()[:3]] * len(X)
    with pytest.raises(ValueError, match=r"X(\[0\])? needs numbers, got .*: convert times first"):
        net().fit(rows, Y)
    for bad in (times.to_numpy()[:, None], durations.to_frame(), frame):
        with pytest.raises(ValueError, match="X needs numbers, got .*: convert times first"):
            net().fit(bad, Y)

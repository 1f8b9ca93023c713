"""Forking sequences: every step of a window forecasts what follows it, and none looks ahead."""

import numpy as np
import pytest

from forecaster import ElmanForecaster, SeasonalNaiveForecaster
from forecaster.data import load_airline
from forecaster.data.panel import Panel
from forecaster.evaluation import backtest, summarize
from forecaster.forecasting.panel_source import LastWindows, PanelSource
from forecaster.forecasting.preparation import Prepared
from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.network import Network
from tests import reference
from tests.forecasting.common import forecaster

RNG = np.random.default_rng(0)
LENGTHS = [9, 1, 14, 2]
PANEL = Panel.from_series([RNG.normal(size=n).cumsum() for n in LENGTHS])
PREPARED = Prepared(PANEL, PANEL.values, *RNG.normal(size=(2, len(PANEL.values))))
UNIT = np.linspace(0.5, 2, len(LENGTHS))
T, D, H = 3, 2, 4


class Memory:
    """A chunk's arrays, as an earlier batch has left them."""

    def __init__(self, n_rows):
        self.X = np.full((T, n_rows, D), 9.0)
        self.Z, self.W = np.full((2, T, n_rows, H), 9.0)


@pytest.mark.parametrize("from_trend", [False, True])
@pytest.mark.parametrize("min_observed, min_targets", [(2, 1), (4, 2)])
def test_rows_equal_those_cut_one_by_one(min_observed, min_targets, from_trend):
    """Every step that could end a window of its own has that window's targets."""
    source = PanelSource(PREPARED, UNIT, min_observed, min_targets, from_trend, by_step=True)
    memory = Memory(source.n_rows + 2)
    source.fill(np.arange(source.n_rows), memory)
    Z, W = memory.Z, memory.W
    i = 0
    for s, n in enumerate(LENGTHS):
        part = slice(PANEL.indptr[s], PANEL.indptr[s + 1])
        y, level, slope = (a[part] for a in (PREPARED.values, PREPARED.level, PREPARED.slope))
        for origin in range(min_observed - 1, n - min_targets):
            X = reference.patches_by_step(y, origin, T, D, UNIT[s])
            np.testing.assert_allclose(memory.X[:, i], X, rtol=1e-14, atol=1e-14)
            for t in range(T):
                end = origin - (T - 1 - t) * D
                anchor = (level[end], slope[end]) if from_trend else (y[end], 0)
                expected = np.zeros((2, H))
                if end >= min_observed - 1:
                    expected = reference.targets(y, end, H, UNIT[s], *anchor)
                np.testing.assert_allclose(Z[t, i], expected[0], rtol=1e-14, atol=1e-14)
                np.testing.assert_array_equal(W[t, i], expected[1])
            i += 1
    assert i == source.n_rows
    assert not memory.X[:, i:].any()
    assert not W[:, i:].any()


def test_the_last_windows_are_cut_the_same_way():
    memory = Memory(len(LENGTHS))
    LastWindows(PREPARED, UNIT, by_step=True).fill_inputs(np.arange(len(LENGTHS)), memory)
    for s, n in enumerate(LENGTHS):
        y = PREPARED.values[PANEL.indptr[s] : PANEL.indptr[s + 1]]
        expected = reference.patches_by_step(y, n - 1, T, D, UNIT[s])
        np.testing.assert_allclose(memory.X[:, s], expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_no_look_ahead(cell):
    """Whatever follows a step leaves its forecast as it is, to the bit."""
    network = Network(T, D, (5,), H, cell=cell, readout="each", skip=True)
    theta = np.random.default_rng(1).normal(0, 0.5, network.n_parameters)
    row = np.array([LENGTHS[0] - 2 + 6])  # of the third series, ends at its eighth value

    def outputs(values):
        prepared = Prepared(PANEL, values, PREPARED.level, PREPARED.slope)
        source = PanelSource(prepared, UNIT, 2, 1, False, by_step=True)
        with Engine(network, 1, theta.dtype) as engine:
            return engine.outputs(network.bind(theta), source, row)[0].copy()

    before = outputs(PREPARED.values)
    origin = PANEL.indptr[2] + 7
    for t in range(T):
        changed = PREPARED.values.copy()
        changed[origin - (T - 1 - t) * D + 1 :] += 5
        after = outputs(changed)
        np.testing.assert_array_equal(after[: t + 1], before[: t + 1])
        assert (after[t + 1 :] != before[t + 1 :]).all()


def test_the_forecast_is_that_of_the_last_step():
    """Without recurrence that is what the readout makes of the last patch."""
    y = 50 + RNG.normal(size=40).cumsum()
    options = {"readout": "each", "window": 6, "patch_size": 2, "transform": "none", "blend": 0}
    fitted = forecaster(**options).fit(y)
    model = fitted.model_
    for member in model.members:  # without recurrence
        model.groups[0].network.views(member.theta)["0.Wh"][:] = 0
    panel = fitted.data_.panel
    before = model.forecast_prepared(panel, 3)
    network, prepared = model.groups[0].network, model.preparation.apply(panel)
    patch = (prepared.values[-2:] - prepared.values[-3]) / model.unit[0]
    learned = [
        np.tanh(patch @ w["0.Wx"] + w["0.b"]) @ w["V"] + patch @ w["S"] + w["c"]
        for w in (network.views(member.theta) for member in model.members)
    ]
    expected = prepared.trend(3)[0] + model.unit[0] * np.mean(learned, axis=0)
    np.testing.assert_allclose(before[0], expected, rtol=1e-6)


@pytest.mark.jit
@pytest.mark.parametrize("horizon", [12, 24])
def test_airline_passengers(horizon):
    models = {
        "forking": ElmanForecaster(
            horizon, 12, readout="each", calibrate=False, n_estimators=3, random_state=0
        ),
        "naive": SeasonalNaiveForecaster(horizon, 12),
    }
    error = summarize(backtest(models, load_airline(), n_windows=3))["mase"]
    assert error["forking"] < 0.6 * error["naive"]

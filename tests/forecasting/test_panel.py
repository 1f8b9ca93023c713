"""Windows of a panel equal those that are cut one by one; a model is the sum of its parts."""

from types import SimpleNamespace

import numpy as np
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting import recipe
from forecaster.forecasting.model import fit_model
from forecaster.forecasting.panel_source import LastWindows, PanelSource
from forecaster.forecasting.preparation import Prepared, fit_preparation
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.solvers import Adam
from forecaster.nn.source import ArraySource
from forecaster.nn.training import Plan, train
from tests import reference
from tests.forecasting.common import forecasts_of

RNG = np.random.default_rng(0)
LENGTHS = [9, 1, 14, 2, 3, 30]
PANEL = Panel.from_series([RNG.normal(size=n).cumsum() + 20 for n in LENGTHS])
PREPARED = Prepared(
    PANEL,
    PANEL.values + RNG.normal(size=len(PANEL.values)),
    RNG.normal(size=len(PANEL.values)),
    RNG.normal(size=len(PANEL.values)),
)
UNIT = np.linspace(0.5, 2, len(LENGTHS))


def of_series(array, s):
    return array[PANEL.indptr[s] : PANEL.indptr[s + 1]]


def slow_window(values, t, unit, n_steps, patch):
    """The values up to t in patches, relative to the last one; the first one fills up."""
    window = [values[max(0, t - back)] for back in range(n_steps * patch - 1, -1, -1)]
    return ((np.array(window) - values[t]) / unit).reshape(n_steps, patch)


def slow_rows(min_observed, min_targets, from_trend, n_steps, patch, n_outputs):
    """Inputs, targets and weights of every origin, series by series."""
    rows = []
    for s, n in enumerate(LENGTHS):
        y = of_series(PREPARED.values, s)
        level, slope = of_series(PREPARED.level, s), of_series(PREPARED.slope, s)
        for t in range(min_observed - 1, n - min_targets):
            targets, weights = np.zeros(n_outputs), np.zeros(n_outputs)
            for k in range(1, n_outputs + 1):
                if t + k < n:
                    anchor = level[t] + k * slope[t] if from_trend else y[t]
                    targets[k - 1], weights[k - 1] = (y[t + k] - anchor) / UNIT[s], 1
            rows.append((slow_window(y, t, UNIT[s], n_steps, patch), targets, weights))
    return [np.array(part) for part in zip(*rows)]


def chunk(n_steps, n_rows, patch, n_outputs):
    """Memory as of an earlier batch."""
    return SimpleNamespace(
        X=np.full((n_steps, n_rows, patch), 9.0),
        Z=np.full((1, n_rows, n_outputs), 9.0),
        W=np.full((1, n_rows, n_outputs), 9.0),
    )


@pytest.mark.parametrize("from_trend", [False, True])
@pytest.mark.parametrize("min_observed, min_targets", [(2, 1), (1, 3), (5, 2), (1, 1)])
@pytest.mark.parametrize("n_steps, patch, n_outputs", [(3, 2, 3), (1, 1, 1), (2, 10, 4)])
def test_rows_equal_those_cut_one_by_one(
    min_observed, min_targets, from_trend, n_steps, patch, n_outputs
):
    source = PanelSource(PREPARED, UNIT, min_observed, min_targets, from_trend)
    X, Z, W = slow_rows(min_observed, min_targets, from_trend, n_steps, patch, n_outputs)
    assert source.n_rows == len(X)
    order = np.random.default_rng(1).permutation(len(X))
    found = chunk(n_steps, len(X) + 3, patch, n_outputs)
    source.fill(order, found)
    np.testing.assert_allclose(found.X[:, :-3].swapaxes(0, 1), X[order], rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(found.Z[0, :-3], Z[order], rtol=1e-14, atol=1e-14)
    np.testing.assert_array_equal(found.W[0, :-3], W[order])
    assert not found.X[:, -3:].any()
    assert not found.W[0, -3:].any()


def test_inputs_alone():
    source = PanelSource(PREPARED, UNIT, 2, 1, True)
    both, alone = chunk(3, 8, 2, 1), chunk(3, 8, 2, 1)
    rows = np.array([3, 0, 40])
    source.fill(rows, both)
    source.fill_inputs(rows, alone)
    np.testing.assert_array_equal(alone.X, both.X)


def test_the_last_window_of_each_series():
    source = LastWindows(PREPARED, UNIT)
    assert source.n_rows == len(LENGTHS)
    found = chunk(3, 5, 2, 1)
    rows = np.array([5, 1, 0])
    source.fill_inputs(rows, found)
    for i, s in enumerate(rows):
        y = of_series(PREPARED.values, s)
        np.testing.assert_allclose(
            found.X[:, i], slow_window(y, len(y) - 1, UNIT[s], 3, 2), atol=1e-14
        )


def test_targets_of_a_window_lie_behind_it_and_inputs_before():
    """Changing what follows an origin changes its targets, and nothing that the network sees."""
    source = PanelSource(PREPARED, UNIT, 2, 1, False)
    changed = PREPARED.values.copy()
    changed[5:9] += 50  # what follows the fourth origin of the first series
    other = PanelSource(Prepared(PANEL, changed, PREPARED.level, PREPARED.slope), UNIT, 2, 1, False)
    rows, one, two = np.array([3]), chunk(2, 1, 2, 3), chunk(2, 1, 2, 3)
    source.fill(rows, one)
    other.fill(rows, two)
    np.testing.assert_array_equal(one.X, two.X)
    np.testing.assert_allclose(two.Z - one.Z, 50 / UNIT[0])


def test_training_on_a_panel_is_training_on_its_windows():
    network = Network(3, 2, (4,), 2, readout="all", skip=True)
    plan = Plan(Adam, batch_size=8, max_iter=3, loss=Loss("absolute_error"), learning_rate=0.01)
    X, Z, W = slow_rows(2, 2, True, 3, 2, 2)
    assert W.all()
    windows = ArraySource(X, Z[:, None], np.ones_like(Z[:, None]))
    theta = network.initial(np.random.default_rng(0), np.dtype("float64"))
    by_panel, by_window = (
        train(network, theta, source, plan, np.random.default_rng(1))
        for source in (PanelSource(PREPARED, UNIT, 2, 2, True), windows)
    )
    np.testing.assert_allclose(by_panel.theta, by_window.theta, rtol=1e-12)
    assert by_panel.loss_curve == pytest.approx(by_window.loss_curve, rel=1e-12)


# --- Models -------------------------------------------------------------------------------------


def model(panel=PANEL, transform="none", n_members=2, season_length=4, **sizes):
    auto = {
        "window": 6,
        "patch_size": 2,
        "hidden_layer_sizes": (3,),
        "batch_size": 8,
        "max_steps": 4,
        "weight_decay": 0.0,
        "blend": "auto",
        "strategy": "direct",
        "deseasonalize": True,
        "n_estimators": n_members,
    }
    sizes = recipe.resolve(panel, horizon=3, season_length=season_length, **{**auto, **sizes})
    networks = [
        Network(view.n_steps, view.patch_size, (3,), sizes.n_outputs, readout="all", skip=True)
        for view in sizes.views
    ]
    plan = Plan(Adam, batch_size=sizes.batch_size, max_iter=2, steps_per_iter=2, drop_last=True)
    return fit_model(
        panel,
        fit_preparation(panel, 3, season_length, transform, True),
        sizes,
        networks,
        [plan] * len(networks),
        np.random.default_rng(0),
        n_threads=1,
        dtype=np.dtype("float64"),
    )


def slow_forecast(fitted, panel, s):
    """Share of the trend + the networks' changes + season, back from logs."""
    preparation, sizes = fitted.preparation, fitted.recipe
    prepared, unit = preparation.apply(panel), fitted.unit[s]
    y = prepared.values[panel.indptr[s] : panel.indptr[s + 1]]
    change = np.zeros(3)
    for view, group in zip(sizes.views, fitted.groups, strict=True):
        window = slow_window(y, len(y) - 1, unit, view.n_steps, view.patch_size)[None]
        outputs = [reference.outputs(group.network, m.theta, window)[0, 0] for m in group.trained]
        change += view.share * unit * np.mean(outputs, axis=0)
    anchor = prepared.trend(3)[s]
    start = anchor if sizes.from_trend else y[-1]
    blend = 1 if preparation.exact[s] else sizes.blend
    result = blend * anchor + (1 - blend) * (start + change)
    if not preparation.exact[s]:
        m = preparation.season_length
        missing = max(0, m - len(y))
        last_season = np.resize(np.append([y[-1]] * missing, y[-m:]), 3)
        result = sizes.hedge * last_season + (1 - sizes.hedge) * result
    result += preparation.indices[s][(len(y) + np.arange(3)) % preparation.indices.shape[1]]
    return np.exp(result) if preparation.log else result


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize("large_from", [10, 10_000], ids=["large", "small"])
@pytest.mark.parametrize("window", [6, (6, 2)], ids=str)
def test_a_forecast_is_the_sum_of_its_parts(monkeypatch, window, transform, large_from):
    monkeypatch.setattr(recipe, "GLOBAL_FROM", large_from)
    fitted = model(transform=transform, n_members=3, window=window)
    if window != 6:
        fitted = fitted.with_shares(fitted.recipe.blend, [0.3, 0.7])
    assert fitted.recipe.from_trend == (large_from == 10_000)
    expected = [slow_forecast(fitted, PANEL, s) for s in range(len(LENGTHS))]
    np.testing.assert_allclose(forecasts_of(fitted, PANEL, 3), expected, rtol=1e-10)


def test_many_series_are_forecast_in_batches():
    panel = Panel.from_series([RNG.normal(size=8).cumsum() for _ in range(600)])
    fitted = model(panel, n_members=1, season_length=1)
    found = forecasts_of(fitted, panel, 3)
    for s in (0, 255, 256, 511, 599):
        np.testing.assert_allclose(found[s], slow_forecast(fitted, panel, s), 1e-9, 1e-12)


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize("strategy, n_outputs", [("direct", 3), ("recursive", 1)])
def test_forecasts_beyond_the_network_are_fed_back(transform, strategy, n_outputs):
    fitted = model(transform=transform, strategy=strategy)
    found = forecasts_of(fitted, PANEL, 7)
    known = PANEL
    for start in range(0, 7, n_outputs):
        block = forecasts_of(fitted, known, n_outputs)
        np.testing.assert_allclose(
            found[:, start : start + n_outputs], block[:, : 7 - start], rtol=1e-10
        )
        known = known.extended(Panel.from_series(block))


def test_changes_of_logarithms_share_a_unit_on_a_large_panel(monkeypatch):
    """They are relative; values themselves have units of their own."""
    monkeypatch.setattr(recipe, "GLOBAL_FROM", 10)
    logs, plain = model(transform="log"), model(transform="none")
    scale = logs.preparation.scale
    np.testing.assert_array_equal(logs.unit, np.median(scale[scale > 0]) / 2)
    assert plain.unit[0] == plain.preparation.scale[0]


@pytest.mark.parametrize("transform", ["none", "log"])
def test_units(transform):
    """Each series its own mean change; a constant borrows the median of the others."""
    panel = Panel.from_series([PANEL.series(0), np.full(9, 7.0), PANEL.series(5)])
    fitted = model(panel, transform, season_length=1)
    scale = fitted.preparation.scale
    assert scale[1] == 0
    np.testing.assert_array_equal(fitted.unit, [scale[0], np.median(scale[[0, 2]]), scale[2]])
    only = model(Panel.from_series([np.full(9, 7.0)]), transform)
    assert only.unit.tolist() == [1]


# --- Panels through the front door --------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log", "auto"])
def test_a_constant_among_other_series_stays_constant(transform):
    growing = 50 + np.arange(30) + RNG.normal(size=30)
    forecaster = ElmanForecaster(
        horizon=3, transform=transform, max_steps=3, n_estimators=1, random_state=0
    )
    forecaster.fit(np.column_stack([np.full(30, 7.0), growing]))
    found = forecaster.predict(8, level=90)
    np.testing.assert_allclose(found[0], 7, rtol=1e-12)
    assert (found[1, "lo-90"] < found[1, "mean"]).all()
    assert (found[1, "mean"] < found[1, "hi-90"]).all()


@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_new_series_is_not_carried_away(transform):
    """Two points say nothing about a trend: the last one is kept."""
    panel = Panel.from_series([100 + RNG.normal(size=60), [10, 20], [20, 10], [7]])
    found = forecasts_of(model(panel, transform, season_length=1), panel, 12)
    np.testing.assert_allclose(found[1:], np.repeat([[20.0], [10.0], [7.0]], 12, axis=1))

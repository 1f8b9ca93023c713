"""Trend anchors and scales equal their slow, obvious twins."""

import numpy as np
import pandas as pd
import pytest

from forecaster import ElmanForecaster
from forecaster.data.panel import Panel
from forecaster.forecasting.preparation import fit_preparation
from forecaster.kernels import smoothing

RNG = np.random.default_rng(0)
LENGTHS = [40, 1, 13, 2, 24, 3]
PANEL = Panel.from_series([RNG.normal(size=n).cumsum() + 20 for n in LENGTHS])


# --- Trend anchors ------------------------------------------------------------------------------


def slow_slopes(y):
    return [0.0] + [np.polyfit(np.arange(t + 1), y[: t + 1], 1)[0] for t in range(1, len(y))]


def slow_anchors(y, alpha, share):
    """Level and slope at every origin: simple exponential smoothing of what a drift leaves over.

    Smoothing lags behind a line of slope b by ``b (1 - alpha) / alpha (1 - (1 - alpha)^t)``.
    """
    smoothed = [y[0]]
    for value in y[1:]:
        smoothed.append(alpha * value + (1 - alpha) * smoothed[-1])
    slopes = share * np.array(slow_slopes(y))
    lag = (1 - alpha) / alpha * (1 - (1 - alpha) ** np.arange(len(y)))
    return np.array(smoothed) + slopes * lag, slopes


def slow_errors(y, level, slope, first, horizon):
    """Errors of all forecasts of 1 to ``horizon`` steps from all origins."""
    return [
        y[t + k] - level[t] - k * slope[t]
        for t in range(first, len(y) - 1)
        for k in range(1, horizon + 1)
        if t + k < len(y)
    ]


@pytest.mark.parametrize("level", [0.0, 1e9])
def test_slopes_are_those_of_least_squares(level):
    y = PANEL.series(0)
    found = np.empty(40)
    smoothing.trend_slopes(y + level, found)
    np.testing.assert_allclose(found, slow_slopes(y), rtol=1e-5, atol=1e-6 if level else 1e-12)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("alpha", [0.02, 0.3, 1.0])
def test_anchors_equal_the_twin(alpha, share):
    S = len(LENGTHS)
    level, slope = np.empty_like(PANEL.values), np.empty_like(PANEL.values)
    smoothing.apply_anchors(
        PANEL.values, PANEL.indptr, np.full(S, alpha), np.full(S, share), level, slope
    )
    for s in range(S):
        here = slice(*PANEL.indptr[s : s + 2])
        expected = slow_anchors(PANEL.series(s), alpha, share)
        np.testing.assert_allclose(level[here], expected[0], rtol=1e-10)
        np.testing.assert_allclose(slope[here], expected[1], rtol=1e-8, atol=1e-12)


def test_a_full_share_follows_a_line_exactly():
    y = 3 - 2 * np.arange(20.0)
    np.testing.assert_allclose(slow_anchors(y, 0.3, 1.0)[0][1:], y[1:], atol=1e-12)
    found = np.empty(20), np.empty(20)
    smoothing.apply_anchors(y, np.array([0, 20]), np.array([0.3]), np.array([1.0]), *found)
    np.testing.assert_allclose(found[0][1:], y[1:], atol=1e-12)
    np.testing.assert_allclose(found[1][1:], -2, atol=1e-12)


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("prior", [0.0, 10.0])
def test_the_share_of_the_trend_is_the_best_one(horizon, prior):
    """A search over all shares; the prior pulls towards 1/2 with the strength of the noise."""
    alpha, first, y = 0.3, 2, PANEL.series(0)
    slopes, scratch = np.array(slow_slopes(y)), np.empty(40)
    share, mse = smoothing.fit_share(y, alpha, slopes, first, horizon, prior, scratch)

    def sum_of_squares(share):
        return np.square(slow_errors(y, *slow_anchors(y, alpha, share), first, horizon)).sum()

    count = len(slow_errors(y, y, y, first, horizon))
    # the sum of squares is a parabola in the share: three points tell its minimum
    at = np.array([0.0, 0.5, 1.0])
    parabola = np.polyfit(at, [sum_of_squares(s) for s in at], 2)
    noise = np.polyval(parabola, -parabola[1] / (2 * parabola[0])) / count
    penalised = parabola + prior * noise * np.array([1, -1, 0.25])
    best = np.clip(-penalised[1] / (2 * penalised[0]), 0, 1)
    assert share == pytest.approx(best, abs=1e-8)
    assert mse == pytest.approx(sum_of_squares(share) / count, rel=1e-9)


@pytest.mark.parametrize("caution", [0.0, 6.0])
def test_the_best_smoothing_is_chosen(caution):
    """Slow smoothing needs better reasons where values are few."""
    rng = np.random.default_rng(0)
    noise = [20 + rng.normal(size=n) for n in (40, 13, 24)]
    panel = Panel.from_series([PANEL.series(0), np.ones(1), *noise])
    alphas = np.array([0.05, 0.3, 0.8])
    alpha, share, error = np.empty((3, panel.n_series))
    level, slope = np.empty((2, len(panel.values)))
    smoothing.fit_anchors(
        panel.values, panel.indptr, alphas, caution, 1, 3, 10.0, alpha, share, error, level, slope
    )
    assert alpha[1] == 1  # a single value tells nothing
    assert share[1] == 0
    best_fits = []
    for s in (0, 2, 3, 4):
        y = panel.series(s)
        slopes, scratch = np.array(slow_slopes(y)), np.empty(len(y))
        trials = [smoothing.fit_share(y, a, slopes, 1, 3, 10.0, scratch) for a in alphas]
        log_posterior = [
            -len(y) / 2 * np.log(mse) + caution / 2 * np.log(a)
            for a, (_, mse) in zip(alphas, trials)
        ]
        best = int(np.argmax(log_posterior))
        assert alpha[s] == alphas[best]
        assert share[s] == pytest.approx(trials[best][0], rel=1e-9)
        assert error[s] == pytest.approx(trials[best][1], rel=1e-9)
        best_fits.append(alphas[np.argmin([mse for _, mse in trials])])
    assert (alpha[[0, 2, 3, 4]] == best_fits).all() == (caution == 0)


@pytest.mark.parametrize("horizon", [1, 3, 100])
def test_the_scale_is_the_mean_change(horizon):
    found = np.empty(len(LENGTHS))
    smoothing.change_scale(PANEL.values, PANEL.indptr, horizon, found)
    for y, scale in zip(map(PANEL.series, range(6)), found):
        changes = [np.abs(y[k:] - y[:-k]).mean() for k in range(1, min(horizon, len(y) - 1) + 1)]
        assert scale == pytest.approx(np.mean(changes) if changes else 0)


@pytest.mark.parametrize("log", [False, True])
def test_errors_of_the_anchors_are_on_the_scale_of_the_values(log):
    m, horizon = 4, 3
    indices = 0.1 * RNG.normal(size=(6, m))
    values = np.log(PANEL.values) if log else PANEL.values
    level, slope = RNG.normal(values.mean(), 0.1, len(values)), RNG.normal(0, 0.1, len(values))
    found = np.empty(6)
    smoothing.anchor_errors(
        PANEL.values, PANEL.indptr, indices, level, slope, log, 1, horizon, found
    )
    for s in range(6):
        y, start = PANEL.series(s), PANEL.indptr[s]
        errors = []
        for t in range(1, len(y) - 1):
            for k in range(1, min(horizon, len(y) - 1 - t) + 1):
                forecast = level[start + t] + k * slope[start + t] + indices[s, (t + k) % m]
                errors.append(abs(y[t + k] - (np.exp(forecast) if log else forecast)))
        assert found[s] == pytest.approx(np.mean(errors) if errors else 0)


# --- All together -------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log", "auto"])
def test_restoring_undoes_preparing(transform):
    """What is prepared beyond the training part comes back as it was."""
    whole = Panel.from_series([20 + y for y in map(PANEL.series, (0, 4))])
    known = whole.without_last(5)
    preparation = fit_preparation(known, 3, 4, transform, True)
    prepared = preparation.apply(whole)
    future = prepared.values[whole.indptr[1:, None] + np.arange(-5, 0)]
    np.testing.assert_allclose(preparation.restore(future, known), whole.last(5), rtol=1e-12)


def test_an_anchor_sees_nothing_that_comes_later():
    preparation = fit_preparation(PANEL, 3, 4, "none", True)
    before = preparation.apply(PANEL)
    changed = PANEL.values.copy()
    changed[25:40] += 100  # the end of the first series
    after = preparation.apply(Panel(changed, PANEL.indptr))
    for name in ("values", "level", "slope"):
        one, other = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(one[:25], other[:25])
        np.testing.assert_array_equal(one[40:], other[40:])
        assert (one[25:40] != other[25:40]).all()


def test_the_trend_goes_on_from_the_last_anchor():
    prepared = fit_preparation(PANEL, 3, 1, "none", False).apply(PANEL)
    last = PANEL.indptr[1:] - 1
    for k, column in enumerate(prepared.trend(4).T, start=1):
        np.testing.assert_allclose(column, prepared.level[last] + k * prepared.slope[last])


def test_a_season_that_stays_is_smoothed_as_it_fits():
    """Caution with slow smoothing is for values without season."""
    y = np.resize([10.0, -10], 9) + np.random.default_rng(0).normal(size=9)
    with_season = fit_preparation(Panel.from_series([y]), 2, 2, "none", False)
    without = fit_preparation(Panel.from_series([y]), 2, 1, "none", False)
    unknown = fit_preparation(Panel.from_series([y]), 2, 1, "none", True, unknown_season=True)
    assert with_season.alpha == unknown.alpha < without.alpha


def growing(rate, n=40):
    noise = np.exp(0.1 * np.random.default_rng(3).normal(size=n))
    return 100 * np.exp(rate * np.arange(n)) * noise


def test_logarithms_where_they_forecast_better():
    assert fit_preparation(Panel.from_series([growing(0.1)]), 4, 1, "auto", True).log
    wave = np.where(np.arange(40) < 20, 1.0, 60.0) + np.random.default_rng(3).normal(0, 0.1, 40)
    lines = Panel.from_series([5 + 3 * np.arange(40.0), wave])
    assert not fit_preparation(lines, 4, 1, "auto", True).log
    negative = Panel.from_series([growing(0.1), np.append(growing(0.1), -1)])
    assert not fit_preparation(negative, 4, 1, "auto", True).log


def test_logarithms_of_what_has_none():
    with pytest.raises(ValueError, match='transform="log" needs values > 0, got 0 at position 2'):
        fit_preparation(Panel.from_series([[3, 2, 0, 1, -1]]), 1, 1, "log", True)


@pytest.mark.parametrize(
    "y, exact",
    [
        (np.full(20, 7.0), True),
        (1e6 + 1e-3 * np.arange(20), True),
        (5 - np.arange(20.0), True),
        (3 + np.resize([1.0, 5, 2], 20), True),
        (np.arange(20.0) ** 2, False),
        (np.append(np.full(19, 7.0), 8), False),
        (1 + 1e-3 * np.random.default_rng(0).normal(size=20), False),
        (np.arange(20.0) + 1e-3 * np.random.default_rng(0).normal(size=20), False),
    ],
    ids=["constant", "flat-line", "line", "season", "parabola", "jump", "noise", "near-line"],
)
def test_series_that_the_anchor_forecasts_exactly(y, exact):
    preparation = fit_preparation(Panel.from_series([y]), 2, 3, "none", True)
    assert preparation.exact.tolist() == [exact]
    deseasonalised = preparation.apply(Panel.from_series([y])).values
    assert (preparation.scale[0] == 0) == (np.ptp(deseasonalised) < 1e-12)


# --- Series too short for a season ----------------------------------------------------------------


def seasonal(n, size):
    """A wandering level and a season of four steps."""
    return (
        100 + np.random.default_rng(n).normal(size=n).cumsum() + np.resize([size, -size, 0, 0], n)
    )


def test_a_short_series_borrows_how_much_the_others_repeat_themselves():
    """Not one shorter than a season, and none that has indices of its own."""
    panel = Panel.from_series([seasonal(n, 20) for n in (40, 8, 7, 4, 3)])
    borrowed = fit_preparation(panel, 2, 4, "none", True).borrowed
    assert 0.9 < borrowed[2] == borrowed[3] < 1
    assert not borrowed[[0, 1, 4]].any()
    weak = Panel.from_series([seasonal(n, 0.5) for n in (40, 7)])
    assert fit_preparation(weak, 2, 4, "none", True).borrowed[1] < 0.5


@pytest.mark.parametrize("lengths, m, deseasonalize", [
    ((40, 30), 4, True), ((40, 3), 4, True), ((7, 6), 4, True), ((40, 7), 1, True),
    ((40, 7), 4, False),
])  # fmt: skip
def test_nothing_is_borrowed(lengths, m, deseasonalize):
    """Without a series that is too short, one that is long enough, a season, or by request."""
    panel = Panel.from_series([seasonal(n, 20) for n in lengths])
    assert fit_preparation(panel, 2, m, "none", deseasonalize).borrowed is None


@pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")
def test_a_short_series_repeats_its_season():
    """As long as it is not fitted again with two of them, whatever has been added since."""
    panel = pd.concat([
        pd.DataFrame({"unique_id": name, "ds": np.arange(n), "y": seasonal(n, 20)})
        for name, n in (("a", 40), ("b", 44), ("short", 7))
    ])  # fmt: skip
    small = {"max_steps": 50, "n_estimators": 2, "batch_size": 16}
    model = ElmanForecaster(4, 4, random_state=0, n_jobs=1, **small).fit(panel)
    known = seasonal(7, 20)

    def forecasts():
        return model.predict().set_index("unique_id").loc["short", "y"].to_numpy()

    np.testing.assert_allclose(forecasts(), known[-4:], atol=4)
    assert np.ptp(known[-4:]) > 30
    added = [150.0, 130.0]
    model.update(pd.DataFrame({"unique_id": "short", "ds": [7, 8], "y": added}))
    np.testing.assert_allclose(forecasts(), [*known[-2:], *added], atol=4)

"""Training of a forecaster: its parameters, its randomness, its threads, and Ctrl-C."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from forecaster import ElmanForecaster
from forecaster._threads import ordered_map
from forecaster.forecasting import group, recipe
from forecaster.forecasting.panel_source import PanelSource

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

RNG = np.random.default_rng(0)
HOURS = 50 + np.resize(np.repeat([0.0, 0, 1, 0, 0, -3, -4], 24), 400) + RNG.normal(size=400)
SHORT_AND_LONG = pd.DataFrame(
    {"unique_id": np.repeat(["a", "b"], [20, 60]), "ds": [*range(20), *range(60)]}
).assign(y=RNG.normal(size=80).cumsum())
Y = 50 + np.arange(60) + 8 * np.resize([1, 3, 2, 5], 60) + RNG.normal(size=60)
BASE = {
    "horizon": 3,
    "season_length": 4,
    "hidden_layer_sizes": 3,
    "n_estimators": 2,
    "max_steps": 6,
    "batch_size": 16,
    "calibrate": False,
    "random_state": 0,
    "n_jobs": 1,
}


def forecaster(**options):
    return ElmanForecaster(**{**BASE, **options})


# --- Parameters ---------------------------------------------------------------------------------


class Stop:
    """A callback that has heard enough after 50 steps."""

    def on_epoch_end(self, epoch):
        return True


SGD = {"solver": "sgd"}
TWO_LAYERS = {"hidden_layer_sizes": (3, 3), "patch_size": 3}
LONG_TRAINING = {"max_steps": 120, "hidden_layer_sizes": 1, "window": 2}
# the loss goes up again sooner or later
WILD_TRAINING = {**LONG_TRAINING, "max_steps": 300, "learning_rate_init": 0.3, "weight_decay": 0}

# parameter, other value, and what else must be so for it to matter
EFFECTS = [
    ("horizon", 4, {}),
    ("season_length", 1, {}),
    ("window", 9, {}),
    ("window", (12, 9), {}),
    ("patch_size", 3, {}),
    ("strategy", "recursive", {}),
    ("transform", "none", {"transform": "log"}),
    ("transform", "auto", {"transform": "log"}),
    ("deseasonalize", False, {}),
    ("seasonality_test", True, {}),
    ("longer_seasons", False, {"season_length": 24}),
    ("blend", 0.9, {}),
    ("blend", 1, {}),
    ("n_estimators", 3, {}),
    ("hidden_layer_sizes", 4, {}),
    ("hidden_layer_sizes", (3, 2), {}),
    ("hidden_layer_sizes", "auto", {}),
    ("activation", "relu", {}),
    ("activation", "logistic", {}),
    ("activation", "identity", {}),
    ("readout", "last", {}),
    ("readout", "each", {}),
    ("skip", False, {}),
    ("learn_initial_state", True, {}),
    ("residual", True, TWO_LAYERS),
    ("dilations", (1, 2), TWO_LAYERS),
    ("dropout", 0.3, TWO_LAYERS),
    ("layer_norm", True, {}),
    ("loss", "squared_error", {}),
    ("loss", "huber", {}),
    ("loss", "pinball", {}),
    ("loss", "smape", {}),
    ("loss", "mase", {"transform": "log"}),
    ("loss", "owa", {}),
    ("huber_delta", 0.1, {"loss": "huber"}),
    ("quantile", 0.9, {"loss": "pinball"}),
    ("solver", "adamw", {"alpha": 0.5}),
    ("solver", "rmsprop", {}),
    ("solver", "sgd", {}),
    ("alpha", 0.5, {}),
    ("weight_decay", 30.0, {}),
    ("batch_size", 7, {}),
    ("sampling", "series", {}),
    ("learning_rate", "constant", {}),
    ("learning_rate", "cosine", {}),
    ("learning_rate", "step", {**LONG_TRAINING, "learning_rate": "constant"}),
    ("learning_rate", "plateau", {**WILD_TRAINING, "learning_rate": "constant"}),
    ("learning_rate_init", 0.02, {}),
    ("max_steps", 7, {}),
    ("max_seconds", 1e-9, {}),
    ("momentum", 0.5, SGD),
    ("momentum", 0.5, {"solver": "rmsprop"}),
    ("nesterovs_momentum", False, SGD),
    ("beta_1", 0.5, {}),
    ("beta_2", 0.9, {}),
    ("epsilon", 1e-2, {}),
    ("max_grad_norm", 1e-3, SGD),
    ("max_grad_norm", None, {**SGD, "max_grad_norm": 1e-2}),
    ("ema_decay", 0.5, {}),
    ("callbacks", [Stop()], LONG_TRAINING),
    ("random_state", 1, {}),
    ("dtype", "float64", {}),
]
# calibrate: test_intervals; freq and the columns: test_elman; verbose and n_jobs: below
ELSEWHERE = {"calibrate", "freq", "id_col", "time_col", "target_col", "verbose", "n_jobs"}


def test_every_parameter_is_tested():
    assert {name for name, *_ in EFFECTS} | ELSEWHERE == set(ElmanForecaster().get_params())


@pytest.mark.parametrize("name, value, needed", EFFECTS, ids=lambda part: str(part))
def test_every_parameter_changes_the_result(name, value, needed):
    base = forecaster(**needed)
    other = clone(base).set_params(**{name: value})
    y = {"longer_seasons": HOURS, "sampling": SHORT_AND_LONG}.get(name, Y)
    assert not np.array_equal(base.fit(y).predict(3), other.fit(y).predict(3))


def test_all_windows_are_trained_on_equally_often_or_all_series(monkeypatch):
    drawn = []
    fill = PanelSource.fill

    def spied(source, rows, chunk):
        drawn.extend(np.searchsorted(source.bounds, rows, "right") - 1)
        fill(source, rows, chunk)

    monkeypatch.setattr(PanelSource, "fill", spied)
    shares = {}
    for sampling in ("windows", "series"):
        drawn.clear()
        forecaster(sampling=sampling, max_steps=40, n_estimators=1).fit(SHORT_AND_LONG)
        shares[sampling] = np.mean(drawn)
    # 16 and 56 windows, in passes of four batches, which leave some rows over
    assert shares["windows"] == pytest.approx(56 / 72, abs=0.03)
    assert shares["series"] == pytest.approx(0.5, abs=0.03)


def test_a_test_for_seasons_needs_that_they_are_removed():
    with pytest.raises(ValueError, match="got seasonality_test=True with deseasonalize=False"):
        forecaster(seasonality_test=True, deseasonalize=False).fit(Y)


def test_one_series_is_sampled_either_way_alike():
    one, other = (forecaster(sampling=s).fit(Y).predict() for s in ("windows", "series"))
    pd.testing.assert_series_equal(one, other)


def test_the_trend_alone():
    """With a blend of 1 the networks do not matter."""
    one, other = (forecaster(blend=1, random_state=seed).fit(Y).predict(9) for seed in (0, 1))
    pd.testing.assert_series_equal(one, other)


@pytest.mark.parametrize("max_steps", [1, 7, 50, 70, 101])
def test_so_many_steps_are_taken(max_steps):
    fitted = forecaster(max_steps=max_steps, hidden_layer_sizes=1, window=2).fit(Y)
    assert [member.n_steps for member in fitted.model_.members] == [max_steps] * 2
    assert len(fitted.loss_curve_) == -(-max_steps // 50)


def test_the_losses_are_those_of_the_ensemble():
    fitted = forecaster(max_steps=120, hidden_layer_sizes=1, window=2).fit(Y)
    first, second = (member.loss_curve for member in fitted.model_.members)
    assert first != second
    expected = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    assert fitted.loss_curve_ == pytest.approx(expected, rel=1e-12)
    assert fitted.n_iter_ == 3
    assert fitted.loss_ == fitted.loss_curve_[2]
    assert fitted.best_loss_ == min(fitted.loss_curve_)
    assert not hasattr(forecaster(), "loss_")  # before fit


def test_networks_are_trained_for_long_and_briefly(monkeypatch):
    """The one that is trained longest begins first; both models have the same networks."""
    monkeypatch.setattr(recipe, "_EFFORTS", (0.25, 0.5))
    tiny = {"max_steps": "auto", "hidden_layer_sizes": 1, "window": 2, "calibrate": True}
    steps = {}

    class Listener:
        def on_epoch_end(self, epoch):
            steps[epoch.member] = epoch.n_steps

    fitted = forecaster(**tiny, n_estimators=3, callbacks=[Listener()]).fit(Y)
    assert [view.effort for view in fitted.recipe_.views] == [0.5, 0.25]
    assert sum(view.share for view in fitted.recipe_.views) == pytest.approx(1)
    for_long, briefly = (group.trained for group in fitted.model_.groups)
    assert [member.n_steps for member in briefly] == [112, 112]
    assert [member.n_steps for member in for_long] == [225]
    assert list(steps.items()) == [(0, 225), (1, 112), (2, 112)]
    curves = [member.loss_curve for member in (*briefly, *for_long)]
    assert [len(curve) for curve in curves] == [3, 3, 5]
    assert fitted.loss_curve_[2] == pytest.approx(np.mean([curve[2] for curve in curves]))
    ended = curves[0][-1], curves[1][-1]
    assert fitted.loss_curve_[4] == pytest.approx(np.mean([*ended, curves[2][4]]))


def test_attributes_tell_what_was_trained():
    fitted = forecaster().fit(Y)
    assert fitted.recipe_.max_steps == 6
    assert [view.window for view in fitted.recipe_.views] == [12, 24]
    assert [set(weights) for weights in fitted.weights_] == 2 * [
        {"0.Wx", "0.Wh", "0.b", "V", "S", "c"}
    ]
    fitted.weights_[0]["V"][:] = 7  # a copy
    assert not (fitted.weights_[0]["V"] == 7).any()
    assert np.isfinite(fitted.loss_curve_).all()


def test_verbose_shows_a_bar_on_stderr(capsys):
    forecaster().fit(Y)
    assert capsys.readouterr() == ("", "")
    forecaster(verbose=True, calibrate=True).fit(Y)
    out, err = capsys.readouterr()
    assert out == ""
    assert "ElmanForecaster: 100%" in err
    assert "24/24" in err  # two models of two nets of six steps


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("horizon", 0, "an integer >= 1, got 0"),
        ("horizon", 2.0, "an integer >= 1, got 2.0"),
        ("season_length", 0, "an integer >= 1, got 0"),
        ("season_length", "12", "an integer >= 1, got '12'"),
        ("window", (4, 1), r"an integer >= 2 or a sequence of them or 'auto', got \(4, 1\)"),
        ("window", (), r"an integer >= 2 or a sequence of them or 'auto', got \(\)"),
        ("window", 1, "an integer >= 2 or a sequence of them or 'auto', got 1"),
        ("patch_size", 0, "an integer >= 1 or 'auto', got 0"),
        ("strategy", "iterated", "one of 'direct', 'recursive', got 'iterated'"),
        ("transform", None, "one of 'auto', 'log', 'none', got None"),
        ("deseasonalize", "yes", "True or False or 'auto', got 'yes'"),
        ("blend", 1.5, "a number >= 0 and <= 1 or 'auto', got 1.5"),
        ("blend", 1.00000001, "a number >= 0 and <= 1 or 'auto'"),
        ("n_estimators", 0, "an integer >= 1, got 0"),
        ("calibrate", 1, "True or False, got 1"),
        ("hidden_layer_sizes", "big", "a positive integer or a tuple of them or 'auto'"),
        ("activation", "elu", "one of 'tanh', 'relu', 'logistic', 'identity', got 'elu'"),
        ("readout", "first", "one of 'last', 'all', 'each', got 'first'"),
        ("skip", None, "True or False, got None"),
        ("learn_initial_state", 0, "True or False, got 0"),
        ("loss", "mse", "one of 'absolute_error', 'squared_error', 'huber', .*got 'mse'"),
        ("huber_delta", 0, "a number > 0, got 0"),
        ("quantile", 1, "a number > 0 and < 1, got 1"),
        ("residual", 1, "True or False, got 1"),
        ("dilations", (1, 0), r"a positive integer or a tuple of them or None, got \(1, 0\)"),
        ("dropout", 1.0, "a number >= 0 and < 1, got 1.0"),
        ("layer_norm", None, "True or False, got None"),
        ("solver", "lbfgs", "one of 'adam', 'adamw', 'rmsprop', 'sgd', got 'lbfgs'"),
        ("alpha", -1, "a number >= 0, got -1"),
        ("weight_decay", -1, "a number >= 0 or 'auto', got -1"),
        ("batch_size", 0, "an integer >= 1 or 'auto', got 0"),
        ("learning_rate", "adaptive", "one of 'constant', 'step', 'cosine', .*got 'adaptive'"),
        ("learning_rate_init", np.nan, "a number >= 0, got nan"),
        ("max_steps", 0, "an integer >= 1 or 'auto', got 0"),
        ("max_seconds", 0, "a number > 0 or None, got 0"),
        ("ema_decay", 1, "a number >= 0 and < 1 or None, got 1"),
        ("callbacks", [print], "None or a sequence of objects with a method on_epoch_end"),
        ("momentum", 1, "a number >= 0 and < 1 or 'auto', got 1"),
        ("nesterovs_momentum", 1, "True or False, got 1"),
        ("beta_1", 1, "a number >= 0 and < 1, got 1"),
        ("beta_2", 1, "a number >= 0 and < 1 or 'auto', got 1"),
        ("epsilon", 0, "a number > 0, got 0"),
        ("max_grad_norm", -1, "a number > 0 or None, got -1"),
        ("verbose", "yes", "True or False or an integer >= 0, got 'yes'"),
        ("dtype", "int", "'float32' or 'float64', got 'int'"),
        ("n_jobs", 0, "None or a non-zero integer, got 0"),
    ],
    ids=lambda part: str(part)[:30],
)
def test_a_value_that_makes_no_sense(name, value, expected):
    with pytest.raises(ValueError, match=f"^ElmanForecaster expects {name} to be {expected}"):
        ElmanForecaster(**{name: value}).fit(Y)


# --- Randomness ---------------------------------------------------------------------------------

# enough windows and units for gradients to be shared between threads
LONG = np.sin(np.arange(1200) / 5) + np.random.default_rng(1).normal(0, 0.1, 1200)
BIG = {"hidden_layer_sizes": 40, "window": 24, "patch_size": 2, "batch_size": 256}


def test_the_threads_of_a_forecast_are_those_asked_for_by_then(monkeypatch):
    """Neither those of the training nor, in a file, those of another machine."""
    seen = []

    def spy(function, items, n_threads):
        seen.append(n_threads)
        return ordered_map(function, items, n_threads)

    monkeypatch.setattr(group, "ordered_map", spy)
    fitted = forecaster(n_jobs=3, calibrate=True).fit(Y)
    assert set(seen) == {3}
    assert fitted.model_.n_threads == 1
    fitted.predict()
    assert seen[-1] == 3
    fitted.set_params(n_jobs=2).predict()
    assert seen[-1] == 2


@pytest.mark.parametrize("n_estimators", [1, 3])
@pytest.mark.parametrize("n_jobs", [2, -1, None])
def test_threads_do_not_change_a_bit(n_estimators, n_jobs):
    options = {"n_estimators": n_estimators, "calibrate": True}
    one, other = (forecaster(**options, n_jobs=n).fit(Y) for n in (1, n_jobs))
    pd.testing.assert_frame_equal(
        one.predict(7, level=80), other.predict(7, level=80), check_exact=True
    )


@pytest.mark.jit
def test_threads_within_a_network_do_not_change_a_bit():
    one, *others = (
        forecaster(**BIG, n_estimators=1, n_jobs=n_jobs).fit(LONG).predict() for n_jobs in (1, 2, 3)
    )
    for other in others:
        pd.testing.assert_series_equal(one, other, check_exact=True)


@pytest.mark.jit
def test_fits_in_several_threads_are_those_of_one():
    def forecasts(seed):
        return forecaster(**BIG, random_state=seed, n_jobs=2).fit(LONG).predict()

    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(forecasts, range(5)))
    for seed, found in enumerate(together):
        pd.testing.assert_series_equal(found, forecasts(seed), check_exact=True)


def test_the_order_of_calls_does_not_matter():
    first, second = forecaster().fit(Y), forecaster(season_length=1).fit(-Y)
    one, two = first.predict(5), second.predict(5)
    second = forecaster(season_length=1).fit(-Y)
    pd.testing.assert_series_equal(second.predict(5), two, check_exact=True)
    first = forecaster().fit(-Y)
    first.predict(2)
    first.fit(Y)
    pd.testing.assert_series_equal(first.predict(5), one, check_exact=True)


def test_the_global_random_state_is_neither_used_nor_touched():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    first = forecaster(calibrate=True).fit(Y).predict(level=80)
    after = np.random.get_state()  # noqa: NPY002
    assert before[2:] == after[2:]
    np.testing.assert_array_equal(before[1], after[1])
    np.random.seed(2)  # noqa: NPY002
    again = forecaster(calibrate=True).fit(Y).predict(level=80)
    pd.testing.assert_frame_equal(again, first, check_exact=True)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_random_generators(make):
    """A generator goes on: a second fit differs, a second generator from the same seed does not."""
    fitted = forecaster(random_state=make(5))
    first, second = fitted.fit(Y).predict(), fitted.fit(Y).predict()
    again = forecaster(random_state=make(5)).fit(Y).predict()
    pd.testing.assert_series_equal(again, first, check_exact=True)
    assert (first != second).all()


def test_members_differ():
    one, two = forecaster().fit(Y).model_.members
    assert not np.array_equal(one.theta, two.theta)

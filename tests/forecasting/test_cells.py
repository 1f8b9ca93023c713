"""Every cell's forecaster: it learns, it is documented, and it refuses what its cell cannot do."""

import inspect
import pickle
import re

import numpy as np
import pytest

import forecaster as package
from forecaster.data import load_airline
from forecaster.forecasting.recurrent import RecurrentForecaster
from forecaster.nn.cell import CELLS

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

FORECASTERS = [
    item
    for item in vars(package).values()
    if inspect.isclass(item) and issubclass(item, RecurrentForecaster)
]
FED_BACK = [item for item in FORECASTERS if CELLS[item._cell].feeds_back]
GATED = [item for item in FORECASTERS if CELLS[item._cell].activations == ("tanh",)]
Y = 50 + np.arange(60) + 8 * np.resize([1, 3, 2, 5], 60) + np.random.default_rng(0).normal(size=60)
QUICK = {
    "horizon": 3,
    "season_length": 4,
    "window": 12,
    "patch_size": 3,
    "hidden_layer_sizes": 4,
    "n_estimators": 2,
    "max_steps": 6,
    "calibrate": False,
    "random_state": 0,
    "n_jobs": 1,
}

every = pytest.mark.parametrize("Forecaster", FORECASTERS, ids=lambda item: item.__name__)


def test_every_cell_has_a_forecaster():
    assert sorted(item._cell for item in FORECASTERS) == sorted(CELLS)


def test_all_forecast_differently():
    found = [Forecaster(**QUICK).fit(Y).predict().iloc[0] for Forecaster in FORECASTERS]
    assert len(set(found)) == len(FORECASTERS)


@pytest.mark.jit
@every
@pytest.mark.parametrize("readout", ["all", "last", "each"])
def test_training_lowers_the_loss(Forecaster, readout):
    """Of the deviations from a trend, those of a season that is not removed can be learned."""
    fitted = Forecaster(
        **{**QUICK, "max_steps": 400, "learning_rate_init": 0.02, "n_estimators": 1},
        readout=readout,
        skip=False,
        weight_decay=0.0,
        deseasonalize=False,
    ).fit(Y)
    assert fitted.loss_ < 0.5 * fitted.loss_curve_[0]


@every
@pytest.mark.parametrize("readout", ["all", "last", "each"])
def test_copies_go_on_alike(Forecaster, readout):
    fitted = Forecaster(**QUICK, readout=readout, strategy="recursive").fit(Y[:-5])
    twin = pickle.loads(pickle.dumps(fitted))
    before = fitted.predict(9)
    assert np.isfinite(before).all()
    assert twin.predict(9).equals(before)
    assert (twin.update(Y[-5:]).predict(4) != before[5:]).all()


@every
def test_deep_networks(Forecaster):
    """Equal layers with residual connections and dilations, as far as the cell has them."""
    feeds_back = Forecaster in FED_BACK
    deep = {
        "hidden_layer_sizes": (3, 4) if feeds_back else (3, 3),
        "residual": True,
        "dilations": (2, 1) if feeds_back else (2, 4),
        "dropout": 0.2,
        "layer_norm": not feeds_back,
        "learn_initial_state": True,
        "calibrate": True,
    }
    fitted = Forecaster(**{**QUICK, **deep}).fit(Y)
    assert np.isfinite(fitted.predict(5, level=80)).all(axis=None)


def test_the_second_model_has_the_sizes_of_the_first():
    """What follows the length of the series must not undo what was asked of its parts."""
    fitted = package.ElmanForecaster(**{**QUICK, "window": "auto", "patch_size": "auto"})
    fitted.set_params(dilations=4, calibrate=True, season_length=1, hidden_layer_sizes="auto")
    assert np.isfinite(fitted.fit(Y[:40]).predict(level=80)).all(axis=None)


@every
@pytest.mark.parametrize("activation", ["relu", "logistic", "identity"])
def test_activations(Forecaster, activation):
    fitted = Forecaster(**QUICK, activation=activation)
    if Forecaster in GATED:
        with pytest.raises(ValueError, match="has activations of its own.*got '" + activation):
            fitted.fit(Y)
    else:
        plain = Forecaster(**QUICK).fit(Y).predict()
        assert (fitted.fit(Y).predict() != plain).any()


@pytest.mark.parametrize("Forecaster", FED_BACK, ids=lambda item: item.__name__)
@pytest.mark.parametrize(
    "options",
    [{"layer_norm": True}, {"dilations": 2}, {"hidden_layer_sizes": 3, "residual": True}],
    ids=str,
)
def test_what_is_fed_back_must_be_the_output(Forecaster, options):
    with pytest.raises(ValueError, match="feeds the output of its last layer back"):
        Forecaster(**{**QUICK, **options}).fit(Y)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"dropout": 0.5}, "with one layer it must be 0"),
        ({"dilations": (1, 2)}, "a dilation for each layer, 1 in all"),
        ({"dilations": 3}, "dilations that divide the 4 steps"),
        ({"residual": True}, "as many units as inputs, got 3 inputs"),
    ],
)
def test_settings_without_effect_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        package.ElmanForecaster(**{**QUICK, **options}).fit(Y)


@every
def test_every_parameter_is_documented(Forecaster):
    """In the order of the signature, with the default that it has."""
    section = re.search(
        r"    Parameters\n    -+\n(.*?)\n    \w[\w ]+\n    ---", Forecaster.__doc__, re.S
    )[1]
    documented = {}
    for names, described in re.findall(r"^    ([a-z_0-9, ]+) : (.+)$", section, re.M):
        defaults = described.split("default=")[1].split(", ")
        documented |= dict(zip(names.split(", "), defaults))
    parameters = inspect.signature(Forecaster).parameters.values()
    assert list(documented) == [parameter.name for parameter in parameters]
    for parameter in parameters:
        assert eval(documented[parameter.name], {}) == parameter.default, parameter.name


@pytest.mark.jit
@every
def test_airline_passengers(Forecaster):
    """Closer than repeating the last season was, on average, within the training part."""
    y = load_airline()
    fitted = Forecaster(12, 12, n_estimators=2, calibrate=False, random_state=0).fit(y[:-12])
    assert fitted.score(y[-12:]) > -0.9

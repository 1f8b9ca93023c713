"""Files of every released format keep loading; `make_files.py` wrote them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecaster
from forecaster.persistence import versions
from forecaster.persistence.versions import FORMAT
from tests.persistence.make_files import windows

HERE = Path(__file__).parent
# Another BLAS, and another order of sums within a product, change the last digits.
ROUNDING = {"float64": {"rtol": 1e-11, "atol": 1e-12}, "float32": {"rtol": 1e-5, "atol": 1e-6}}

every_format = pytest.mark.parametrize("number", range(1, FORMAT + 1))


def expected(number):
    return json.loads((HERE / f"expected-v{number}.json").read_text(encoding="utf-8"))


@every_format
def test_a_regressor_predicts_what_it_did(number):
    net = forecaster.load(HERE / f"elman-regressor-v{number}.npz")
    assert net.get_params()["hidden_layer_sizes"] == (4, 3)
    assert net.get_params()["skip"] is True
    X, y = windows()[:, :3], windows()[:, 3]
    known = expected(number)
    np.testing.assert_allclose(net.predict(X), known["predictions"], **ROUNDING["float64"])
    theta = net.partial_fit(X, y).theta_
    np.testing.assert_allclose(theta, known["continued"], **ROUNDING["float32"])


@every_format
def test_a_forecaster_forecasts_what_it_did(number):
    model = forecaster.load(HERE / f"elman-forecaster-v{number}.npz")
    forecasts = model.predict(5, level=80)
    assert list(forecasts) == ["shop", "month", "mean", "lo-80", "hi-80"]
    assert forecasts["shop"].tolist() == ["north"] * 5 + ["south"] * 5
    assert forecasts["month"].iloc[[0, 5]].tolist() == [
        pd.Timestamp("2022-07-01"),
        pd.Timestamp("2022-01-01"),
    ]
    numbers = forecasts[["mean", "lo-80", "hi-80"]].to_numpy()
    np.testing.assert_allclose(numbers, expected(number)["forecasts"], **ROUNDING["float64"])


def node(kind, **fields):
    return {"type": kind, "fields": fields}


def networks(n, **others):
    parts = {name: node(name) for name in ("preparation", "network", "unit")}
    return node("Model", **parts, trained=node("tuple", items=["net"] * n), **others)


def test_networks_that_see_the_season_become_a_group():
    """From format 1, where they were a model within the model."""
    sizes = {"window": 6, "patch_size": 2}
    recipe, other = (node("Recipe", blend=0.2, n_seasonal=2, **sizes) for _ in range(2))
    model = networks(3, recipe=recipe, seasonal=networks(2, recipe=other, seasonal=None))
    header = {"format": 1, "content": node("ElmanForecaster", model_=model)}
    versions.upgrade(header)
    fields = header["content"]["fields"]["model_"]["fields"]
    assert set(fields) == {"recipe", "preparation", "groups"}
    groups = fields["groups"]["fields"]["items"]
    assert [len(group["fields"]["trained"]["fields"]["items"]) for group in groups] == [3, 2]
    recipe = fields["recipe"]["fields"]
    assert set(recipe) == {"blend", "views"}
    plain, seasonal = (view["fields"] for view in recipe["views"]["fields"]["items"])
    assert plain == {**sizes, "seasonal": False, "n_members": 3, "share": 0.6}
    assert seasonal == {**sizes, "seasonal": True, "n_members": 2, "share": 0.4}

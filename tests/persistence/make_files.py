"""Write the files of the present format that later versions must be able to read.

    python tests/persistence/make_files.py

Files of a format that was released stay as they are: run this only for one that was not yet.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

import forecaster
from forecaster import ElmanForecaster, ElmanRegressor
from forecaster.persistence.versions import FORMAT

HERE = Path(__file__).parent


def windows():
    return np.sin(0.7 * np.arange(40.0)).reshape(10, 4)


def panel():
    """Two series of 30 and 24 months."""
    parts = []
    for name, n in [("north", 30), ("south", 24)]:
        t = np.arange(float(n))
        y = 20 + 0.5 * t + 4 * np.sin(t * np.pi / 2) + np.cos(5 * t)
        times = pd.date_range("2020-01-01", periods=n, freq="MS")
        parts.append(pd.DataFrame({"shop": name, "month": times, "sales": y}))
    return pd.concat(parts, ignore_index=True)


def regressor():
    """In the middle of a training with partial_fit: the optimiser's state travels, too."""
    net = ElmanRegressor((4, 3), skip=True, learning_rate="one_cycle", max_iter=40, random_state=0)
    X = windows()
    return net.fit(X[:, :3], X[:, 3]).partial_fit(X[:, :3], X[:, 3])


def of_series():
    net = ElmanForecaster(
        3, 4, n_estimators=2, max_steps=60, hidden_layer_sizes=4, dtype="float64", random_state=0,
        id_col="shop", time_col="month", target_col="sales",
    )  # fmt: skip
    return net.fit(panel())


def main():
    net, model = regressor(), of_series()
    forecaster.save(net, HERE / f"elman-regressor-v{FORMAT}.npz")
    forecaster.save(model, HERE / f"elman-forecaster-v{FORMAT}.npz")
    expected = {
        "predictions": net.predict(windows()[:, :3]).tolist(),
        "continued": net.partial_fit(windows()[:, :3], windows()[:, 3]).theta_.tolist(),
        "forecasts": model.predict(5, level=80)[["mean", "lo-80", "hi-80"]].to_numpy().tolist(),
    }
    text = json.dumps(expected, indent=1)
    (HERE / f"expected-v{FORMAT}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

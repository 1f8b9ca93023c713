"""Do our measures and the seasonal naive forecast agree with an independent M4 scorer?

    python benchmarks/metrics.py --data DIR

DIR/scorer holds the scorer (m4score.py) and a loader (benchload.py), DIR/m4 the packed M4 sets.
Prints the largest difference over all series, per set; it should be rounding error.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from forecaster.evaluation import mase, smape
from forecaster.forecasting import SeasonalNaiveForecaster


def largest_differences(sample: dict, judge) -> dict[str, float]:
    """Largest relative difference of each figure; `sample` is one packed set."""
    m, h = sample["m"], sample["h"]
    differences = {"seasonal naive": 0.0, "sMAPE": 0.0, "MASE": 0.0}

    def compare(name, ours, theirs):
        difference = np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-300))
        differences[name] = max(differences[name], float(difference))

    ids = np.repeat(np.arange(len(sample["train"])), [len(train) for train in sample["train"]])
    long = pd.DataFrame({"unique_id": ids, "y": np.concatenate(sample["train"])})
    long["ds"] = long.groupby("unique_id").cumcount()
    forecasts = SeasonalNaiveForecaster(h, m).fit(long).predict()["y"].to_numpy().reshape(-1, h)
    for train, actual, forecast in zip(sample["train"], sample["test"], forecasts):
        compare("seasonal naive", forecast, judge.snaive(train, h, m))
        compare("sMAPE", smape(actual, forecast), judge.smape(actual, forecast))
        ours = mase(actual, forecast, y_train=train, season_length=m)
        compare("MASE", ours, judge.mase(train, actual, forecast, m))
    return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with m4/ and scorer/")
    data = parser.parse_args().data
    sys.path.insert(0, str(data / "scorer"))
    import benchload
    import m4score

    print("largest relative difference over all series")
    print(f"{'set':24}{'series':>8}{'seasonal naive':>16}{'sMAPE':>12}{'MASE':>12}")
    for path in sorted((data / "m4").glob("*.npz")):
        sample = benchload.load(path)
        found = largest_differences(sample, m4score)
        figures = f"{found['seasonal naive']:16.1e}{found['sMAPE']:12.1e}{found['MASE']:12.1e}"
        print(f"{path.stem:24}{len(sample['train']):8}{figures}")


if __name__ == "__main__":
    main()

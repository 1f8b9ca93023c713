"""What does a fresh process pay before its first forecast?

    python benchmarks/cold_start.py [--rounds 5]

Import, the first fit ever on a machine (it compiles), the first fit of a later process (it loads
compiled code) and a second fit in the same process. Every figure is the median over fresh
processes, which take turns, so that noise hits all; beside it the fastest, and the median of the
processor's time, all threads together, which other programs disturb least. A missed aim is marked;
the script then still ends with status 0.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from statistics import median

# Programs of the fresh processes; they print what they measured.
START = """
import json, time, warnings
warnings.simplefilter("ignore")

def clocks():
    return time.perf_counter(), time.process_time()

def since(start):
    return [now - then for now, then in zip(clocks(), start)]

start = clocks()
"""
PEERS = "import pandas, sklearn.base, sklearn.model_selection\n"  # what users have imported anyway
OURS = "import forecaster\n"
IMPORTED = "print(json.dumps({'import': since(start)}))\n"
COUNTED = """
from numba.core import event
with event.install_recorder("numba:compile") as compilations:
    import forecaster, forecaster.data, forecaster.evaluation, forecaster.plotting
print(json.dumps({"compiled": len(compilations.buffer) // 2}))
"""
FITTED = """
import numpy as np
from numba.core import event
from forecaster import ElmanForecaster, ElmanRegressor
from forecaster.data import load_airline

series = load_airline()
X = np.random.default_rng(0).standard_normal((200, 12))
y = X.sum(axis=1)

def forecaster_fit():
    ElmanForecaster(horizon=12, season_length=12, random_state=0).fit(series)

def regressor_fit():
    ElmanRegressor(random_state=0).fit(X, y).predict(X)

taken = {}
with event.install_recorder("numba:compile") as compilations:
    for number in ("first", "second"):
        start = clocks()
        FIT()
        taken[number] = since(start)
print(json.dumps({**taken, "compiled": len(compilations.buffer) // 2}))
"""
FITS = {
    "forecaster_fit": "ElmanForecaster(12, 12).fit(airline)",
    "regressor_fit": "ElmanRegressor().fit and predict, 200 x 12",
}
WIDTH = 50


def fresh_process(program, cache):
    """What a new process prints; its compiled code lives in the folder ``cache``."""
    done = subprocess.run(
        [sys.executable, "-c", START + program],
        # As after an installation: bytecode may be kept (an empty setting does not forbid it).
        env={**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def report(title, rows, unit):
    """Print labels, their runs (wall, processor) and aims; ratios to the label ``unit``."""
    print(f"{title:{WIDTH}}{'median':>8}{'fastest':>9}{'processor':>11}{'ratio':>8}")
    of_unit = median(wall for wall, _ in rows[unit][0])
    for label, (runs, aim) in rows.items():
        wall, processor = zip(*runs)
        figures = f"{median(wall):8.3f}{min(wall):9.3f}{median(processor):11.3f}"
        figures += f"{median(wall) / of_unit:8.1f}"
        if aim is not None:
            figures += f"  aim {aim:g} s" + ", MISSED" * (median(wall) > aim)
        print(f"  {label:{WIDTH - 2}}{figures}")


def report_import(peers, both):
    added = [[b - a for a, b in zip(*pair)] for pair in zip(peers, both)]
    rows = {
        "pandas, sklearn.base, sklearn.model_selection": (peers, None),
        "these and forecaster": (both, None),
        "added by forecaster, pair by pair": (added, 0.3),
    }
    report("Import", rows, "pandas, sklearn.base, sklearn.model_selection")


def report_fit(title, ever, later):
    first, second = ([run[number] for run in later] for number in ("first", "second"))
    compiled = [median(run["compiled"] for run in runs) for runs in (ever, later)]
    rows = {
        f"first ever: {compiled[0]:g} compilations": ([run["first"] for run in ever], 8),
        f"first of a later process: {compiled[1]:g} compilations": (first, 0.5),
        "second of a process": (second, None),
    }
    report(title, rows, "second of a process")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes of each kind")
    rounds = parser.parse_args().rounds
    peers, both = [], []
    ever, later = ({name: [] for name in FITS} for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        fresh_process(PEERS + OURS + IMPORTED, folder)  # reads the disk, writes bytecode
        for number in range(rounds):
            for runs, program in [(peers, PEERS), (both, PEERS + OURS)]:
                runs.append(fresh_process(program + IMPORTED, folder)["import"])
            for name in FITS:
                cache = os.path.join(folder, f"{name}-{number}")  # empty at first
                for runs in (ever, later):
                    runs[name].append(fresh_process(FITTED.replace("FIT", name), cache))
        at_import = fresh_process(COUNTED, folder)["compiled"]

    packages = ", ".join(f"{name} {version(name)}" for name in ["numba", "numpy", "scikit-learn"])
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    print(f"{rounds} rounds, seconds\n")
    report_import(peers, both)
    print(f"  compilations: {at_import}" + ", MISSED: the aim is 0" * (at_import > 0))
    for name, title in FITS.items():
        print()
        report_fit(title, ever[name], later[name])


if __name__ == "__main__":
    main()

"""What the benchmarks build on the library's inner parts keeps working."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the benchmarks are not at hand")


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    from accuracy_parts import competition, long_horizon, methods

    return competition, long_horizon, methods


def seasonal(n, seed):
    rng = np.random.default_rng(seed)
    return 20 + 0.3 * np.arange(n) + np.resize([3.0, -1, -4, 2], n) + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("name", ["seasonal_naive", "naive2", "theta"])
def test_reference_methods_follow_the_season(parts, name):
    y = seasonal(48, 0)
    found = getattr(parts[2], name)(y[:40], 8, 4)
    assert np.abs(found - y[40:]).mean() < 0.8 * np.abs(y[39] - y[40:]).mean()


def test_ridge_on_the_forecasters_windows_is_better_than_the_last_season(parts):
    """It reads the rows of training through a chunk, as the networks do."""
    _, _, methods = parts
    series = [seasonal(48, seed) for seed in range(3)]
    found = methods.ridge([y[:40] for y in series], 8, 4)
    errors = [np.abs(f - y[40:]).mean() for f, y in zip(found, series, strict=True)]
    naive = [np.abs(methods.seasonal_naive(y[:40], 8, 4) - y[40:]).mean() for y in series]
    assert np.mean(errors) < 0.5 * np.mean(naive)


def test_a_set_one_at_a_time(parts, capsys):
    from forecaster import ElmanForecaster

    competition, _, _ = parts
    series = [seasonal(48, seed) for seed in range(6)]
    train, test = [y[:40] for y in series], np.array([y[40:] for y in series])
    panel = competition.Competition("made up", train, test, 8, 4, {})
    for chosen in (panel, panel.sample(3)):
        table = competition.Table(chosen)
        table.references()
        table.forecaster("Elman", ElmanForecaster, max_steps=5, n_estimators=1, n_jobs=1)
    printed = capsys.readouterr().out
    assert "made up: 6 series" in printed
    assert "made up, one at a time: 3 series" in printed
    assert printed.count("| Elman |") == printed.count("| ridge") == printed.count("| Theta |") == 2


def test_ridge_far_ahead_goes_on_from_new_rows(parts, monkeypatch):
    _, long_horizon, _ = parts
    monkeypatch.setattr(long_horizon, "HORIZONS", (2, 4))
    monkeypatch.setattr(long_horizon, "OPTIONS", {"window": 8})
    values = np.column_stack([seasonal(80, 0), seasonal(80, 1)])
    ridge = long_horizon.Ridge(1e-6).fit(pd.DataFrame(values[:60]))
    ridge.update(pd.DataFrame(values[60:70], index=range(60, 70)))
    assert np.abs(ridge.predict().to_numpy() - values[70:74]).max() < 1.5


def test_an_ablation_may_refer_to_the_defaults_recipe(parts):
    from accuracy_parts.ablation import ABLATION, fit

    from forecaster import ElmanForecaster

    quick = {"max_seconds": 1e-9, "n_estimators": 2, "calibrate": False, "n_jobs": 1}
    recipes = {
        label: fit(ElmanForecaster, seasonal(40, 0), 8, 4, **{**quick, **options}).recipe_
        for label, options in ABLATION.items()
    }
    default = recipes["the default, without intervals"]
    window = default.views[0].window
    assert {v.window for v in recipes["one window for all networks"].views} == {window}
    assert {v.window for v in recipes["that window doubled"].views} == {2 * window}
    assert recipes["four times the weight decay"].weight_decay == 4 * default.weight_decay
    assert recipes["all trained briefly"].max_steps == default.max_steps // 3 == 150
    without = recipes["networks and trend, no last season"]
    assert (without.blend, without.hedge) == (default.blend, 0.0) != (default.blend, default.hedge)


def test_sets_of_many_kinds(parts, capsys, monkeypatch):
    """A set's figure is its mean scaled error over that of repeating the last season."""
    from accuracy_parts import other_kinds, peers, r_datasets

    from forecaster.forecasting import SeasonalNaiveForecaster

    def fails(y, horizon, m):
        raise peers.Failure("no forecast")

    class Failing(peers.Peers):
        def __enter__(self):
            return {"failing": fails}

    series = [seasonal(48, seed) for seed in range(3)] + [np.full(48, 5.0)]  # the last has no scale
    sets = {"panels": {"made up": (series, 4, 8)}, "single series": {"one": (series[:1], 4, 8)}}
    monkeypatch.setattr(r_datasets, "load", lambda n_origins: sets)
    monkeypatch.setattr(other_kinds.peers, "Peers", Failing)
    other_kinds.report({"same": SeasonalNaiveForecaster}, [])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if "|" in line]
    figures = {row[0].strip("| "): row[-4:] for row in rows}
    assert figures["made up"][0] == figures["one"][0] == "1.000"
    assert figures["made up"][3] == "1.000 |"  # in its place the last season stands
    assert float(figures["one"][1]) < 0.8  # ridge regression knows the trend
    assert float(figures["one"][2]) < 0.8  # so does Theta
    assert "| **geometric mean**" in [row[0] for row in rows]


def test_series_of_a_set_have_no_gaps(parts):
    from accuracy_parts import r_datasets

    y = [np.nan, 1, 2, np.nan, 3, 4, 5, np.inf]
    assert r_datasets._without_gaps(y).tolist() == [3, 4, 5]
    sets = {"some": ([y, np.arange(20.0)], 4, 2)}
    (whole,) = r_datasets._tidy(sets, 3, None)["some"][0]
    assert whole.tolist() == list(range(20))
    (last,) = r_datasets._tidy(sets, 3, 15)["some"][0]
    assert last.tolist() == list(range(5, 20))


def test_the_competitions_own_files_are_read(parts, tmp_path):
    """Rows are filled up with empty cells; the test part is in another order."""
    competition, _, _ = parts
    files = {
        "Weekly-train.csv": "V1,V2,V3,V4\nW1,1,2.5,\nW2,4,5,6\n",
        "Weekly-test.csv": "V1,V2,V3\nW2,7,8\nW1,3,4\n",
        "M4-info.csv": "M4id,category,Frequency,Horizon,SP,StartingDate\nW1,Other,1,2,Weekly,-\n",
    }
    for name, text in files.items():
        folder = tmp_path / name[:4]
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    found = competition.load(tmp_path, "weekly")
    assert [one.tolist() for one in found.train] == [[1, 2.5], [4, 5, 6]]
    assert found.test.tolist() == [[3, 4], [7, 8]]
    assert (found.horizon, found.season_length) == (2, 1)
    with pytest.raises(SystemExit, match="Daily-train.csv"):
        competition.load(tmp_path, "daily")


def test_stretches_lie_within_their_series(parts):
    from accuracy_parts import stretches

    y = np.arange(2000.0)
    pairs = stretches.cut([y, -y], 24, 48, 168, np.random.default_rng(0))
    assert len(pairs) == stretches.N_STRETCHES
    for known, actual in pairs:
        assert 3 * 168 <= len(known) <= 9 * 168
        assert len(actual) == 48
        assert {*np.abs(np.diff([*known, *actual]))} == {1}
    assert len({known[-1] for known, _ in pairs}) > 6

"""What "auto" becomes, and that figures given are used as they are."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.data.panel import Panel
from forecaster.forecasting.recipe import GLOBAL_FROM, points_needed, resolve

AUTO = {
    "horizon": 6,
    "season_length": 1,
    "strategy": "direct",
    "window": "auto",
    "patch_size": "auto",
    "hidden_layer_sizes": "auto",
    "batch_size": "auto",
    "max_steps": "auto",
    "weight_decay": "auto",
    "blend": "auto",
    "deseasonalize": "auto",
    "n_estimators": 5,
}


def recipe(lengths, **options):
    panel = Panel(np.zeros(sum(lengths)), np.concatenate([[0], np.cumsum(lengths)]))
    return resolve(panel, **{**AUTO, **options})


def test_points_needed():
    assert points_needed(6, "direct") == 8
    assert points_needed(6, "recursive") == 3


@pytest.mark.parametrize("window, patch, rounded", [(12, 4, 12), (12, 5, 15), (3, 7, 7), (2, 1, 2)])
def test_windows_are_whole_patches(window, patch, rounded):
    found = recipe([100], window=window, patch_size=patch)
    view, less_trained = found.views
    assert replace(less_trained, n_members=3, share=0.6, effort=1.0) == view
    assert (view.window, view.patch_size, view.n_steps) == (rounded, patch, rounded // patch)
    assert (view.n_members, view.share, view.seasonal) == (3, 0.6, False)


def test_a_patch_is_a_season_where_the_window_holds_three():
    assert recipe([200], window=12, season_length=4).views[0].patch_size == 4
    assert recipe([200], window=11, season_length=4).views[0].patch_size == 3  # a quarter


def windows(lengths, **options):
    return [view.window for view in recipe(lengths, max_steps=9, **options).views]


def test_windows_reach_back_two_horizons_and_a_season():
    """And, where there is room, twice and half as far."""
    assert windows([29]) == [12]
    assert windows([30]) == [12, 24, 6]
    assert windows([100], season_length=24) == [24, 48, 12]
    assert windows([100], horizon=1) == [12, 24, 6]  # short horizons still need a past
    assert windows([10], horizon=1) == [2, 4]


def test_windows_of_large_panels():
    """Of short series: two horizons and one; of long ones: four and eight, if they fit."""
    assert windows([40] * 1000) == [12, 6]
    assert windows([59] * 1000) == [12, 6]
    assert windows([60] * 1000) == [24, 48]
    assert windows([100] * 1000, season_length=48, deseasonalize=True) == [48]


def test_members_take_the_windows_in_turns():
    settings = {"season_length": 4, "max_steps": 9}
    found = recipe([100], window=(12, 16, 8), **settings)
    assert [(v.window, v.patch_size, v.n_members, v.share) for v in found.views] == [
        (12, 4, 2, 0.4),
        (16, 4, 2, 0.4),
        (8, 2, 1, 0.2),
    ]
    assert windows([100], window=(12, 16, 8), n_estimators=2) == [12, 16]
    # the same once they are whole patches
    (same,) = recipe([100], window=(11, 12), patch_size=4, max_steps=9).views
    assert (same.window, same.n_members) == (12, 5)


def test_every_second_turn_through_the_windows_is_trained_for_a_third_of_the_steps():
    """So that held-out origins can tell how long a training should be."""
    for n_windows, expected in (
        (1, [(450, 3), (150, 2)]),
        (2, [(450, 2), (450, 1), (150, 1), (150, 1)]),
        (3, [(450, 1)] * 3 + [(150, 1)] * 2),
        (5, [(450, 1)] * 5),
    ):
        found = recipe([100], window=[10, 12, 14, 16, 18][:n_windows], patch_size=1)
        assert [(found.steps_of(view), view.n_members) for view in found.views] == expected
        assert found.n_steps == sum(steps * n for steps, n in expected)
    assert recipe([100], n_estimators=1).n_steps == 450


def test_steps_that_are_given_hold_for_all():
    found = recipe([100], max_steps=7)
    assert {found.steps_of(view) for view in found.views} == {7}


def test_one_window_for_all_networks():
    assert windows([100], one_window=True) == [12]
    assert windows([100], one_window=True, window=(12, 24)) == [12, 24]


@pytest.mark.parametrize("season_length", [1, 4, 50, 1000])
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("n", [8, 9, 20, 100])
def test_there_is_always_a_window(season_length, strategy, n):
    found = recipe([n, 1, 2], season_length=season_length, strategy=strategy)
    assert found.n_outputs == (6 if strategy == "direct" else 1)
    rows = [
        t
        for length in (n, 1, 2)
        for t in range(length)
        if t + 1 >= found.min_observed and length - 1 - t >= found.min_targets
    ]
    assert found.n_windows == len(rows) >= 1
    assert 1 <= found.batch_size <= found.n_windows


def test_small_panels_use_every_origin_and_their_trend():
    found = recipe([100, 60])
    assert found.from_trend
    assert found.min_targets == 1
    assert found.hidden_layer_sizes == (16,)
    assert found.batch_size == 64
    assert found.max_steps == 450
    assert 0.1 < found.blend < 0.3
    assert found.weight_decay == pytest.approx(800 / (98 + 58))
    assert recipe([12]).weight_decay == 25


def test_steps_that_few_windows_know_are_trusted_less():
    assert recipe([74], horizon=30).trust == ()
    found = recipe([40], horizon=36)  # of 38 origins all know the first step, three the last
    assert found.n_windows == 38
    known = np.arange(38, 2, -1)
    np.testing.assert_allclose(found.trust, np.minimum(1, 2 * known / 38))
    two = recipe([40, 38], horizon=36)
    assert two.trust[-1] == pytest.approx(2 * (3 + 1) / (38 + 36))
    assert recipe([40], horizon=36, strategy="recursive").trust == ()
    assert recipe([40], horizon=36, blend=0.5).trust == ()  # as it was asked for
    assert recipe([40] * 40, horizon=36).trust == ()  # 120 windows know the last step
    n = GLOBAL_FROM // 100 + 40
    assert recipe([n] * 100, horizon=36).trust == ()  # all of their rows know all steps


def test_large_panels_learn_more():
    n = GLOBAL_FROM // 100 + 7
    assert recipe([n] * 100).n_windows >= GLOBAL_FROM
    found = recipe([n] * 100)
    assert not found.from_trend
    assert found.min_targets == 6
    assert found.hidden_layer_sizes == (64,)
    assert found.batch_size == 256
    assert found.views[0].window == 24  # four horizons, the series being long
    assert found.max_steps == 30 * found.n_windows // 256
    assert recipe([n] * 1000).max_steps == 3750


def test_the_less_there_is_to_learn_from_the_more_goes_to_the_trend():
    shares = [recipe([n]).blend for n in (12, 40, 88, 200, 600, 5000)]
    assert all(np.diff(shares) < 0)
    assert shares[0] == pytest.approx(0.9, abs=0.03)
    assert shares[2] == pytest.approx(0.42, abs=0.03)
    assert shares[-1] < 1e-3
    assert recipe([40] * 20).blend < recipe([40]).blend


def test_large_panels_of_short_series_keep_a_fifth_of_the_trend():
    assert recipe([40] * 1000).blend == pytest.approx(0.2, abs=1e-3)
    assert recipe([900] * 1000).blend == pytest.approx(0.2 / 81, abs=1e-4)


def test_the_change_from_small_to_large_panels_is_smooth():
    """In the shares: at the border of the two kinds of model they do not jump."""
    n = GLOBAL_FROM // 100 + 7
    below, above = recipe([n] * 99), recipe([n] * 101)
    assert below.from_trend
    assert not above.from_trend
    assert below.blend == pytest.approx(above.blend, abs=0.01)
    assert below.hedge == pytest.approx(above.hedge, abs=0.01)


def test_the_last_season_has_a_share_unless_the_panel_is_large():
    shares = [recipe(lengths).hedge for lengths in ([20], [3000], [9000], [400] * 100)]
    assert all(np.diff(shares) < 0)
    assert shares[0] == pytest.approx(0.15, abs=1e-4)
    assert shares[-1] < 0.02
    assert recipe([20], blend=0.3).hedge == 0


def test_given_figures_are_used():
    given = {
        "hidden_layer_sizes": (5, 4),
        "batch_size": 7,
        "max_steps": 11,
        "weight_decay": 0.5,
        "blend": 1,
    }
    found = recipe([100], **given)
    assert {name: getattr(found, name) for name in given} == given

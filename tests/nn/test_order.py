"""The order of rows: passes in which each comes once, or each group equally often."""

from dataclasses import replace

import numpy as np
import pytest

from forecaster.nn.order import Order
from tests.nn.common import ADAM

BOUNDS = np.array([0, 2, 2, 12, 40])  # four groups, one of which is empty
N = 40


def one_pass(order, plan, rng):
    batches = []
    for _ in range(plan.batches_per_pass(N)):
        batches.append(order.batch(N, plan, rng))
        order.advance(len(batches[-1]), plan)
    return np.concatenate(batches)


def n_of_groups(rows):
    return np.histogram(rows, bins=np.delete(BOUNDS, 1) - 0.5)[0]


@pytest.mark.parametrize("batch_size", [4, 7, 40])
def test_every_row_comes_once_in_a_pass(batch_size):
    order, rng = Order(), np.random.default_rng(0)
    passes = [one_pass(order, replace(ADAM, batch_size=batch_size), rng) for _ in range(2)]
    assert [sorted(rows) for rows in passes] == 2 * [list(range(N))]
    assert passes[0].tolist() != passes[1].tolist()


@pytest.mark.parametrize("batch_size", [4, 7, 40])
def test_groups_come_equally_often(batch_size):
    order, rng = Order(), np.random.default_rng(0)
    plan = replace(ADAM, batch_size=batch_size, groups=BOUNDS)
    for _ in range(5):
        assert sorted(n_of_groups(one_pass(order, plan, rng))) == [13, 13, 14]


def test_within_a_group_all_rows_are_as_likely():
    order, rng, plan = Order(), np.random.default_rng(0), replace(ADAM, groups=BOUNDS)
    n_passes = 3000
    counts = np.bincount(np.concatenate([one_pass(order, plan, rng) for _ in range(n_passes)]))
    for start, stop in ((0, 2), (2, 12), (12, 40)):
        expected = n_passes * N / 3 / (stop - start)
        # four standard deviations of a count, for 40 rows
        np.testing.assert_allclose(counts[start:stop], expected, atol=4 * expected**0.5)

"""Sequences: of different lengths, with missing targets, weighted by step, cut for BPTT."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from forecaster import GRUClassifier, GRURegressor
from tests.estimators.common import REGRESSORS, in_time, net, of_every_cell

pytestmark = in_time
RNG = np.random.default_rng(0)
N, T, D = 24, 6, 2
X = RNG.normal(1, 2, (N, T, D))
Y = X[:, -1, 0] + X[:, -2, 1]
EACH = np.cumsum(X.sum(axis=2), axis=1)
LENGTHS = RNG.integers(1, T + 1, N)
LENGTHS[:2] = 1, T
SEQUENCES = [x[:n] for x, n in zip(X, LENGTHS)]
FILLED = np.where(np.arange(T)[:, None] < LENGTHS[:, None, None], X, np.nan)
STEPS = [y[:n] for y, n in zip(EACH, LENGTHS)]
FILLED_STEPS = np.where(np.arange(T) < LENGTHS[:, None], EACH, np.nan)
BATCHES = {"batch_size": 7}
DILATED = {"hidden_layer_sizes": (3, 2), "dilations": (2, 1)}
READOUTS = pytest.mark.parametrize("readout", ["last", "each"])


def targets(readout, filled=False):
    return Y if readout == "last" else FILLED_STEPS if filled else STEPS


def test_a_score_of_nothing():
    with pytest.raises(ValueError, match="score needs a target .* got only NaN for output 1"):
        net(max_iter=1).fit(X, EACH[:, :2]).score(X, np.column_stack([Y, np.full(N, np.nan)]))
    fitted = GRUClassifier(max_iter=1, readout="each").fit(X, EACH > 0)
    with pytest.raises(ValueError, match="score needs a class that is known, got none"):
        fitted.score(X, np.full((N, T), np.nan))


# --- Samples of different lengths ---------------------------------------------------------------


@of_every_cell
@READOUTS
def test_a_list_is_an_array_filled_up_with_nan(cls, readout):
    as_list = net(cls, readout=readout).fit(SEQUENCES, targets(readout))
    as_array = net(cls, readout=readout).fit(FILLED, targets(readout, filled=True))
    np.testing.assert_array_equal(as_list.theta_, as_array.theta_)
    np.testing.assert_array_equal(as_list.predict(SEQUENCES), as_array.predict(FILLED))
    np.testing.assert_array_equal(as_list.transform(SEQUENCES), as_array.transform(FILLED))
    found = as_list.score(SEQUENCES, targets(readout))
    assert found == as_array.score(FILLED, targets(readout, filled=True))


@READOUTS
def test_a_column_of_sequences_is_a_list_of_them(readout):
    """As a frame has it, or an array of objects."""
    in_objects = np.empty(N, object)
    in_objects[:] = SEQUENCES
    index = np.arange(N)[::-1]
    expected = net(readout=readout).fit(SEQUENCES, targets(readout)).theta_
    steps = targets(readout)
    if readout == "each":
        steps = pd.Series(steps, index)
    series = pd.Series(SEQUENCES, index)
    for column in (series, series.to_frame("sample"), in_objects):
        np.testing.assert_array_equal(net(readout=readout).fit(column, steps).theta_, expected)
    lists = pd.Series([row.tolist() for row in X], index)  # all of the same length
    alike = net(readout=readout).fit(lists, pd.Series(EACH.tolist()) if steps is not Y else Y)
    expected = net(readout=readout).fit(list(X), EACH if steps is not Y else Y)
    np.testing.assert_array_equal(alike.theta_, expected.theta_)
    classes = [np.where(y > 0, "up", "down") for y in STEPS]
    one, other = (
        GRUClassifier(max_iter=1, readout="each", random_state=0).fit(SEQUENCES, y)
        for y in (classes, pd.Series(classes, index))
    )
    np.testing.assert_array_equal(one.theta_, other.theta_)


@of_every_cell
@READOUTS
@pytest.mark.parametrize(
    "options", [{}, {"hidden_layer_sizes": (3, 2), "dilations": (2, 1)}], ids=str
)
def test_a_sample_does_not_feel_how_long_others_are(cls, readout, options):
    fitted = net(cls, readout=readout, **options).fit(FILLED, targets(readout, filled=True))
    together, states = fitted.predict(SEQUENCES), fitted.transform(SEQUENCES)
    for i, sequence in enumerate(SEQUENCES[:8]):
        alone = fitted.predict([sequence])[0]
        expected = together[i] if readout == "last" else together[i, : len(sequence)]
        np.testing.assert_allclose(alone[: len(sequence)] if alone.ndim else alone, expected, 1e-12)
        np.testing.assert_allclose(fitted.transform([sequence])[0], states[i], 1e-12)


@of_every_cell
@READOUTS
def test_what_is_behind_an_end_does_not_matter(cls, readout):
    """Longer arrays of the same samples give the same bits; the padding is not looked at."""
    longer = np.pad(FILLED, ((0, 0), (0, 3), (0, 0)), constant_values=np.nan)
    y = targets(readout, filled=True)
    if readout == "each":
        wild = np.where(np.isnan(FILLED_STEPS), 1e9, FILLED_STEPS)
        one, other = (net(cls, readout=readout, **BATCHES).fit(FILLED, z) for z in (y, wild))
        np.testing.assert_array_equal(one.theta_, other.theta_)
    else:
        one, other = (net(cls, readout=readout, **BATCHES).fit(x, y) for x in (FILLED, longer))
        np.testing.assert_array_equal(one.theta_, other.theta_)


@READOUTS
def test_behind_an_end_there_is_no_prediction(readout):
    fitted = net(readout=readout).fit(SEQUENCES, targets(readout))
    found = fitted.predict(SEQUENCES)
    if readout == "last":
        assert np.isfinite(found).all()
    else:
        np.testing.assert_array_equal(np.isnan(found), np.arange(T) >= LENGTHS[:, None])


def test_an_end_is_where_the_last_state_is_read():
    """With one length for all, as if the samples had never been longer."""
    short = [x[:4] for x in X[1:]] + [X[0]]
    weights = np.r_[np.ones(N - 1), 0]
    found = net().fit(short, Y, sample_weight=weights)
    expected = net().fit(X[1:, :4], Y[:-1])
    np.testing.assert_allclose(found.theta_, expected.theta_, rtol=1e-9, atol=1e-12)


def test_lists_may_be_longer_or_shorter_than_in_fit_and_arrays_may_not():
    fitted = net(GRURegressor).fit(X, Y)
    longer = np.concatenate([X, X], axis=1)
    assert fitted.predict(list(longer)).shape == (N,)
    assert fitted.predict([X[0, :2]]).shape == (1,)
    np.testing.assert_array_equal(fitted.predict(list(X)), fitted.predict(X))
    with pytest.raises(ValueError, match="expecting 6 features"):
        fitted.predict(longer)


@pytest.mark.parametrize("samples", [SEQUENCES, FILLED, list(X)], ids=["list", "filled", "alike"])
@READOUTS
def test_after_samples_of_their_own_lengths_arrays_may_have_any(samples, readout):
    y = targets(readout, filled=True) if samples is FILLED else targets(readout)
    y = list(EACH) if readout == "each" and len(samples[0]) == T and samples is not FILLED else y
    fitted = net(GRURegressor, readout=readout).fit(samples, y)
    for array in (X[:, :3], np.concatenate([X, X], axis=1)):
        expected = fitted.predict(list(array))
        np.testing.assert_array_equal(fitted.predict(array), expected)
        np.testing.assert_array_equal(fitted.predict(array.tolist()), expected)
    again = fitted.partial_fit(X[:, :3], Y if readout == "last" else EACH[:, :3])
    assert again.predict(X).shape[0] == N


def test_after_sequences_of_one_variable_tables_may_have_any_length():
    fitted = net().fit([x[:n, 0] for x, n in zip(X, LENGTHS)], Y)
    short = X[:, :3, 0]
    expected = fitted.predict(list(short))
    np.testing.assert_array_equal(fitted.predict(short), expected)
    np.testing.assert_array_equal(fitted.predict(short.tolist()), expected)
    with pytest.raises(ValueError, match="Input X contains NaN at sample 2, step 1"):
        fitted.predict(np.where(np.arange(N)[:, None] * 3 + np.arange(3) == 7, np.nan, short))


def test_arrays_of_other_steps_than_in_fit_are_told_what_to_do():
    fitted = net(GRURegressor).fit(X, Y)
    with pytest.raises(ValueError, match="X has 3 steps.*expecting 6 features.*such as list.X"):
        fitted.predict(X[:, :3])
    assert fitted.predict(list(X[:, :3])).shape == (N,)


def test_arrays_of_any_length_must_suit_the_dilations():
    fitted = net(readout="each", dilations=2).fit(SEQUENCES, STEPS)
    assert fitted.predict(X[:, :4]).shape == (N, 4)
    with pytest.raises(
        ValueError, match="a multiple of 2 steps.*got 3: give its samples as a list"
    ):
        fitted.predict(X[:, :3])


def test_training_goes_on_with_lists_of_other_lengths():
    fitted = net(readout="each").fit(SEQUENCES, STEPS)
    longer = np.concatenate([X, X], axis=1)
    before = fitted.score(list(longer), list(np.cumsum(longer.sum(axis=2), axis=1)))
    for _ in range(20):
        fitted.partial_fit(list(longer), list(np.cumsum(longer.sum(axis=2), axis=1)))
    assert fitted.score(list(longer), list(np.cumsum(longer.sum(axis=2), axis=1))) > before


@pytest.mark.parametrize("dilations", [2, 4])
def test_lists_are_filled_up_to_a_multiple_of_the_dilations(dilations):
    fitted = net(readout="each", dilations=dilations).fit([x[:5] for x in X], list(EACH[:, :5]))
    found = fitted.predict([X[0, :3]])
    assert np.isfinite(found[0, :3]).all()
    assert np.isnan(found[0, 3:]).all()


def test_a_sequence_of_one_variable():
    flat = [x[:n, 0] for x, n in zip(X, LENGTHS)]
    fitted = net().fit(flat, Y)
    np.testing.assert_array_equal(fitted.theta_, net().fit([x[:, None] for x in flat], Y).theta_)


def test_several_outputs_at_every_step_of_lists():
    two = [np.stack([y, -y], axis=1) for y in STEPS]
    fitted = net(readout="each").fit(SEQUENCES, two)
    found = fitted.predict(SEQUENCES)
    assert found.shape == (N, T, 2)
    flat = np.concatenate([row[:n] for row, n in zip(found, LENGTHS)])
    assert fitted.score(SEQUENCES, two) == pytest.approx(r2_score(np.concatenate(two), flat))


@pytest.mark.parametrize("options", [{"readout": "all"}, {"skip": True}], ids=str)
def test_readouts_that_need_one_length(options):
    sentence = 'Samples of different lengths need readout="last" or "each" and skip=False'
    with pytest.raises(ValueError, match=sentence):
        net(**options).fit(SEQUENCES, Y)
    fitted = net(**options).fit(X, Y)
    with pytest.raises(ValueError, match=sentence):
        fitted.predict([X[0, :3]])
    assert fitted.predict(list(X)).shape == (N,)


def with_nan(*place):
    changed = X.copy()
    changed[place] = np.nan
    return changed


@pytest.mark.parametrize(
    "bad, sentence",
    [
        (with_nan(3, 2), "NaN at sample 3, step 2, input 0: impute it, or cut the sample there"),
        (with_nan(3, 5, 1), "NaN at sample 3, step 5, input 1"),
        (with_nan(5), "at least one step, got only NaN in sample 5"),
        ([X[0], with_nan(1, 0)[1]], r"Input X\[1\] contains NaN at step 0, value 0"),
        ([X[0, ..., None], X[1, :3, :, None]], r"\(n_steps, n_values\), got 3 dimensions in 0"),
        ([X[0], X[1, :0]], "at least one step, got none in 1"),
        ([X[0], X[1, :3, :1]], r"the same number of values a step, got \[1, 2\]"),
    ],
)
def test_samples_that_make_no_sense(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        net().fit(bad, Y[: len(bad)])


@pytest.mark.parametrize(
    "bad, sentence",
    [
        (STEPS[:-1], "inconsistent numbers of samples"),
        ([*STEPS[:5], STEPS[5][:-1], *STEPS[6:]], r"each of the \d steps of sample 5, got \d"),
        (EACH[:, :3], 'readout="each" needs a target for every step'),
    ],
)
def test_targets_that_do_not_match_the_steps(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        net(readout="each").fit(SEQUENCES, bad)


# --- Missing targets ----------------------------------------------------------------------------

MISSING = np.isin(np.arange(N), [0, 3, 4, 11, 23])


@of_every_cell
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_row_without_target_is_left_out_to_the_bit(cls, early_stopping):
    options = {**BATCHES, "early_stopping": early_stopping}
    y = np.where(MISSING, np.nan, Y)
    found = net(cls, **options).fit(X, y)
    expected = net(cls, **options).fit(X[~MISSING], Y[~MISSING])
    np.testing.assert_array_equal(found.theta_, expected.theta_)
    assert found.score(X, y) == expected.score(X[~MISSING], Y[~MISSING])


@pytest.mark.parametrize("loss", ["squared_error", "pinball", "gaussian"])
def test_a_missing_target_of_several(loss):
    """The gradient is that of the targets that are there: what stands for the others is nothing."""
    two = np.stack([Y, -Y], axis=1)
    two[MISSING, 1] = np.nan
    fitted = net(loss=loss).fit(X, two)
    assert np.isfinite(fitted.predict(X)).all()
    assert fitted._target_scaler.center[1] == pytest.approx(-Y[~MISSING].mean())
    assert fitted._target_scaler.center[0] == pytest.approx(Y.mean())
    known = [r2_score(Y, fitted.predict(X)[:, 0])]
    known.append(r2_score(-Y[~MISSING], fitted.predict(X)[~MISSING, 1]))
    assert fitted.score(X, two) == pytest.approx(np.mean(known))


def test_a_missing_target_is_a_weight_of_zero_at_its_step():
    holes = RNG.random((N, T)) < 0.3
    found = net(readout="each").fit(X, np.where(holes, np.nan, EACH))
    expected = net(readout="each").fit(X, EACH, sample_weight=~holes)
    np.testing.assert_array_equal(found.theta_, expected.theta_)
    ragged = [np.where(hole[:n], np.nan, y) for hole, y, n in zip(holes, STEPS, LENGTHS)]
    found = net(readout="each").fit(SEQUENCES, ragged)
    weights = [1.0 - hole[:n] for hole, n in zip(holes, LENGTHS)]
    expected = net(readout="each").fit(SEQUENCES, STEPS, sample_weight=weights)
    np.testing.assert_array_equal(found.theta_, expected.theta_)


def test_an_output_that_is_only_known_in_the_tail():
    y = np.stack([Y, np.where(np.arange(N) < N - 2, np.nan, Y)], axis=1)
    assert np.isfinite(net().fit(X, y).predict(X)).all()
    with pytest.raises(ValueError, match="Output 1 of y is NaN wherever the network is trained"):
        net(early_stopping=True, validation_fraction=0.1).fit(X, y)


# --- Weights by step ----------------------------------------------------------------------------


@of_every_cell
def test_a_step_of_weight_zero_may_hold_anything(cls):
    weights = (RNG.random((N, T)) < 0.7).astype(float)
    wild = np.where(weights > 0, EACH, 1e8)
    one, other = (net(cls, readout="each").fit(X, y, weights) for y in (EACH, wild))
    np.testing.assert_array_equal(one.theta_, other.theta_)
    assert not np.array_equal(one.theta_, net(cls, readout="each").fit(X, EACH).theta_)


def test_weights_of_steps_that_are_alike_are_weights_of_samples():
    weights = RNG.uniform(0, 2, N)
    one = net(readout="each").fit(X, EACH, weights)
    other = net(readout="each").fit(X, EACH, np.repeat(weights[:, None], T, axis=1))
    np.testing.assert_array_equal(one.theta_, other.theta_)


def test_only_the_last_step_counts():
    """Then it is sequence to one, but for the factor of the penalty."""
    last = np.zeros((N, T))
    last[:, -1] = 1
    options = {"alpha": 0.0, "max_grad_norm": None}
    found = net(**options, readout="each").fit(X, EACH, last).predict(X)[:, -1]
    expected = net(**options).fit(X, EACH[:, -1]).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(N, T - 1), (T,), (N, 2)])
def test_weights_of_a_strange_shape(shape):
    with pytest.raises(ValueError, match=r"shape \(24\,\) or \(24, 6\), one weight for each"):
        net(readout="each").fit(X, EACH, np.ones(shape))


def test_a_list_of_weights_has_one_for_each_step():
    with pytest.raises(ValueError, match="sample_weight.*|dim 3"):
        net(readout="each").fit(SEQUENCES, STEPS, [np.ones((n, 2)) for n in LENGTHS])


# --- Truncated backpropagation ------------------------------------------------------------------


@of_every_cell
@pytest.mark.parametrize("steps", [T, T + 3])
def test_segments_as_long_as_the_sequence_change_no_bit(cls, steps):
    options = {**BATCHES, "readout": "each"}
    whole = net(cls, **options).fit(X, EACH)
    cut = net(cls, **options, bptt_steps=steps).fit(X, EACH)
    np.testing.assert_array_equal(cut.theta_, whole.theta_)
    assert cut.loss_curve_ == whole.loss_curve_


@of_every_cell
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_states_are_carried_over(cls, steps):
    """With a rate of zero the losses are those of whole sequences, wherever they are cut."""
    options = {"readout": "each", "learning_rate_init": 0.0, "alpha": 0.0, "max_iter": 1}
    whole = net(cls, **options).fit(X, EACH).loss_ / T
    assert net(cls, **options, bptt_steps=steps).fit(X, EACH).loss_ / steps == pytest.approx(whole)


def test_validation_sees_whole_sequences():
    options = {"readout": "each", "early_stopping": True, "learning_rate_init": 0.0, "max_iter": 1}
    whole, cut = (net(**options, bptt_steps=steps).fit(X, EACH) for steps in (None, 3))
    assert cut.best_loss_ / 3 == pytest.approx(whole.best_loss_ / T)


@pytest.mark.jit
def test_a_long_sequence_is_learned_in_segments():
    """A running mean over 60 steps, of which backpropagation sees 10."""
    x = np.random.default_rng(1).normal(size=(40, 60))
    y = np.zeros_like(x)
    for t in range(1, 60):
        y[:, t] = 0.9 * y[:, t - 1] + 0.1 * x[:, t]
    fitted = GRURegressor(
        16, readout="each", bptt_steps=10, max_iter=60, learning_rate_init=0.01, random_state=0
    )
    assert fitted.fit(x[:30], y[:30]).score(x[30:], y[30:]) > 0.9


def test_segments_of_samples_of_different_lengths():
    for cls in REGRESSORS:
        fitted = net(cls, readout="each", bptt_steps=2, **BATCHES).fit(SEQUENCES, STEPS)
        assert np.isfinite(fitted.theta_).all()
        wild = np.where(np.isnan(FILLED_STEPS), 1e9, FILLED_STEPS)
        again = net(cls, readout="each", bptt_steps=2, **BATCHES).fit(FILLED, wild)
        np.testing.assert_array_equal(again.theta_, fitted.theta_)


def test_weights_of_other_lengths_are_told_as_weights():
    sequences, targets = [np.ones((3, 1)), np.ones((2, 1))], [np.ones(3), np.ones(2)]
    with pytest.raises(ValueError, match="sample_weight needs a weight for each of the 3 steps"):
        GRURegressor(readout="each").fit(sequences, targets, [np.ones(2), np.ones(2)])

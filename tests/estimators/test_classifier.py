"""Classification: of windows and of their steps."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV

from forecaster import ElmanClassifier, GRUClassifier
from tests.estimators.common import CELLS, CLASSIFIERS, in_time
from tests.estimators.common import net as any_net

pytestmark = in_time
RNG = np.random.default_rng(0)
N, T = 30, 4
X = RNG.normal(size=(N, T))
NUMBERS = np.digitize(X.sum(axis=1), [-1, 1])
NAMES = np.array(["down", "flat", "up"])[NUMBERS]
STEPS = np.where(np.cumsum(X, axis=1) > 0, "plus", "minus")
LENGTHS = RNG.integers(1, T + 1, N)
LENGTHS[0] = T
SEQUENCES = [x[:n] for x, n in zip(X, LENGTHS)]
LABELS = [labels[:n] for labels, n in zip(STEPS, LENGTHS)]
of_every_cell = pytest.mark.parametrize("cls", CLASSIFIERS, ids=CELLS)


def net(cls=ElmanClassifier, **options):
    return any_net(cls, **options)


# --- Classes ------------------------------------------------------------------------------------


@of_every_cell
@pytest.mark.parametrize(
    "y",
    [NAMES, NUMBERS, NUMBERS - 7, NUMBERS * 1.0, NUMBERS > 0, NAMES.astype(object), list(NAMES)],
    ids=["names", "numbers", "negative", "floats", "bools", "objects", "list"],
)
def test_classes_come_back_as_they_went_in(cls, y):
    fitted = net(cls).fit(X, y)
    np.testing.assert_array_equal(fitted.classes_, np.unique(y))
    found = fitted.predict(X)
    assert found.dtype == np.asarray(y).dtype
    assert set(found) <= set(y)
    codes = np.unique(y, return_inverse=True)[1]
    np.testing.assert_array_equal(fitted.theta_, net(cls).fit(X, codes).theta_)


@of_every_cell
def test_probabilities(cls):
    fitted = net(cls, max_iter=50).fit(X, NAMES)
    found = fitted.predict_proba(X)
    assert found.shape == (N, 3)
    assert (found > 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[found.argmax(axis=1)])
    np.testing.assert_array_equal(fitted.predict_log_proba(X), np.log(found))
    assert fitted.score(X, NAMES) == accuracy_score(NAMES, fitted.predict(X))


def test_the_loss_is_the_cross_entropy():
    options = {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 1}
    fitted = net(**options).fit(X, NUMBERS)
    chosen = fitted.predict_proba(X[-6:])[np.arange(6), NUMBERS[-6:]]
    assert fitted.best_loss_ == pytest.approx(-np.log(chosen).mean(), rel=1e-9)


def test_probabilities_are_calibrated_where_nothing_can_be_learned():
    y = np.arange(400) % 4 == 0
    fitted = net(solver="lbfgs", max_iter=100, alpha=0.0).fit(np.zeros((400, 3)), y)
    np.testing.assert_allclose(fitted.predict_proba(np.zeros((1, 3))), [[0.75, 0.25]], atol=1e-3)


@pytest.mark.jit
@of_every_cell
def test_learns_which_half_is_higher(cls):
    x = np.random.default_rng(1).normal(size=(600, 6))
    y = np.where(x[:, 3:].sum(axis=1) > x[:, :3].sum(axis=1), "rises", "falls")
    fitted = cls(learning_rate="one_cycle", max_iter=40, random_state=0, learning_rate_init=0.02)
    assert fitted.fit(x[:500], y[:500]).score(x[500:], y[500:]) > 0.85


@pytest.mark.parametrize(
    "bad, sentence",
    [
        (np.zeros(N), "needs at least two classes, got only one class: 0.0"),
        (np.linspace(0, 1, N), "Unknown label type: continuous"),
        (np.where(NUMBERS == 0, np.nan, NUMBERS), "Input y contains NaN"),
        (np.where(NUMBERS == 0, np.inf, NUMBERS), "Input y contains infinity"),
        (np.stack([NUMBERS, NUMBERS], axis=1), "y should be a 1d array"),
        (NUMBERS[:-1], "inconsistent numbers of samples"),
        (None, "requires y to be passed, but the target y is None"),
    ],
)
def test_what_is_no_classes(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        net().fit(X, bad)


# --- Weights of classes -------------------------------------------------------------------------


@of_every_cell
def test_weights_of_classes_are_weights_of_their_windows(cls):
    weights = {"down": 3.0, "up": 0.5}
    found = net(cls, class_weight=weights).fit(X, NAMES)
    by_window = np.select([NAMES == "down", NAMES == "up"], [3.0, 0.5], 1.0)
    expected = net(cls).fit(X, NAMES, by_window)
    np.testing.assert_array_equal(found.theta_, expected.theta_)
    own = RNG.uniform(0, 1, N)
    found = net(cls, class_weight=weights).fit(X, NAMES, own)
    expected = net(cls).fit(X, NAMES, own * by_window)
    np.testing.assert_allclose(found.theta_, expected.theta_, rtol=1e-9, atol=1e-12)


def test_balanced_classes_have_the_same_sum_of_weights():
    own = RNG.uniform(0, 1, N)
    own[:4] = 0
    totals = {name: own[name == NAMES].sum() for name in np.unique(NAMES)}
    found = net(class_weight="balanced").fit(X, NAMES, own)
    expected = net(class_weight={name: 1 / total for name, total in totals.items()})
    np.testing.assert_allclose(found.theta_, expected.fit(X, NAMES, own).theta_, 1e-9, 1e-12)


def test_balance_does_not_look_into_the_tail():
    options = {"class_weight": "balanced", "early_stopping": True, "validation_fraction": 0.3}
    tail = NAMES.copy()
    tail[-9:] = "up"
    assert (tail != NAMES).any()
    one, other = (net(**options).fit(X, y) for y in (NAMES, tail))
    np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-12)


def test_balance_by_step():
    found = net(class_weight="balanced", readout="each").fit(X, STEPS)
    n_plus = (STEPS == "plus").sum()
    weights = {"plus": STEPS.size - n_plus, "minus": n_plus}
    expected = net(class_weight=weights, readout="each").fit(X, STEPS)
    np.testing.assert_allclose(found.theta_, expected.theta_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "value, sentence",
    [
        ("equal", "class_weight to be None, 'balanced' or a dict of class -> weight >= 0"),
        ({"up": -1}, "class_weight to be None, 'balanced' or a dict of class -> weight >= 0"),
        ({"left": 1.0}, "class_weight names .'left'., not among the classes"),
        ({"up": 0, "down": 0, "flat": 0}, "class_weight is zero for every class in y"),
    ],
)
def test_weights_that_make_no_sense(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        net(class_weight=value).fit(X, NAMES)


# --- Classes of steps ---------------------------------------------------------------------------


@of_every_cell
def test_a_class_for_every_step(cls):
    fitted = net(cls, readout="each", max_iter=60, learning_rate_init=0.02).fit(X, STEPS)
    assert fitted.predict(X).shape == (N, T)
    assert fitted.predict_proba(X).shape == (N, T, 2)
    assert fitted.score(X, STEPS) == np.mean(fitted.predict(X) == STEPS) > 0.9


@of_every_cell
def test_steps_of_samples_of_different_lengths(cls):
    fitted = net(cls, readout="each").fit(SEQUENCES, LABELS)
    found = fitted.predict_proba(SEQUENCES)
    np.testing.assert_array_equal(np.isnan(found[..., 0]), np.arange(T) >= LENGTHS[:, None])
    right = [fitted.predict([x])[0][: len(x)] == y for x, y in zip(SEQUENCES, LABELS)]
    assert fitted.score(SEQUENCES, LABELS) == np.concatenate(right).mean()
    filled = np.where(np.arange(T) < LENGTHS[:, None], X, np.nan)[..., None]
    other = np.where(np.arange(T) < LENGTHS[:, None], STEPS, "minus")
    again = net(cls, readout="each").fit(filled, other)
    np.testing.assert_array_equal(again.theta_, fitted.theta_)


def test_one_class_for_samples_of_different_lengths():
    fitted = net(GRUClassifier).fit(SEQUENCES, NAMES)
    together = fitted.predict_proba(SEQUENCES)
    for sequence, expected in zip(SEQUENCES, together):
        np.testing.assert_allclose(fitted.predict_proba([sequence])[0], expected, rtol=1e-12)


def test_an_unknown_class_of_a_step():
    codes = np.where(STEPS == "plus", 1.0, 0.0)
    holes = RNG.random((N, T)) < 0.3
    found = net(readout="each").fit(X, np.where(holes, np.nan, codes))
    expected = net(readout="each").fit(X, codes, sample_weight=~holes)
    np.testing.assert_array_equal(found.theta_, expected.theta_)
    known = np.where(holes, np.nan, codes)
    assert found.score(X, known) == np.mean((found.predict(X) == codes)[~holes])
    with pytest.raises(ValueError, match="All classes in y are NaN"):
        net(readout="each").fit(X, np.full((N, T), np.nan))


@pytest.mark.parametrize("missing", [None, np.nan], ids=repr)
def test_an_unknown_class_among_words(missing):
    words = STEPS.astype(object)
    words[RNG.random((N, T)) < 0.3] = missing
    holes = np.reshape([word is missing for word in words.flat], words.shape)
    found = net(readout="each").fit(X, words)
    expected = net(readout="each").fit(X, STEPS, sample_weight=~holes)
    np.testing.assert_array_equal(found.theta_, expected.theta_)
    assert found.score(X, words) == np.mean((found.predict(X) == STEPS)[~holes])
    first = int(holes[:, 0].argmax())
    with pytest.raises(ValueError, match=f"contains NaN or None at sample {first}: leave"):
        net().fit(X, words[:, 0])


@pytest.mark.parametrize("weights", [np.arange(N), np.arange(N * T).reshape(N, T)], ids=["N", "NT"])
def test_a_weighted_score(weights):
    fitted = net(readout="each").fit(X, STEPS)
    each = np.broadcast_to(weights.reshape(N, -1), (N, T))
    expected = np.average(fitted.predict(X) == STEPS, weights=each)
    assert fitted.score(X, STEPS, weights) == pytest.approx(expected)


@pytest.mark.parametrize(
    "bad, sentence",
    [
        (NAMES, r"a class for every step: y of shape \(n_samples, n_steps\) = \(30, 4\), got"),
        ([*LABELS[:3], LABELS[3][:0], *LABELS[4:]], r"each of the \d steps of sample 3, got 0"),
    ],
)
def test_classes_that_do_not_match_the_steps(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        net(readout="each").fit(SEQUENCES, bad)


# --- Going on -----------------------------------------------------------------------------------


@of_every_cell
def test_classes_named_in_the_first_call_may_come_later(cls):
    two = NUMBERS < 2
    fitted = net(cls).partial_fit(X[two], NAMES[two], classes=["up", "flat", "down"])
    assert list(fitted.classes_) == ["down", "flat", "up"]
    assert fitted.predict_proba(X).shape == (N, 3)
    fitted.partial_fit(X, NAMES)
    fitted.partial_fit(X, NAMES, classes=["down", "flat", "up"])
    assert fitted.n_iter_ == 3


def test_classes_that_come_from_nowhere():
    two = NUMBERS < 2
    fitted = net().partial_fit(X[two], NAMES[two])
    with pytest.raises(ValueError, match="the class 'up'.*not among classes_: name all classes in"):
        fitted.partial_fit(X, NAMES)
    with pytest.raises(ValueError, match="classes must stay those of the first call"):
        fitted.partial_fit(X, NAMES, classes=["down", "flat", "up"])
    with pytest.raises(ValueError, match="'flat'.*not among classes_"):
        net().partial_fit(X, NAMES, classes=["down", "up"])
    with pytest.raises(ValueError, match="classes that are known, got .*nan.*: leave NaN out"):
        net().partial_fit(X, NUMBERS, classes=[0.0, 1.0, 2.0, np.nan])
    assert list(fitted.fit(X, NAMES).classes_) == ["down", "flat", "up"]


def test_one_class_at_first():
    with pytest.raises(ValueError, match="only one class"):
        net().partial_fit(X[:1], NAMES[:1])
    found = net().partial_fit(X[:1], NAMES[:1], classes=np.unique(NAMES))
    assert found.predict_proba(X).shape == (N, 3)


def test_balance_needs_all_windows():
    with pytest.raises(ValueError, match='"balanced" needs all windows at once: give partial_fit'):
        net(class_weight="balanced").partial_fit(X, NAMES)


def test_a_search():
    grid = {"class_weight": [None, "balanced"], "solver": ["adam", "lbfgs"]}
    found = GridSearchCV(net(), grid, cv=2).fit(X, NAMES)
    assert found.best_params_["solver"] == "lbfgs"
    assert found.predict(X).dtype == NAMES.dtype

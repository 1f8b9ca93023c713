"""A forecaster in scikit-learn's own search over windows of time."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from forecaster.evaluation import mase
from tests.forecasting.common import forecaster

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

RNG = np.random.default_rng(0)
INDEX = pd.date_range("2020-01-01", periods=40, freq="MS")
Y = pd.Series(50 + 3 * np.arange(40) + RNG.normal(size=40), INDEX, name="sales")
WIDE = pd.DataFrame({"a": Y, "b": 20 - Y})
GRID = {"window": [4, 8], "hidden_layer_sizes": [2, (3, 2)]}
SPLIT = TimeSeriesSplit(2, test_size=3)


def search(*data, **options):
    return GridSearchCV(forecaster(), GRID, cv=SPLIT, **options).fit(*data)


def expected_scores(error, y=Y):
    """Fit on each past, score what follows."""
    scores = []
    for hidden in GRID["hidden_layer_sizes"]:
        for window in GRID["window"]:
            options = {"window": window, "hidden_layer_sizes": hidden}
            folds = []
            for n in (34, 37):
                forecast = forecaster(**options).fit(y[:n]).predict(3)
                folds.append(-error(y[n : n + 3], np.asarray(forecast), y[:n]))
            scores.append(np.mean(folds))
    return scores


def scaled(actual, forecast, past):
    columns = np.asarray(actual).reshape(3, -1).T
    forecasts, pasts = forecast.reshape(3, -1).T, np.asarray(past).reshape(len(past), -1).T
    each = [mase(a, f, y_train=p) for a, f, p in zip(columns, forecasts, pasts)]
    return np.mean(each)


def absolute(actual, forecast, past):
    return np.abs(np.asarray(actual) - forecast).mean()


@pytest.mark.parametrize(
    "y", [Y, Y.to_list(), Y.to_numpy(), WIDE, WIDE.to_numpy()], ids=lambda y: type(y).__name__
)
def test_a_search_over_a_series_or_a_wide_frame(y):
    found = search(y)
    np.testing.assert_allclose(
        found.cv_results_["mean_test_score"], expected_scores(scaled, y), rtol=1e-12
    )
    assert len(set(found.cv_results_["mean_test_score"])) == 4
    best = forecaster(**found.best_params_).fit(y)
    np.testing.assert_array_equal(found.predict(5), best.predict(5))
    assert found.predict(None).shape[0] == 3


@pytest.mark.parametrize(
    "X, y",
    [
        (Y, Y),
        (pd.DataFrame(index=Y.index), Y),
        (Y.to_list(), Y.to_list()),
        (np.empty((40, 0)), Y.to_numpy()),
        (WIDE, WIDE),
        (pd.DataFrame(index=Y.index), WIDE),
    ],
    ids=["series", "no-columns", "list", "array", "wide", "wide-no-columns"],
)
def test_scikit_learns_scores_by_name(X, y):
    found = search(X, y, scoring="neg_mean_absolute_error")
    np.testing.assert_allclose(
        found.cv_results_["mean_test_score"], expected_scores(absolute, y), rtol=1e-12
    )


def test_threads_give_the_same():
    with joblib.parallel_backend("threading", n_jobs=2):
        found = search(Y)
    alone = search(Y)
    np.testing.assert_array_equal(
        found.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


@pytest.mark.jit
@pytest.mark.slow
def test_processes_give_the_same():
    found = search(Y, n_jobs=2)
    np.testing.assert_array_equal(
        found.cv_results_["mean_test_score"], search(Y).cv_results_["mean_test_score"]
    )


def test_forecasts_of_a_fold_do_not_feel_what_comes_later():
    """Every forecast made in a search is the same, to the bit, whatever the cutoff hides."""

    def forecasts(y):
        made = []

        def scorer(fitted, rows):
            made.append(fitted.predict(rows).to_numpy())
            return 0.0

        cross_val_score(forecaster(calibrate=True), y, cv=SPLIT, scoring=scorer)
        return made

    changed = Y.copy()
    changed[37:] = -1e6
    first, second = forecasts(Y), forecasts(changed)
    np.testing.assert_array_equal(first, second)
    changed[34:] = -1e6
    third = forecasts(changed)
    np.testing.assert_array_equal(first[0], third[0])
    assert (first[1] != third[1]).all()


def test_a_clone_starts_afresh():
    fitted = forecaster().fit(Y)
    twin = clone(fitted)
    assert not hasattr(twin, "data_")
    assert twin.get_params() == fitted.get_params()
    pd.testing.assert_series_equal(twin.fit(Y).predict(), fitted.predict(), check_exact=True)

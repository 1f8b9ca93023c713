"""How a forecaster's training ends before its time: Ctrl-C, and numbers that overflow."""

import threading

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from forecaster.forecasting.panel_source import PanelSource
from tests.forecasting import common

# the nets are too small and trained too briefly to be of use
pytestmark = pytest.mark.filterwarnings("ignore::forecaster.exceptions.SkillWarning")

RNG = np.random.default_rng(0)
Y = 50 + np.arange(60) + 8 * np.resize([1, 3, 2, 5], 60) + RNG.normal(size=60)
BRIEF = {"season_length": 4, "max_steps": 6, "batch_size": 16}


def forecaster(**options):
    return common.forecaster(**{**BRIEF, **options})


@pytest.fixture
def interrupt(monkeypatch):
    """Let Ctrl-C come with the nth batch."""

    def after(n):
        fill, lock, left = PanelSource.fill, threading.Lock(), [n]

        def interrupted(source, rows, chunk):
            with lock:
                left[0] -= 1
                if left[0] == -1:
                    raise KeyboardInterrupt
            fill(source, rows, chunk)

        monkeypatch.setattr(PanelSource, "fill", interrupted)

    return after


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n", [0, 3, 8])
def test_ctrl_c_leaves_a_forecaster_that_can_be_used(interrupt, n_jobs, n):
    interrupt(n)
    with pytest.warns(UserWarning, match="interrupted; the best weights so far") as caught:
        fitted = forecaster(n_estimators=5, n_jobs=n_jobs).fit(Y)
    assert caught[0].filename == __file__
    trained = fitted.model_.members
    assert len(trained) == 1 or all(member.n_steps for member in trained)
    assert "interrupted" in fitted.model_.statuses
    assert np.isfinite(fitted.predict(7)).all()
    assert np.isfinite(fitted.loss_curve_).all()
    assert fitted.best_loss_ <= fitted.loss_
    assert np.isfinite(fitted.loss_) == (fitted.n_iter_ > 0)


def test_after_ctrl_c_no_second_model_is_trained(interrupt):
    """Its errors would be those of another training."""
    interrupt(3)
    with pytest.warns(UserWarning, match="interrupted"):
        fitted = forecaster(calibrate=True).fit(Y)
    assert fitted.calibration_ is None
    with pytest.raises(ValueError, match="level asks for intervals"):
        fitted.predict(level=80)


def test_ctrl_c_in_the_second_model_leaves_no_intervals(interrupt):
    interrupt(2 * 6 + 3)
    with pytest.warns(UserWarning, match="interrupted") as caught:
        fitted = forecaster(calibrate=True).fit(Y)
    assert caught[0].filename == __file__
    assert [member.status for member in fitted.model_.members] == ["finished"] * 2
    assert fitted.calibration_ is None
    assert np.isfinite(fitted.predict(7)).all()


@pytest.mark.jit  # NumPy would warn of each overflow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_is_told_and_leaves_finite_forecasts(dtype):
    wild = {
        "learning_rate_init": 1e30,
        "activation": "relu",
        "max_grad_norm": None,
        "solver": "sgd",
        "learning_rate": "constant",
        "max_steps": 30,
    }
    with pytest.warns(ConvergenceWarning, match="infinite or NaN.*smaller learning_rate") as caught:
        fitted = forecaster(**wild, dtype=dtype).fit(Y)
    assert caught[0].filename == __file__
    assert np.isfinite(fitted.predict(7)).all()

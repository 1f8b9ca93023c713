"""Forecasting with any recurrent cell: everything but the cell's name."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

import numpy as np
from tqdm import tqdm

from forecaster import _validation as v
from forecaster._threads import resolve_n_jobs
from forecaster.data.panel import FloatArray, Panel
from forecaster.data.series_set import SeriesSet
from forecaster.estimators.options import (
    hidden_sizes,
    make_network,
    warn_of_outcome,
)
from forecaster.exceptions import SkillWarning
from forecaster.forecasting._fitted import FittedForecaster
from forecaster.forecasting.base import Forecaster, has_no_rows
from forecaster.forecasting.blending import choose
from forecaster.forecasting.intervals import Calibration, calibrate, n_held_out
from forecaster.forecasting.model import Model, fit_model
from forecaster.forecasting.options import (
    RULES,
    asked_blend,
    check_settings,
    make_training_plans,
    off_centre,
)
from forecaster.forecasting.preparation import fit_preparation
from forecaster.forecasting.recipe import Recipe, known_season, points_needed, resolve
from forecaster.forecasting.tail import Tail
from forecaster.nn.monitor import Callback
from forecaster.nn.training import Plan

# the other parameters from which the sizes of a model follow
_RESOLVED = (
    *("horizon", "season_length", "strategy", "window", "patch_size", "batch_size", "max_steps"),
    *("weight_decay", "blend", "deseasonalize", "n_estimators"),
)
_ENOUGH_FOR_CERTAINTY = 5  # points that a trend must hit exactly to be taken for a law


class RecurrentForecaster(FittedForecaster, Forecaster):
    """Abstract: a subclass names its cell in ``_cell`` and documents the parameters."""

    _cell: str
    calibration_: Calibration | None
    quantile_: float | None

    def __init__(
        self,
        horizon: int = 1,
        season_length: int = 1,
        *,
        window: int | Sequence[int] | str = "auto",
        patch_size: int | str = "auto",
        strategy: str = "direct",
        transform: str = "auto",
        deseasonalize: bool | str = "auto",
        seasonality_test: bool = False,
        longer_seasons: bool = True,
        blend: float | str = "auto",
        n_estimators: int = 5,
        calibrate: bool = True,
        hidden_layer_sizes: int | tuple[int, ...] | str = "auto",
        activation: str = "tanh",
        readout: str = "all",
        skip: bool = True,
        learn_initial_state: bool = False,
        residual: bool = False,
        dilations: int | tuple[int, ...] | None = None,
        dropout: float = 0.0,
        layer_norm: bool = False,
        loss: str = "absolute_error",
        huber_delta: float = 1.0,
        quantile: float = 0.5,
        solver: str = "adam",
        alpha: float = 0.0,
        weight_decay: float | str = "auto",
        batch_size: int | str = "auto",
        sampling: str = "windows",
        learning_rate: str = "one_cycle",
        learning_rate_init: float = 5e-3,
        max_steps: int | str = "auto",
        max_seconds: float | None = None,
        momentum: float | str = "auto",
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float | str = "auto",
        epsilon: float = 1e-8,
        max_grad_norm: float | None = 1.0,
        ema_decay: float | None = None,
        callbacks: Any = None,
        random_state: Any = None,
        verbose: bool | int = False,
        dtype: str = "float32",
        n_jobs: int | None = None,
        freq: object = None,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
    ) -> None:
        self.horizon = horizon
        self.season_length = season_length
        self.window = window
        self.patch_size = patch_size
        self.strategy = strategy
        self.transform = transform
        self.deseasonalize = deseasonalize
        self.seasonality_test = seasonality_test
        self.longer_seasons = longer_seasons
        self.blend = blend
        self.n_estimators = n_estimators
        self.calibrate = calibrate
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.readout = readout
        self.skip = skip
        self.learn_initial_state = learn_initial_state
        self.residual = residual
        self.dilations = dilations
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.loss = loss
        self.huber_delta = huber_delta
        self.quantile = quantile
        self.solver = solver
        self.alpha = alpha
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.sampling = sampling
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_steps = max_steps
        self.max_seconds = max_seconds
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_grad_norm = max_grad_norm
        self.ema_decay = ema_decay
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.freq = freq
        self.id_col = id_col
        self.time_col = time_col
        self.target_col = target_col

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on one series or a panel of them.

        Parameters
        ----------
        X : list, array, Series or DataFrame
            The series: a list, an array or a Series; several as the columns of a wide frame or in
            a long frame with the columns ``id_col``, ``time_col`` and ``target_col``.
        y : list, array, Series or DataFrame, optional
            The series, for callers that need a ``y``, such as scikit-learn's scorers by name: then
            `X` is None, a frame without columns, or the series once more.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a parameter out of range or without effect; for data that are empty, too short, not
            numeric, not finite, or not regular in time.
        """
        v.check_parameters(self, RULES)
        check_settings(self)
        if off_centre(self) and self.strategy == "recursive":
            raise ValueError(
                f"{type(self).__name__}: quantiles cannot be fed back as if they had happened, so "
                f'quantile={self.quantile} needs strategy="direct".'
            )
        target = self._target(X, y)
        self._warn_of_unused(target)
        if has_no_rows(target):
            self._check_length(0)
        data = self._read(target)
        self._check_length(int(data.lengths.max()))
        v.check_magnitude(data.panel.values, "The series")
        rng, calibration_rng = v.make_generator(self.random_state).spawn(2)
        panel = data.panel
        held_out = self._n_held_out(panel)
        n_models = 2 if held_out else 1
        recipe = self._resolve(panel)
        with tqdm(
            total=n_models * recipe.n_steps,
            disable=not self.verbose,
            desc=type(self).__name__,
            unit="step",
        ) as bar:
            plans = make_training_plans(self, recipe, n_models)
            callbacks = self.callbacks or ()
            model = self._fit_model(panel, recipe, plans, self.transform, rng, bar, callbacks)
            calibration = None
            if held_out and "interrupted" not in model.statuses:
                with suppress(KeyboardInterrupt):  # the final model is at hand already
                    calibration, model = self._calibrate(
                        panel, held_out, model, calibration_rng, bar
                    )
        self.data_, self.model_, self.calibration_ = data, replace(model, n_threads=1), calibration
        self.quantile_ = self.quantile if off_centre(self) else None
        self._warn(model.statuses | ({"interrupted"} if held_out and not calibration else set()))
        return self

    def _check_new(self, data: SeriesSet) -> None:
        v.check_magnitude(data.panel.values, "The series")
        if self.model_.preparation.log and (data.panel.values <= 0).any():
            raise ValueError(
                f"{type(self).__name__} was fitted on logarithms, so new values must be > 0, got "
                f'{data.panel.values.min():g}: fit again, or with transform="none".'
            )

    def _check_length(self, longest: int) -> None:
        needed = points_needed(self.horizon, self.strategy)
        if longest < needed:
            advice = "give more points or a shorter horizon"
            if longest == 0:
                advice = "check how the data were loaded or filtered"
            raise ValueError(
                f"{type(self).__name__} with horizon={self.horizon} needs a series of at least "
                f"{needed} points, got {longest}: {advice}."
            )

    def _resolve(self, panel: Panel) -> Recipe:
        sizes = self.hidden_layer_sizes
        return resolve(
            panel,
            hidden_layer_sizes=sizes if isinstance(sizes, str) else hidden_sizes(self),
            # dilations and residual connections suit one number of steps, one size of patches
            one_window=self.residual or self.dilations is not None,
            **{name: getattr(self, name) for name in _RESOLVED} | {"blend": asked_blend(self)},
        )

    def _n_held_out(self, panel: Panel) -> int:
        if not self.calibrate or off_centre(self):
            return 0
        return n_held_out(panel, self.horizon, points_needed(self.horizon, self.strategy))

    def _fit_model(
        self,
        panel: Panel,
        recipe: Recipe,
        plans: Sequence[Plan],
        transform: str,
        rng: np.random.Generator,
        bar: tqdm,
        callbacks: Sequence[Callback] = (),
    ) -> Model:
        networks = [
            make_network(
                self,
                self._cell,
                view.n_steps,
                view.patch_size,
                recipe.n_outputs,
                recipe.hidden_layer_sizes,
                self.readout,
            )
            for view in recipe.views
        ]
        season_length = known_season(panel, self.season_length)
        preparation = fit_preparation(
            panel,
            self.horizon,
            season_length,
            transform,
            bool(self.deseasonalize),
            unknown_season=season_length < self.season_length,
            longer_seasons=self.longer_seasons,
            tested=self.seasonality_test,
        )
        return fit_model(
            panel,
            preparation,
            recipe,
            networks,
            plans,
            rng,
            n_threads=resolve_n_jobs(self.n_jobs),
            dtype=np.dtype(self.dtype),
            progress=bar.update,
            callbacks=callbacks,
            measure=self.loss,
            by_series=self.sampling == "series",
        )

    def _calibrate(
        self, panel: Panel, held_out: int, final: Model, rng: np.random.Generator, bar: tqdm
    ) -> tuple[Calibration, Model]:
        """Errors of a model that has not seen the tail, of the series that reach far enough.

        And the ``final`` model with the shares that they speak for. They are on the scale on which
        that one forecasts, which is all that the second one knows of the tail. It has the final
        one's sizes and, should callbacks or the clock have cut that one short, as many steps.
        Ctrl-C ends all this with a KeyboardInterrupt.
        """
        enough = held_out + points_needed(self.horizon, self.strategy)
        series = np.flatnonzero(panel.lengths >= enough)
        # what a trend hits exactly to the very end tells nothing about the other series
        scale = np.where(final.preparation.exact, 0.0, final.preparation.scale)[series]
        panel = panel.select(series)
        transform = "log" if final.preparation.log else "none"
        known = panel.without_last(held_out)
        recipe = self._resolve(known).with_sizes_of(final.recipe)
        plans = make_training_plans(self, recipe, 2)
        if final.statuses & {"stopped", "out of time"}:
            plans = [
                replace(plan, max_steps=min(recipe.steps_of(view), group.n_steps))
                for plan, view, group in zip(plans, recipe.views, final.groups, strict=True)
            ]
        model = self._fit_model(known, recipe, plans, transform, rng, bar)
        if "interrupted" in model.statuses:
            raise KeyboardInterrupt
        tail = Tail(panel, held_out, self.horizon)
        if len(model.groups) < len(final.groups):  # the others diverged at their first step
            return calibrate(tail, self.season_length, scale, model, model), final
        prior = final.recipe.blend, [view.share for view in final.recipe.views]
        choice = choose(tail, scale, model.with_shares(*prior), self.blend)
        own = choice.of_views_by_series, choice.repeating
        model, final = (m.with_shares(choice.blend, choice.of_views) for m in (model, final))
        chosen = model.with_own_shares(np.arange(len(series)), *own)
        calibration = calibrate(tail, self.season_length, scale, model, chosen)
        return calibration, final.with_own_shares(series, *own)

    def _forecast_panel(self, steps: int, levels: Sequence[float]) -> dict[str, FloatArray]:
        panel = self.data_.panel
        horizon = self.model_.recipe.n_outputs
        if self._fitted_quantile is not None and steps > horizon:
            raise ValueError(
                f"{type(self).__name__} forecasts quantiles up to its horizon of {horizon}, got "
                f"{steps} steps: fit with a longer horizon."
            )
        model = replace(self.model_.going_on(panel), n_threads=resolve_n_jobs(self.n_jobs))
        mean = model.forecast_prepared(panel, steps)
        columns = {"mean": mean}
        # A series of a few points that lie on a line has not earned certainty.
        certain = model.preparation.exact & (panel.lengths >= _ENOUGH_FOR_CERTAINTY)
        unknown = (model.preparation.scale == 0) & ~certain
        scale = np.where(certain, 0.0, np.where(unknown, model.unit, model.preparation.scale))
        for level in levels:
            half = scale[:, None] * self._calibrated().half_widths(level / 100, steps)
            columns[f"lo-{level:g}"] = mean - half
            columns[f"hi-{level:g}"] = mean + half
        order = [f"lo-{level:g}" for level in reversed(levels)]
        order += [f"hi-{level:g}" for level in levels]
        restore = model.preparation.restore
        return {name: restore(columns[name], panel) for name in ["mean", *order]}

    @property
    def _fitted_quantile(self) -> float | None:
        """``quantile_``, which files of earlier versions do not have."""
        asked_for = self.quantile if off_centre(self) else None
        return vars(self).get("quantile_", asked_for)

    def _calibrated(self) -> Calibration:
        if self._fitted_quantile is not None:
            raise ValueError(
                f"level asks for intervals around the middle, and the forecasts are the quantile "
                f"{self._fitted_quantile}: leave level out, or fit with quantile=0.5."
            )
        if self.calibration_ is None:
            needed = points_needed(self.horizon, self.strategy) + 2 * self.horizon
            remedy = "fit once more, on all rows and without an interrupt"
            if not self.calibrate:
                remedy = "fit with calibrate=True"
            elif self.data_.panel.lengths.max() < needed:
                remedy = f"for horizon={self.horizon}, fit on a series of at least {needed} points"
            raise ValueError(
                f"level asks for intervals, for which no held-out windows were at hand: {remedy}."
            )
        return self.calibration_

    def _warn(self, statuses: frozenset[str]) -> None:
        warn_of_outcome(self, statuses)
        if self.calibration_ is not None and self.calibration_.relative_error > 1.05:
            warnings.warn(
                f"{type(self).__name__}: on held-out data the forecasts' mean absolute error was "
                f"{self.calibration_.relative_error:.2f} times that of repeating the last season "
                f"(season_length={self.season_length}): prefer the seasonal naive forecast, or "
                "another season_length or window.",
                SkillWarning,
                stacklevel=3,
            )

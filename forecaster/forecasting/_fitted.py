"""What a fitted forecaster tells about its networks."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from forecaster.forecasting.model import Model
from forecaster.forecasting.recipe import Recipe


class FittedForecaster:
    """Read-only views of ``model_``."""

    model_: Model

    @property
    def _checked_model(self) -> Model:
        check_is_fitted(self, "model_")
        return self.model_

    @property
    def recipe_(self) -> Recipe:
        """Sizes and budgets in force, with every "auto" resolved."""
        return self._checked_model.recipe

    @property
    def transform_(self) -> str:
        """What ``transform="auto"`` became."""
        return "log" if self._checked_model.preparation.log else "none"

    @property
    def seasons_(self) -> np.ndarray:
        """Seasonal indices (n_series, season_length), copied; phase 0 is a series' first value.

        A season that no series shows twice is not known: then (n_series, 1), all zeros.
        """
        return self._checked_model.preparation.indices.copy()

    @property
    def longer_seasons_(self) -> np.ndarray | None:
        """What a longer season adds to ``seasons_``, (n_series, steps of it), copied, or None."""
        longer = self._checked_model.preparation.longer
        return None if longer is None else longer.copy()

    @property
    def view_shares_(self) -> np.ndarray:
        """Share of each view in what the networks forecast of each series, (n_series, n_views)."""
        return self._checked_model.view_shares.copy()

    @property
    def hedges_(self) -> np.ndarray:
        """Share of repeating the last season in each series' forecast, (n_series,)."""
        return self._checked_model.hedges

    @property
    def weights_(self) -> list[dict[str, np.ndarray]]:
        """All weights by name, copied, of each network of the ensemble."""
        return [
            group.network.views(member.theta.copy())
            for group in self._checked_model.groups
            for member in group.trained
        ]

    @property
    def loss_curve_(self) -> list[float]:
        """Mean training loss of the networks after every 50 steps; one that has ended keeps its
        last.
        """
        curves = [member.loss_curve for member in self._checked_model.members]
        if not all(curves):
            return []
        longest = max(map(len, curves))
        return np.mean([np.pad(c, (0, longest - len(c)), "edge") for c in curves], axis=0).tolist()

    @property
    def loss_(self) -> float:
        """The last of ``loss_curve_``; infinite if that is empty."""
        return self.loss_curve_[-1] if self.loss_curve_ else np.inf

    @property
    def best_loss_(self) -> float:
        """The lowest of ``loss_curve_``; infinite if that is empty."""
        return min(self.loss_curve_, default=np.inf)

    @property
    def n_iter_(self) -> int:
        """How often the loss was looked at: the length of ``loss_curve_``."""
        return len(self.loss_curve_)

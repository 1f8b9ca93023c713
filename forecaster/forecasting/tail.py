"""The tail in time that a model has not seen: forecasts from all of its origins at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecaster.data.panel import FloatArray, IntArray, Panel
from forecaster.forecasting.model import Model
from forecaster.forecasting.preparation import Preparation

_VALUES_AT_ONCE = 2_000_000  # of all copies of the panel; bounds the memory


@dataclass(frozen=True)
class Tail:
    """The last ``length`` values of every series, and the K origins from which a horizon fits.

    Origins come oldest first; the first one is the last value before the tail. Every forecast sees
    only what lies before its origin.
    """

    panel: Panel
    length: int
    horizon: int

    @property
    def n_origins(self) -> int:
        """Number of origins, K."""
        return self.length - self.horizon + 1

    def targets(self, values: FloatArray) -> FloatArray:
        """What follows each origin, (K, S, horizon), in ``values`` laid out like the panel's."""
        return values[self._ends()[..., None] + np.arange(self.horizon)]

    def last_seasons(self, season_length: int) -> FloatArray:
        """The last season before each origin again and again, (K, S, horizon).

        The last value where it is not known, as `Prepared.last_season` has it.
        """
        ends, first = self._ends()[..., None], self.panel.indptr[:-1, None]
        where = ends - season_length + np.arange(self.horizon) % season_length
        return self.panel.values[np.where(where < first, ends - 1, where)]

    def forecasts(self, model: Model) -> tuple[FloatArray, FloatArray]:
        """Forecasts of ``targets``, each (K, S, horizon): as prepared, and on the data's scale.

        What is known at an origin is a panel of its own; the model sees many of them side by side.
        """
        prepared, restored = [], []
        for n_origins, known in self._known():
            copies = model.repeated(n_origins)
            forecast = copies.forecast_prepared(known, self.horizon)
            prepared.append(forecast)
            restored.append(copies.preparation.restore(forecast, known))
        shape = self.n_origins, self.panel.n_series, self.horizon
        return np.concatenate(prepared).reshape(shape), np.concatenate(restored).reshape(shape)

    def repeated_seasons(self, preparation: Preparation) -> FloatArray:
        """The last season of the prepared values again and again, (K, S, horizon)."""
        found = []
        for n_origins, known in self._known():
            copies = preparation.repeated(n_origins)
            prepared, season = copies.apply(known), copies.season_length
            found.append(prepared.last_season(season, copies.cycle, self.horizon))
        return np.concatenate(found).reshape(self.n_origins, -1, self.horizon)

    def exact(self, preparation: Preparation) -> np.ndarray:
        """Whether each series had not left its line or season by each origin, (K, S)."""
        if not preparation.exact.any():
            return np.zeros((self.n_origins, self.panel.n_series), dtype=bool)
        until = [preparation.repeated(n).going_on(known).exact for n, known in self._known()]
        return np.concatenate(until).reshape(self.n_origins, self.panel.n_series)

    def _known(self) -> Iterator[tuple[int, Panel]]:
        """What is known at a few origins at a time, side by side, and how many these are."""
        at_once = max(1, _VALUES_AT_ONCE // len(self.panel.values))
        hidden = range(self.length, self.horizon - 1, -1)
        for start in range(0, self.n_origins, at_once):
            some = hidden[start : start + at_once]
            yield len(some), Panel.joined([self.panel.without_last(n) for n in some])

    def _ends(self) -> IntArray:
        """Positions in the panel's values where each forecast starts, (K, S)."""
        hidden = np.arange(self.length, self.horizon - 1, -1)
        return self.panel.indptr[1:] - hidden[:, None]

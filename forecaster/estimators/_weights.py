"""The weights of a fitted network, by name."""

from __future__ import annotations

import numpy as np

from forecaster.nn.network import Network


class FittedWeights:
    """Mixin for estimators with a ``network_`` and its flat vector of weights, ``theta_``."""

    network_: Network
    theta_: np.ndarray

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """Copies of all weights: ``0.Wx`` (D, H), ``0.Wh`` (H, H), ``0.b`` (H,), ``V``, ``c``.

        The number is that of the layer; ``V`` maps states to outputs, ``S`` (with ``skip``) inputs
        to outputs, ``c`` is the outputs' bias. All act on standardised values.
        """
        return self.network_.views(self.theta_.copy())

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weight matrices, from the inputs to the outputs."""
        return [w for w in self.weights_.values() if w.ndim == 2]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Bias vectors of the layers and of the outputs."""
        return [w for name, w in self.weights_.items() if name.rpartition(".")[2] in ("b", "c")]

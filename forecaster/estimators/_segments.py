"""Long sequences cut into segments, for truncated backpropagation through time."""

from __future__ import annotations

import numpy as np

from forecaster.nn.source import ArraySource


def cut(X: np.ndarray, Z: np.ndarray, W: np.ndarray, n_steps: int) -> ArraySource:
    """Rows of ``n_steps`` steps, those of a sequence one after the other.

    X: (N, T, D); Z, W: (N, T, O). The last segment is filled up with steps of weight zero.
    """
    n_segments = -(-X.shape[1] // n_steps)
    behind = ((0, 0), (0, n_segments * n_steps - X.shape[1]), (0, 0))
    parts = (np.pad(A, behind).reshape(-1, n_steps, A.shape[2]) for A in (X, Z, W))
    return ArraySource(*parts)

"""How small a change must be to be nothing but rounding."""

from __future__ import annotations

import numpy as np

from forecaster.data.panel import FloatArray, IntArray

_ROUNDING = 1e-12  # of the values


def rounding(values: FloatArray, indptr: IntArray) -> FloatArray:
    """Changes of each series up to which they may be those of rounding, (S,)."""
    return _ROUNDING * np.maximum.reduceat(np.abs(values), indptr[:-1])

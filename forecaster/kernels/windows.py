"""Windows of a panel, cut out, patched and normalised at the moment they are needed."""

from forecaster._jit import kernel


@kernel
def find(rows, starts, first_origins, series, origins):
    """Turn row numbers into series and flat positions of the last observed value.

    rows, series, origins: (n,); starts: (S + 1,), running number of rows before each series;
    first_origins: (S,), flat position of each series' first row.
    """
    for i in range(rows.size):
        low, high = 0, starts.size - 1
        while high - low > 1:
            middle = (low + high) // 2
            if starts[middle] <= rows[i]:
                low = middle
            else:
                high = middle
        series[i] = low
        origins[i] = first_origins[low] + rows[i] - starts[low]


@kernel
def gather_inputs(values, indptr, scale, by_step, series, origins, X):
    """Patches of the window that ends at each origin, relative to a value known by then.

    values: (N,); indptr: (S + 1,); scale: (S,); by_step: whether each step is an origin of its
    own; series, origins: (n,), n <= C; X: (T, C, D). ``X[t, i, d] = (value - base) / scale``, the
    base being the window's last value, or by step the value before the patch: no step may know
    where those after it lead. Before the series' start, its first value is repeated. Rows behind
    the last one are zero.
    """
    T, D = X.shape[0], X.shape[2]
    for i in range(origins.size):
        start = indptr[series[i]]
        factor = 1.0 / scale[series[i]]
        for t in range(T):
            before = origins[i] - (T - t) * D
            base = values[max(start, before) if by_step else origins[i]]
            for d in range(D):
                X[t, i, d] = (values[max(start, before + d + 1)] - base) * factor
    X[:, origins.size :] = 0


@kernel
def gather_targets(
    values, indptr, first_origins, scale, level, slope, weights, patch, series, origins, Z, W
):
    """What follows each origin, relative to the anchor ``level + k * slope`` of that origin.

    values, level, slope, weights: (N,); patch: values per step; indptr, first_origins, scale,
    series, origins as above; Z, W: (R, C, h). With R > 1, targets by step: the last of R steps ends
    at the origin, each other one ``patch`` values before the next, and has its own anchor. The
    weight is the value's own where the step ends no sooner than the series' first origin and the
    series still has a value, else 0, as in the rows behind the last one.
    """
    R, h = Z.shape[0], Z.shape[2]
    for i in range(origins.size):
        factor = 1.0 / scale[series[i]]
        for r in range(R):
            p = origins[i] - (R - 1 - r) * patch
            known = indptr[series[i] + 1] - p - 1 if p >= first_origins[series[i]] else 0
            for k in range(h):
                if k < known:
                    anchor = level[p] + (k + 1) * slope[p]
                    Z[r, i, k] = (values[p + 1 + k] - anchor) * factor
                    W[r, i, k] = weights[p + 1 + k]
                else:
                    Z[r, i, k] = 0
                    W[r, i, k] = 0
    Z[:, origins.size :] = 0
    W[:, origins.size :] = 0

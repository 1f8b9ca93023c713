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
def gather_inputs(values, indptr, scale, series, origins, X):
    """Patches of the window that ends at each origin, relative to its last value.

    values: (N,); indptr: (S + 1,); scale: (S,); series, origins: (n,), n <= C; X: (T, C, D).
    ``X[t, i, d] = (value - last value) / scale``; before the series' start, its first value is
    repeated. Rows behind the last one are zero.
    """
    T, D = X.shape[0], X.shape[2]
    for i in range(origins.size):
        start = indptr[series[i]]
        last = values[origins[i]]
        factor = 1.0 / scale[series[i]]
        for t in range(T):
            for d in range(D):
                position = max(start, origins[i] - (T - t) * D + d + 1)
                X[t, i, d] = (values[position] - last) * factor
    X[:, origins.size :] = 0


@kernel
def gather_targets(values, indptr, scale, level, slope, series, origins, Z, W):
    """What follows each origin, relative to the anchor ``level + k * slope`` of that origin.

    values, level, slope: (N,); indptr, scale, series, origins as above; Z, W: (C, h). The weight
    is 1 where the series still has a value, else 0, as in the rows behind the last one.
    """
    for i in range(origins.size):
        p = origins[i]
        known = indptr[series[i] + 1] - p - 1
        factor = 1.0 / scale[series[i]]
        for k in range(Z.shape[1]):
            if k < known:
                anchor = level[p] + (k + 1) * slope[p]
                Z[i, k] = (values[p + 1 + k] - anchor) * factor
                W[i, k] = 1
            else:
                Z[i, k] = 0
                W[i, k] = 0
    Z[origins.size :] = 0
    W[origins.size :] = 0

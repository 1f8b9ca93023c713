"""Rows of row-major arrays, copied into time-major chunks."""

from forecaster._jit import kernel


@kernel
def gather(A, rows, out):
    """``out[t, i] = A[rows[i], t]``, and zeros behind the last row.

    A: (N, T, D); rows: (n,), n <= C; out: (T, C, D).
    """
    T, _, D = out.shape
    for i in range(rows.size):
        row = A[rows[i]]
        if D == 1:  # a loop over one column takes twice the time
            for t in range(T):
                out[t, i, 0] = row[t, 0]
        else:
            for t in range(T):
                for d in range(D):
                    out[t, i, d] = row[t, d]
    out[:, rows.size :] = 0


@kernel
def gather_all(X, Z, weights, rows, out_X, out_Z, out_weights):
    """Gather inputs, targets and weights of the targets, in one call from Python."""
    gather(X, rows, out_X)
    gather(Z, rows, out_Z)
    gather(weights, rows, out_weights)

"""Slow, obvious twins of the kernels: plain NumPy, one row and one step at a time.

Derivatives come from the complex step: the imaginary part of f(x + ih) is h f'(x), without the
cancellation of finite differences, hence exact to rounding (W. Squire & G. Trapp, SIAM Review 40
(1998) 110-112). So a cell, an activation or a loss is written down once, forwards, and all
functions here take complex numbers.
"""

import numpy as np


def gradient(function, x):
    """Gradient of a scalar function at the array x."""
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[i] += 1e-30j
        result[i] = np.imag(function(moved)) / 1e-30
    return result


ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda z: np.where(z.real <= 0, 0, z),
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "identity": lambda z: z,
}


def elman(f, Wx, Wh, b, x, h):
    """``h[t] = f(x[t] Wx + h[t-1] Wh + b)`` for one row: x (T, D) and h[0] (H,) to h (T + 1, H)."""
    states = [h]
    for t in range(len(x)):
        states.append(f(x[t] @ Wx + states[-1] @ Wh + b))
    return np.array(states)


def gru(f, Wx, Wh, b, bh, x, h):
    """``h' = (1 - z) n + z h`` with gates r, z and ``n = f(x Wn + bn + r (h Un + bh))``."""
    states = [h]
    for t in range(len(x)):
        x_r, x_z, x_n = np.split(x[t] @ Wx + b, 3)
        h_r, h_z, h_n = np.split(states[-1] @ Wh, 3)
        r, z = ACTIVATIONS["logistic"](x_r + h_r), ACTIVATIONS["logistic"](x_z + h_z)
        n = f(x_n + r * (h_n + bh))
        states.append((1 - z) * n + z * states[-1])
    return np.array(states)


def lstm(f, Wx, Wh, b, x, h, c=0):
    """``c' = forget c + enter f(...)`` and ``h' = leave f(c')``; the cells c start at zero."""
    states = [h]
    for t in range(len(x)):
        i, f_, g, o = np.split(x[t] @ Wx + states[-1] @ Wh + b, 4)
        enter, forget, leave = (ACTIVATIONS["logistic"](gate) for gate in (i, f_, o))
        c = forget * c + enter * f(g)
        states.append(leave * f(c))
    return np.array(states)


CELLS = {"elman": elman, "gru": gru, "lstm": lstm}


def readout_features(readout, skip, x, h):
    """What the linear layer sees of one row: x (T, D) and h (T + 1, H) to (output steps, K)."""
    if readout == "last":
        features, inputs = [h[-1]], [x.ravel()]
    elif readout == "all":
        features, inputs = [h[1:].ravel()], [x.ravel()]
    else:
        features, inputs = h[1:], x
    return np.concatenate([features, inputs], axis=1) if skip else np.array(features)


def magnitude(e):
    """``|e|`` with the derivative sign(e), also where e is complex."""
    return e * np.sign(np.real(e))


# Element by element: prediction y, target z.
LOSSES = {
    "squared_error": lambda y, z: (y - z) ** 2,
    "absolute_error": lambda y, z: magnitude(y - z),
}


def combine(chunks, scale, theta, l2):
    """Gradient of ``scale * loss + l2 * theta^2 / 2``, its norm, and the penalty."""
    grad = scale * sum(chunks) + l2 * theta
    return grad, np.sqrt(np.sum(grad**2)), np.sum(l2 * theta**2) / 2


def adam(theta, gradients, decay, rates, beta1, beta2, epsilon):
    """Weights after steps with these gradients (Kingma & Ba 2015, algorithm 1, with AdamW)."""
    m = v = np.zeros_like(theta)
    for t, (g, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - rate * decay * theta - rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return theta


def sgd(theta, gradients, decay, rates, momentum, nesterov):
    """Weights after steps with these gradients (Sutskever et al. 2013)."""
    v = np.zeros_like(theta)
    for g, rate in zip(gradients, rates, strict=True):
        v = momentum * v + g
        step = g + momentum * v if nesterov else v
        theta = theta - rate * decay * theta - rate * step
    return theta


def gather(A, rows, n_columns):
    """Rows of A (N, T, D) as (T, n_columns, D), zeros behind the last one."""
    out = np.zeros((A.shape[1], n_columns, A.shape[2]))
    for i, row in enumerate(rows):
        for t in range(A.shape[1]):
            out[t, i] = A[row, t]
    return out


def window(y, origin, T, D, scale):
    """Patches (T, D) of the values that end at an origin, measured from the last of them."""
    values = [y[max(0, origin - k)] for k in reversed(range(T * D))]
    return (np.reshape(values, (T, D)) - y[origin]) / scale


def targets(y, origin, h, scale, level, slope):
    """The h values after an origin, measured from the line through it, and which are known."""
    Z, W = np.zeros(h), np.zeros(h)
    for k in range(1, h + 1):
        if origin + k < len(y):
            Z[k - 1] = (y[origin + k] - (level + k * slope)) / scale
            W[k - 1] = 1
    return Z, W


def states(network, theta, x):
    """States (T + 1, H) of every layer of a network on one row x (T, D), the input side first."""
    parameters = network.views(theta)
    f = ACTIVATIONS[network.activation]
    layers = []
    for k, (D, H) in enumerate(zip(network.layer_inputs, network.hidden_sizes, strict=True)):
        weights = [parameters[f"{k}.{name}"] for name in network.cell_functions.shapes(D, H)]
        h = parameters[f"{k}.h0"] if network.learn_initial_state else np.zeros(H)
        layers.append(CELLS[network.cell](f, *weights, x, h))
        x = layers[-1][1:]
    return layers


def outputs(network, theta, X):
    """Outputs (N, output steps, O) of a network on rows X (N, T, D)."""
    parameters = network.views(theta)
    matrix = parameters["V"]
    if network.skip:
        matrix = np.concatenate([matrix, parameters["S"]])
    result = []
    for x in X:
        h = states(network, theta, x)[-1]
        F = readout_features(network.readout, network.skip, x, h)
        result.append(F @ matrix + parameters["c"])
    return np.array(result)


def loss(network, theta, X, Z, weights, name):
    """Weighted mean over rows and outputs, summed over output steps."""
    element_losses = LOSSES[name](outputs(network, theta, X), Z)
    W = np.broadcast_to(weights[:, None, None], Z.shape)
    return np.sum(W * element_losses) / np.sum(W) * Z.shape[1]


def assert_close(actual, expected, terms=1):
    """Equal to rounding: an error of a few units for each of the terms added up on the way.

    Errors are measured against the largest element, and against 1 where all are smaller: the tests
    draw numbers of that size, and sums of both signs cancel.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    error = np.max(np.abs(actual - expected), initial=0)
    allowed = 4 * terms * np.finfo(actual.dtype).eps * np.max(np.abs(expected), initial=1)
    assert error <= allowed, f"largest error {error:.3g}, allowed {allowed:.3g}"

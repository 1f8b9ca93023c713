"""Slow, obvious twins of the kernels: plain NumPy, one row and one step at a time.

Derivatives come from the complex step: the imaginary part of f(x + ih) is h f'(x), without the
cancellation of finite differences, hence exact to rounding (W. Squire & G. Trapp, SIAM Review 40
(1998) 110-112). So a cell, an activation or a loss is written down once, forwards, and all
functions here take complex numbers.
"""

import numpy as np
from scipy.special import loggamma


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


def elman_jordan(f, Wx, Wh, Wy, b, V, c, x, h):
    """``h[t] = f(x[t] Wx + h[t-1] Wh + y[t-1] Wy + b)`` with the forecast y as it stands."""
    blocks = V.reshape(-1, len(h), len(c))
    states, y = [h], c + h @ blocks[0]
    for t in range(len(x)):
        states.append(f(x[t] @ Wx + states[-1] @ Wh + y @ Wy + b))
        y = y + states[-1] @ blocks[t] if len(blocks) > 1 else c + states[-1] @ V
    return np.array(states)


def jordan(f, Wx, Wy, b, V, c, x, h):
    """The same without ``Wh``."""
    return elman_jordan(f, Wx, np.zeros((len(h), len(h))), Wy, b, V, c, x, h)


# Cells that feed the outputs back take the readout of the states behind their own weights.
CELLS = {"elman": elman, "gru": gru, "lstm": lstm, "jordan": jordan, "elman_jordan": elman_jordan}


def readout_features(readout, skip, x, h):
    """What the linear layer sees of one row: x (T, D) and h (T, H) to (output steps, K)."""
    if readout == "last":
        features, inputs = [h[-1]], [x.ravel()]
    elif readout == "all":
        features, inputs = [h.ravel()], [x.ravel()]
    else:
        features, inputs = h, x
    return np.concatenate([features, inputs], axis=1) if skip else np.array(features)


def magnitude(e):
    """``|e|`` with the derivative sign(e), also where e is complex."""
    return e * np.sign(np.real(e))


def softplus(x):
    """``log(1 + e^x)``."""
    return np.log(1 + np.exp(x))


def huber(y, z, delta):
    e = magnitude(y[0] - z)
    return np.where(e.real <= delta, e**2 / 2, delta * (e - delta / 2))


def pinball(y, z, *levels):
    quantile, losses = 0, []
    for k, (level, part) in enumerate(zip(levels, y)):
        quantile = part if k == 0 else quantile + softplus(part)
        e = z - quantile
        losses.append(np.where(e.real > 0, level * e, (level - 1) * e))
    return sum(losses) / len(levels)


def gaussian(y, z):
    scale = softplus(y[1]) + 1e-3
    return np.log(np.sqrt(2 * np.pi) * scale) + ((z - y[0]) / scale) ** 2 / 2


def student_t(y, z):
    scale, n = softplus(y[1]) + 1e-3, 2 + softplus(y[2])
    e = (z - y[0]) / scale
    constant = loggamma((n + 1) / 2) - loggamma(n / 2)
    return (n + 1) / 2 * np.log(1 + e**2 / n) + np.log(scale * np.sqrt(n * np.pi)) - constant


def negative_binomial(y, z, *typical):
    mean, r = np.array(typical) * softplus(y[0]) + 1e-6, 1 / (softplus(y[1]) + 1e-3)
    chosen = loggamma(z + r) - loggamma(r) - loggamma(z + 1)
    return -(chosen + r * np.log(r / (r + mean)) + z * np.log(mean / (r + mean)))


def cross_entropy(y, z):
    classes = np.concatenate(y, axis=-1)
    true = np.take_along_axis(classes, z.astype(int), axis=-1)
    return np.log(np.sum(np.exp(classes), axis=-1, keepdims=True)) - true


# Element by element: the parts of an output y that answer to one target z, and settings.
LOSSES = {
    "squared_error": lambda y, z: (y[0] - z) ** 2,
    "absolute_error": lambda y, z: magnitude(y[0] - z),
    "huber": huber,
    "pinball": pinball,
    "gaussian": gaussian,
    "student_t": student_t,
    "negative_binomial": negative_binomial,
    "cross_entropy": cross_entropy,
}


def element_losses(loss, Y, Z):
    """Losses (..., O) of outputs Y (..., P * O) and targets Z (..., O)."""
    O = Z.shape[-1]
    parts = [Y[..., k : k + O] for k in range(0, Y.shape[-1], O)]
    return LOSSES[loss.name](parts, Z, *loss.settings)


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


def rmsprop(theta, gradients, decay, rates, rho, momentum, epsilon):
    """Weights after steps with these gradients (PyTorch's torch.optim.RMSprop, not centred)."""
    s = v = np.zeros_like(theta)
    for g, rate in zip(gradients, rates, strict=True):
        s = rho * s + (1 - rho) * g**2
        v = momentum * v + g / (np.sqrt(s) + epsilon)
        theta = theta - rate * decay * theta - rate * v
    return theta


def average(thetas, decay):
    """Mean of weights whose shares fall by ``decay`` with each step back in time."""
    shares = decay ** np.arange(len(thetas))[::-1]
    return np.average(thetas, axis=0, weights=shares)


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


def patches_by_step(y, origin, T, D, scale):
    """The same patches, each measured from the value before it."""
    ends = [origin - k * D for k in reversed(range(T))]
    patches = [[y[max(0, end - k)] for k in reversed(range(D))] for end in ends]
    bases = [y[max(0, end - D)] for end in ends]
    return (np.array(patches) - np.array(bases)[:, None]) / scale


def targets(y, origin, h, scale, level, slope, weights=None):
    """The h values after an origin, measured from the line through it, and what each counts."""
    Z, W = np.zeros(h), np.zeros(h)
    for k in range(1, h + 1):
        if origin + k < len(y):
            Z[k - 1] = (y[origin + k] - (level + k * slope)) / scale
            W[k - 1] = 1 if weights is None else weights[origin + k]
    return Z, W


def states(network, theta, x):
    """Outputs (T, H) of every layer of a network on one row x (T, D), the input side first."""
    parameters = network.views(theta)
    f = ACTIVATIONS[network.activation]
    layers = []
    for k, (D, H) in enumerate(zip(network.layer_inputs, network.hidden_sizes, strict=True)):
        cell = network.layer_cells[k]
        weights = [parameters[f"{k}.{name}"] for name in cell.shapes(D, H, network.n_outputs)]
        weights += [parameters[name] for name in ("V", "c") if cell.feeds_back]
        h = parameters[f"{k}.h0"] if network.learn_initial_state else np.zeros(H)
        below, x = x, np.empty((len(x), H), np.result_type(theta, x))
        for start in range(d := network.layer_dilations[k]):  # interleaved sequences
            x[start::d] = CELLS[network.layer_cell_names[k]](f, *weights, below[start::d], h)[1:]
        if network.residual and D == H:
            x = x + below
        if network.layer_norm:
            x = layer_norm(x, parameters[f"{k}.gain"], parameters[f"{k}.shift"])
        layers.append(x)
    return layers


def layer_norm(x, gain, shift):
    """Rows with mean 0 and variance 1, stretched and shifted (Ba et al. 2016)."""
    e = x - np.mean(x, axis=-1, keepdims=True)
    return e / np.sqrt(np.mean(e**2, axis=-1, keepdims=True) + 1e-5) * gain + shift


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


def loss(network, theta, X, Z, weights, loss):
    """Weighted mean over rows and targets, summed over output steps; weights as Z."""
    losses = element_losses(loss, outputs(network, theta, X), Z)
    return np.sum(weights * losses) / np.sum(weights) * Z.shape[1]


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

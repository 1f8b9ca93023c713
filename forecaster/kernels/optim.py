"""Optimiser steps over the flat parameter vector, each one pass over memory.

``settings`` arrays have theta's type: a Python float would drag float32 loops to float64.
"""

import math

import numpy as np

from forecaster._jit import kernel, summing_kernel


@summing_kernel
def combine(chunks, n, scale, theta, l2, grad):
    """Write ``grad = scale * sum(chunks[:n]) + l2 * theta``, adding chunks in their order.

    chunks: (at least n, P); scale: a scalar of theta's type; theta, l2, grad: (P,).
    Returns the gradient's norm and the penalty ``sum(l2 * theta^2) / 2``.
    """
    for i in range(grad.size):
        grad[i] = chunks[0, i]
    for k in range(1, n):
        for i in range(grad.size):
            grad[i] += chunks[k, i]
    square, penalty = 0.0, 0.0
    for i in range(grad.size):
        grad[i] = scale * grad[i] + l2[i] * theta[i]
        square += grad[i] * grad[i]
        penalty += l2[i] * theta[i] * theta[i]
    return math.sqrt(square), 0.5 * penalty


@kernel
def adam(theta, grad, mean, square, decay, settings):
    """Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019).

    theta, grad, running mean and mean square of the gradient, decay rates: (P,).
    settings: factor on the gradient (clipping), learning rate, beta1, 1 - beta1, beta2,
    1 - beta2, bias corrections 1 - beta1^t and sqrt(1 - beta2^t), epsilon.
    """
    shrink, rate = settings[0], settings[1]
    beta1, keep1, beta2, keep2 = settings[2], settings[3], settings[4], settings[5]
    correct1, correct2, epsilon = settings[6], settings[7], settings[8]
    scaled_rate = rate / correct1
    for i in range(theta.size):
        g = shrink * grad[i]
        mean[i] = beta1 * mean[i] + keep1 * g
        square[i] = beta2 * square[i] + keep2 * g * g
        update = scaled_rate * mean[i] / (np.sqrt(square[i]) / correct2 + epsilon)
        theta[i] = theta[i] - rate * decay[i] * theta[i] - update


@kernel
def sgd(theta, grad, velocity, decay, settings):
    """Stochastic gradient descent with (Nesterov) momentum and decoupled weight decay.

    theta, grad, velocity, decay rates: (P,). settings: factor on the gradient (clipping),
    learning rate, momentum, and the share of Nesterov's look-ahead (0 or 1).
    """
    shrink, rate, momentum, nesterov = settings[0], settings[1], settings[2], settings[3]
    for i in range(theta.size):
        g = shrink * grad[i]
        velocity[i] = momentum * velocity[i] + g
        update = velocity[i] + nesterov * (g + momentum * velocity[i] - velocity[i])
        theta[i] = theta[i] - rate * decay[i] * theta[i] - rate * update


@kernel
def rmsprop(theta, grad, square, velocity, decay, settings):
    """RMSprop (Tieleman & Hinton 2012) in PyTorch's form, with decoupled weight decay.

    theta, grad, running mean square of the gradient, velocity, decay rates: (P,). settings: factor
    on the gradient (clipping), learning rate, rho, 1 - rho, momentum, epsilon (added to the root).
    """
    shrink, rate, rho, keep = settings[0], settings[1], settings[2], settings[3]
    momentum, epsilon = settings[4], settings[5]
    for i in range(theta.size):
        g = shrink * grad[i]
        square[i] = rho * square[i] + keep * g * g
        velocity[i] = momentum * velocity[i] + g / (np.sqrt(square[i]) + epsilon)
        theta[i] = theta[i] - rate * decay[i] * theta[i] - rate * velocity[i]


@kernel
def average(theta, mean, share):
    """Move a running mean towards theta, both (P,): ``mean += share * (theta - mean)``.

    share: a scalar of theta's type.
    """
    for i in range(theta.size):
        mean[i] += share * (theta[i] - mean[i])

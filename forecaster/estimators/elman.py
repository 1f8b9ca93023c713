"""Elman networks as scikit-learn estimators."""

from __future__ import annotations

import numpy as np

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class ElmanRegressor(RecurrentRegressor):
    """Regression on windows with an Elman network, compiled by Numba.

    ``h[t] = f(x[t] Wx + h[t-1] Wh + b)`` runs over the steps of a window; a linear layer maps the
    hidden states to the target. Trained by exact backpropagation through time. Parameters have
    the names and meanings of `sklearn.neural_network.MLPRegressor` wherever it has them.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(32,)
        Hidden units of each recurrent layer, the input side first.
    activation : {"tanh", "relu", "logistic", "identity"}, default="tanh"
        ``f``. tanh keeps states bounded, which long windows need.
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        Loss of the standardised targets, averaged over windows and outputs and summed over
        output steps. The absolute error forgives outliers.
    readout : {"last", "all", "each"}, default="last"
        What the linear layer sees: the last state; all states at once, which helps short windows;
        or each state by itself, for a target at every step.
    skip : bool, default=False
        Whether the linear layer sees the inputs as well: a linear autoregression beside the net.
    learn_initial_state : bool, default=False
        Whether the state before the first step is learned instead of zero.
    solver : {"adam", "sgd"}, default="adam"
        Adam (Kingma & Ba 2015), or gradient descent with momentum.
    alpha : float, default=1e-4
        L2 penalty: ``alpha / 2`` times the sum of squared weights, biases left out, is added to
        the mean loss.
    batch_size : int or "auto", default="auto"
        Windows per step; "auto" is 64, or all if there are fewer.
    learning_rate : {"constant", "one_cycle"}, default="constant"
        Schedule: "one_cycle" rises over the first fifth of ``max_iter`` and then falls to zero
        along cosines (Smith & Topin 2019); it takes all of ``max_iter``, whatever
        ``n_iter_no_change``.
    learning_rate_init : float, default=5e-3
        Learning rate; the peak of a one-cycle schedule.
    max_iter : int, default=200
        Passes over the windows at most.
    shuffle : bool, default=True
        Whether each pass has a new order. Validation windows are never among them.
    random_state : int, RandomState, Generator or None, default=None
        Seed of starting weights and order. The same integer gives the same bits, whatever
        ``n_jobs``; the global random state is not touched.
    tol : float, default=1e-4
        Least improvement of the loss that counts.
    verbose : bool or int, default=False
        Whether to show a progress bar.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and the scaling of the last fit.
    momentum : float, default=0.9
        For "sgd": share of the last step that is kept, in [0, 1).
    nesterovs_momentum : bool, default=True
        For "sgd": whether the momentum looks ahead.
    early_stopping : bool, default=False
        Whether to hold out the last windows, stop when their loss no longer falls, and return to
        the weights that were best on them. The held-out part is the tail in time, directly after
        the training part; it is never drawn at random.
    validation_fraction : float, default=0.1
        Share of the windows held out by ``early_stopping``.
    beta_1, beta_2 : float, default=0.9, 0.999
        For "adam": decay of the running mean and mean square of the gradient.
    epsilon : float, default=1e-8
        For "adam": keeps the division safe.
    n_iter_no_change : int, default=10
        Passes without an improvement by ``tol`` after which training stops.
    max_grad_norm : float or None, default=1.0
        Longer gradients are shortened to this norm, which tames their explosion over long windows
        (Pascanu et al. 2013).
    n_init : int, default=1
        Trainings from different starting weights, side by side on all cores; the one with the
        lowest loss is kept.
    scale_inputs, scale_targets : bool, default=True
        Whether each input variable, and each target, is standardised over windows and steps.
        Forecasts are always on the targets' own scale.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training. Predictions are computed in float64.
    n_jobs : int or None, default=None
        Threads: None for all cores (one inside a joblib worker), -1 for all. Results do not
        depend on it.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        All weights by name.
    coefs_, intercepts_ : list of ndarray
        Weight matrices and bias vectors, from the inputs to the outputs.
    U_, W_, V_ : ndarray
        Input, recurrent and output weights in textbook orientation.
    network_ : Network
        Architecture.
    theta_ : ndarray of shape (n_parameters,)
        The flat vector of all weights.
    loss_ : float
        Training loss of the last pass.
    best_loss_ : float
        Lowest loss seen: on the validation windows with ``early_stopping``, else in training.
    loss_curve_ : list of float
        Training loss of each pass, the penalty included.
    validation_scores_ : list of float or None
        Minus the loss on the validation windows after each pass.
    n_iter_ : int
        Passes made.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of steps.
    feature_names_in_ : ndarray of str
        Column names of X, if it was a frame.

    See Also
    --------
    forecaster.ElmanForecaster : The same network on series instead of windows.

    References
    ----------
    J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211.

    Examples
    --------
    Windows of three values and the value that follows them:

    >>> import numpy as np
    >>> from forecaster import ElmanRegressor
    >>> series = np.sin(0.4 * np.arange(200))
    >>> windows = np.lib.stride_tricks.sliding_window_view(series, 4)
    >>> X, y = windows[:, :3], windows[:, 3]
    >>> net = ElmanRegressor(hidden_layer_sizes=16, random_state=0).fit(X[:150], y[:150])
    >>> bool(net.score(X[150:], y[150:]) > 0.99)
    True
    """

    _cell = "elman"

    @property
    def U_(self) -> np.ndarray:
        """Input weights of the first layer, (n_hidden, n_inputs), as textbooks write them."""
        return self.weights_["0.Wx"].T

    @property
    def W_(self) -> np.ndarray:
        """Recurrent weights of the first layer, (n_hidden, n_hidden)."""
        return self.weights_["0.Wh"].T

    @property
    def V_(self) -> np.ndarray:
        """Weights from the states that the readout sees to the outputs, (n_outputs, n_states)."""
        return self.weights_["V"].T


class ElmanClassifier(RecurrentClassifier):
    """Classification of windows with an Elman network."""

    _cell = "elman"

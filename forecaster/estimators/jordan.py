"""Jordan networks as scikit-learn estimators."""

from __future__ import annotations

from forecaster.estimators.classifier import RecurrentClassifier
from forecaster.estimators.regressor import RecurrentRegressor


class JordanRegressor(RecurrentRegressor):
    """Regression on windows with a Jordan network, compiled by Numba.

    ``h[t] = f(x[t] Wx + y[t-1] Wy + b)`` runs over the steps of a window: instead of its hidden
    states the network feeds back its own outputs (without the skip path's share). With the default
    readout, which has weights for each step, that is the answer as it stands, ``y[t] = y[t-1] +
    h[t] V[t]``, else ``y[t] = h[t] V + c``. All that it remembers is what it would have answered so
    far: with one target, a single number. In a stack only the last layer feeds back outputs; those
    below it are Elman layers. Trained by exact backpropagation through time. Parameters have the
    names of `sklearn.neural_network.MLPRegressor` wherever it has them; the README says what
    differs.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(32,)
        Hidden units of each recurrent layer, the input side first.
    activation : {"tanh", "relu", "logistic", "identity"}, default="tanh"
        ``f``. tanh keeps states bounded, which long windows need.
    loss : str, default="squared_error"
        Loss of the standardised targets, averaged over windows and outputs and summed over output
        steps. "squared_error" leads to means; "absolute_error" to medians, "huber" to something
        between, and both forgive outliers; "pinball" to ``quantiles``, which never cross.
        "gaussian", "student_t" and "negative_binomial" (for counts) are likelihoods, for
        `predict_dist`.
    huber_delta : float, default=1.0
        For "huber": errors beyond it count linearly; in standard deviations of the targets, if
        these are scaled.
    quantiles : float or tuple of float, default=(0.1, 0.5, 0.9)
        Levels, rising, for "pinball" and for `predict_quantiles`.
    readout : {"auto", "last", "all", "each"}, default="auto"
        What the linear layer sees: the last state; all states at once, which helps short windows;
        or each state by itself, for a target at every step. "auto" is "last"; where outputs are fed
        back it is "all", if samples have one length, or else all that an answer rests on would
        have to pass through the outputs of every step, and gradients explode.
    skip : bool, default=False
        Whether the linear layer sees the inputs as well: a linear autoregression beside the net.
    learn_initial_state : bool, default=False
        Whether the state before the first step is learned instead of zero.
    residual : bool, default=False
        Whether layers with as many units as inputs add their inputs to their states, which eases
        the training of many layers. Not for the last layer, which feeds outputs back.
    dilations : int, tuple of int or None, default=None
        For each layer, how many steps back its recurrence reaches: (1, 2, 4) sees far with few
        steps of backpropagation (Chang et al. 2017). They must divide the number of steps; None for
        1. The last layer, which feeds outputs back, must have 1.
    dropout : float, default=0.0
        Share of a layer's outputs that is dropped, in training, on the way to the next layer; in
        [0, 1), and with one layer 0.
    layer_norm : bool, default=False
        Whether each layer's outputs are normalised over its units (Ba et al. 2016). Not accepted
        here: the last layer feeds outputs back.
    solver : {"adam", "adamw", "rmsprop", "sgd", "lbfgs"}, default="adam"
        Adam (Kingma & Ba 2015); AdamW (Loshchilov & Hutter 2019); RMSprop; gradient descent with
        momentum; or L-BFGS over all windows at once, for small data, which needs no batches,
        learning rates or clipping, and takes no dropout and no ``ema_decay``.
    alpha : float, default=1e-4
        L2 penalty: ``alpha / 2`` times the sum of squared weights, biases left out, is added to the
        mean loss. With "adamw" instead the weights decay by ``alpha`` times the learning rate a
        step.
    batch_size : int or "auto", default="auto"
        Windows per step; "auto" is 64, or all if there are fewer.
    bptt_steps : int or None, default=None
        With ``readout="each"``: backpropagate through at most so many steps; a longer sequence is
        cut into segments, and the hidden state is carried from each to the next (truncated
        backpropagation through time; Williams & Peng 1990). None for the whole sequence.
    learning_rate : {"constant", "step", "cosine", "one_cycle", "plateau"}, default="constant"
        Schedule. "step" halves the rate after each quarter of ``max_iter``; "plateau" after
        ``n_iter_no_change / 2`` passes without an improvement by ``tol``. "cosine" falls to zero
        along half a cosine; "one_cycle" rises over the first fifth of ``max_iter`` and then falls
        to zero (Smith & Topin 2019): these two take all of ``max_iter``, whatever
        ``n_iter_no_change``.
    learning_rate_init : float, default=5e-3
        Learning rate; the highest one of a schedule.
    max_iter : int, default=200
        Passes over the windows at most; for "lbfgs" its iterations.
    max_seconds : float or None, default=None
        Time after which no further step is made. Trainings of ``n_init`` and ``n_estimators`` share
        it.
    shuffle : bool, default=True
        Whether each pass has a new order. Validation windows are never among them.
    random_state : int, RandomState, Generator or None, default=None
        Seed of starting weights, order and dropout. The same integer gives the same bits, whatever
        ``n_jobs``; the global random state is not touched.
    tol : float, default=1e-4
        Least improvement of the loss that counts; for "lbfgs" the gradient that is small enough.
    verbose : bool or int, default=False
        Whether to show a progress bar.
    warm_start : bool, default=False
        Whether `fit` goes on where the last fit ended, with its scaling: on the same windows, two
        fits equal one of twice ``max_iter`` to the bit, but for schedules that are measured by it,
        for "lbfgs", which begins anew, and for ``n_init``: the first fit keeps the best start. A
        changed solver, other settings of it, or weights put into ``thetas_`` start anew from the
        weights that are there.
    momentum : float or "auto", default="auto"
        For "sgd" and "rmsprop": share of the last step that is kept, in [0, 1); "auto": 0.9 and 0.
    nesterovs_momentum : bool, default=True
        For "sgd": whether the momentum looks ahead.
    early_stopping : bool, default=False
        Whether to hold out the last windows, stop when their loss no longer falls, and return to
        the weights that were best on them. The held-out part is the tail in time, directly after
        the training part; it is never drawn at random.
    validation_fraction : float, default=0.1
        Share of the windows held out by ``early_stopping``.
    beta_1, beta_2 : float, default=0.9, "auto"
        For "adam" and "adamw": decay of the running mean and mean square of the gradient; for
        "rmsprop" ``beta_2`` alone. "auto": 0.999, for "rmsprop" 0.99.
    epsilon : float, default=1e-8
        For "adam", "adamw" and "rmsprop": keeps the division safe.
    n_iter_no_change : int, default=10
        Passes without an improvement by ``tol`` after which training stops.
    max_grad_norm : float or None, default=1.0
        Longer gradients are shortened to this norm, which tames their explosion over long windows
        (Pascanu et al. 2013).
    ema_decay : float or None, default=None
        Keep a moving average of the weights in which each step counts this much less than the one
        after it: 0.99 is about the last hundred steps. None for the weights themselves.
    callbacks : list or None, default=None
        Objects with a method ``on_epoch_end(epoch)``, called after each pass with its losses,
        learning rate and gradient norm (`forecaster.nn.monitor.Epoch`); an answer of True stops
        training.
    n_init : int, default=1
        Trainings from different starting weights, side by side on all cores; the one with the
        lowest loss is kept.
    n_estimators : int, default=1
        Networks of an ensemble, which differ in their starting weights; their predictions are
        combined.
    aggregate : {"mean", "median"}, default="mean"
        How predictions of an ensemble are combined, for likelihoods parameter by parameter; the
        median forgives a training that failed.
    scale_inputs, scale_targets : bool, default=True
        Whether each input variable, and each target, is standardised over windows and steps; counts
        of "negative_binomial" never are. Predictions are always on the targets' own scale.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training. Predictions are computed in float64.
    n_jobs : int or None, default=None
        Threads: None for all cores (one inside a joblib worker), -1 for all. Results do not depend
        on it.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        Copies of all weights by name: ``0.Wx``, ``0.Wy``, ``0.b``, for further layers ``1.Wx`` and
        so on; ``V`` and ``c`` of the linear layer.
    coefs_, intercepts_ : list of ndarray
        Weight matrices and bias vectors, from the inputs to the outputs.
    network_ : Network
        Architecture.
    thetas_ : list of ndarray of shape (n_parameters,)
        The flat vector of all weights of each network of the ensemble.
    theta_ : ndarray of shape (n_parameters,)
        The first of them. The curves below are those of its training.
    loss_ : float
        Training loss of the last pass.
    best_loss_ : float
        Lowest loss seen: on the validation windows with ``early_stopping``, else in training.
    loss_curve_ : list of float
        Training loss of each pass, the penalty included.
    gradient_norm_curve_ : list of float
        Mean norm of each pass's gradients, before they are shortened to ``max_grad_norm``.
    validation_scores_, best_validation_score_ : list of float or None, float or None
        Minus the loss on the validation windows after each pass, and the highest of these.
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
    forecaster.JordanForecaster : The same network on series instead of windows.
    forecaster.JordanClassifier : The same network for classes.

    References
    ----------
    M. I. Jordan, "Serial order: a parallel distributed processing approach", ICS Report 8604
    (1986), in: Advances in Psychology 121 (1997) 471-495.

    Examples
    --------
    A target that follows its own past, which is what the network feeds back:

    >>> import numpy as np
    >>> from forecaster import JordanRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 8))
    >>> y = np.zeros((200, 8))
    >>> for t in range(8):
    ...     y[:, t] = 0.8 * y[:, t - 1] + X[:, t]
    >>> net = JordanRegressor(readout="each", learning_rate="one_cycle", max_iter=50)
    >>> net = net.set_params(random_state=0).fit(X[:150], y[:150])
    >>> bool(net.score(X[150:], y[150:]) > 0.99)
    True
    """

    _cell = "jordan"


class JordanClassifier(RecurrentClassifier):
    """Classification of windows with a Jordan network, compiled by Numba.

    ``h[t] = f(x[t] Wx + y[t-1] Wy + b)`` runs over the steps of a window: instead of its hidden
    states the network feeds back its own outputs (without the skip path's share). With the default
    readout, which has weights for each step, that is the answer as it stands, ``y[t] = y[t-1] +
    h[t] V[t]``, else ``y[t] = h[t] V + c``. All that it remembers is what it would have answered so
    far: the odds of the classes. In a stack only the last layer feeds back outputs; those below it
    are Elman layers. Trained by exact backpropagation through time. Parameters have the names of
    `sklearn.neural_network.MLPClassifier` wherever it has them; the README says what differs.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(32,)
        Hidden units of each recurrent layer, the input side first.
    activation : {"tanh", "relu", "logistic", "identity"}, default="tanh"
        ``f``. tanh keeps states bounded, which long windows need.
    class_weight : dict, "balanced" or None, default=None
        Factor on the weights of a class's windows, 1 for classes that are not named; "balanced"
        gives all classes the same sum of weights.
    readout : {"auto", "last", "all", "each"}, default="auto"
        What the linear layer sees: the last state; all states at once, which helps short windows;
        or each state by itself, for a class at every step. "auto" is "last"; where outputs are fed
        back it is "all", if samples have one length, or else all that an answer rests on would
        have to pass through the outputs of every step, and gradients explode.
    skip : bool, default=False
        Whether the linear layer sees the inputs as well: a linear classifier beside the net.
    learn_initial_state : bool, default=False
        Whether the state before the first step is learned instead of zero.
    residual : bool, default=False
        Whether layers with as many units as inputs add their inputs to their states, which eases
        the training of many layers. Not for the last layer, which feeds outputs back.
    dilations : int, tuple of int or None, default=None
        For each layer, how many steps back its recurrence reaches: (1, 2, 4) sees far with few
        steps of backpropagation (Chang et al. 2017). They must divide the number of steps; None for
        1. The last layer, which feeds outputs back, must have 1.
    dropout : float, default=0.0
        Share of a layer's outputs that is dropped, in training, on the way to the next layer; in
        [0, 1), and with one layer 0.
    layer_norm : bool, default=False
        Whether each layer's outputs are normalised over its units (Ba et al. 2016). Not accepted
        here: the last layer feeds outputs back.
    solver : {"adam", "adamw", "rmsprop", "sgd", "lbfgs"}, default="adam"
        Adam (Kingma & Ba 2015); AdamW (Loshchilov & Hutter 2019); RMSprop; gradient descent with
        momentum; or L-BFGS over all windows at once, for small data, which needs no batches,
        learning rates or clipping, and takes no dropout and no ``ema_decay``.
    alpha : float, default=1e-4
        L2 penalty: ``alpha / 2`` times the sum of squared weights, biases left out, is added to the
        mean loss. With "adamw" instead the weights decay by ``alpha`` times the learning rate a
        step.
    batch_size : int or "auto", default="auto"
        Windows per step; "auto" is 64, or all if there are fewer.
    bptt_steps : int or None, default=None
        With ``readout="each"``: backpropagate through at most so many steps; a longer sequence is
        cut into segments, and the hidden state is carried from each to the next (truncated
        backpropagation through time; Williams & Peng 1990). None for the whole sequence.
    learning_rate : {"constant", "step", "cosine", "one_cycle", "plateau"}, default="constant"
        Schedule. "step" halves the rate after each quarter of ``max_iter``; "plateau" after
        ``n_iter_no_change / 2`` passes without an improvement by ``tol``. "cosine" falls to zero
        along half a cosine; "one_cycle" rises over the first fifth of ``max_iter`` and then falls
        to zero (Smith & Topin 2019): these two take all of ``max_iter``, whatever
        ``n_iter_no_change``.
    learning_rate_init : float, default=5e-3
        Learning rate; the highest one of a schedule.
    max_iter : int, default=200
        Passes over the windows at most; for "lbfgs" its iterations.
    max_seconds : float or None, default=None
        Time after which no further step is made. Trainings of ``n_init`` and ``n_estimators`` share
        it.
    shuffle : bool, default=True
        Whether each pass has a new order. Validation windows are never among them.
    random_state : int, RandomState, Generator or None, default=None
        Seed of starting weights, order and dropout. The same integer gives the same bits, whatever
        ``n_jobs``; the global random state is not touched.
    tol : float, default=1e-4
        Least improvement of the loss that counts; for "lbfgs" the gradient that is small enough.
    verbose : bool or int, default=False
        Whether to show a progress bar.
    warm_start : bool, default=False
        Whether `fit` goes on where the last fit ended, with its scaling: on the same windows, two
        fits equal one of twice ``max_iter`` to the bit, but for schedules that are measured by it,
        for "lbfgs", which begins anew, and for ``n_init``: the first fit keeps the best start. A
        changed solver, other settings of it, or weights put into ``thetas_`` start anew from the
        weights that are there.
    momentum : float or "auto", default="auto"
        For "sgd" and "rmsprop": share of the last step that is kept, in [0, 1); "auto": 0.9 and 0.
    nesterovs_momentum : bool, default=True
        For "sgd": whether the momentum looks ahead.
    early_stopping : bool, default=False
        Whether to hold out the last windows, stop when their loss no longer falls, and return to
        the weights that were best on them. The held-out part is the tail in time, directly after
        the training part; it is never drawn at random.
    validation_fraction : float, default=0.1
        Share of the windows held out by ``early_stopping``.
    beta_1, beta_2 : float, default=0.9, "auto"
        For "adam" and "adamw": decay of the running mean and mean square of the gradient; for
        "rmsprop" ``beta_2`` alone. "auto": 0.999, for "rmsprop" 0.99.
    epsilon : float, default=1e-8
        For "adam", "adamw" and "rmsprop": keeps the division safe.
    n_iter_no_change : int, default=10
        Passes without an improvement by ``tol`` after which training stops.
    max_grad_norm : float or None, default=1.0
        Longer gradients are shortened to this norm, which tames their explosion over long windows
        (Pascanu et al. 2013).
    ema_decay : float or None, default=None
        Keep a moving average of the weights in which each step counts this much less than the one
        after it: 0.99 is about the last hundred steps. None for the weights themselves.
    callbacks : list or None, default=None
        Objects with a method ``on_epoch_end(epoch)``, called after each pass with its losses,
        learning rate and gradient norm (`forecaster.nn.monitor.Epoch`); an answer of True stops
        training.
    n_init : int, default=1
        Trainings from different starting weights, side by side on all cores; the one with the
        lowest loss is kept.
    n_estimators : int, default=1
        Networks of an ensemble, which differ in their starting weights; their probabilities are
        combined.
    aggregate : {"mean", "median"}, default="mean"
        How probabilities of an ensemble are combined; the median forgives a training that failed.
    scale_inputs : bool, default=True
        Whether each input variable is standardised over windows and steps.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training. Predictions are computed in float64.
    n_jobs : int or None, default=None
        Threads: None for all cores (one inside a joblib worker), -1 for all. Results do not depend
        on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    weights_ : dict of str to ndarray
        Copies of all weights by name: ``0.Wx``, ``0.Wy``, ``0.b``, for further layers ``1.Wx`` and
        so on; ``V`` and ``c`` of the linear layer.
    coefs_, intercepts_ : list of ndarray
        Weight matrices and bias vectors, from the inputs to the outputs.
    network_ : Network
        Architecture.
    thetas_ : list of ndarray of shape (n_parameters,)
        The flat vector of all weights of each network of the ensemble.
    theta_ : ndarray of shape (n_parameters,)
        The first of them. The curves below are those of its training.
    loss_ : float
        Training loss of the last pass.
    best_loss_ : float
        Lowest loss seen: on the validation windows with ``early_stopping``, else in training.
    loss_curve_ : list of float
        Training loss of each pass, the penalty included.
    gradient_norm_curve_ : list of float
        Mean norm of each pass's gradients, before they are shortened to ``max_grad_norm``.
    validation_scores_, best_validation_score_ : list of float or None, float or None
        Minus the loss on the validation windows after each pass, and the highest of these.
    n_iter_ : int
        Passes made.
    n_outputs_ : int
        Number of targets, 1.
    n_features_in_ : int
        Number of steps.
    feature_names_in_ : ndarray of str
        Column names of X, if it was a frame.

    See Also
    --------
    forecaster.JordanRegressor : The same network for numbers.

    References
    ----------
    M. I. Jordan, "Serial order: a parallel distributed processing approach", ICS Report 8604
    (1986), in: Advances in Psychology 121 (1997) 471-495.

    Examples
    --------
    Does a window rise or fall, all in all?

    >>> import numpy as np
    >>> from forecaster import JordanClassifier
    >>> X = np.random.default_rng(0).normal(size=(1000, 6))
    >>> y = np.where(X[:, 3:].sum(axis=1) > X[:, :3].sum(axis=1), "rises", "falls")
    >>> net = JordanClassifier(learning_rate="one_cycle", max_iter=50, random_state=0)
    >>> net = net.fit(X[:800], y[:800])
    >>> bool(net.score(X[800:], y[800:]) > 0.85)
    True
    >>> net.predict(np.array([[0, 0, 0, 1, 1, 1]]))
    array(['rises'], dtype='<U5')
    >>> net.predict_proba(X[:2]).shape
    (2, 2)
    """

    _cell = "jordan"

"""The GRU forecaster."""

from __future__ import annotations

from forecaster.forecasting.recurrent import RecurrentForecaster


class GRUForecaster(RecurrentForecaster):
    """Forecasts one series, or a panel of them, with an ensemble of gated recurrent units (GRU).

    A GRU learns by gates what to keep of its state and what to renew: over long windows it
    remembers, and its gradients last, where an Elman network's vanish. Over the few steps of
    the default windows both forecast alike, and this one takes longer.

    Give it a series, the horizon and the season length; the rest follows the data. Values are
    deseasonalised, cut into windows relative to their last value, and read by the network in
    patches of several values per recurrent step. A linear readout of all hidden states, beside
    a linear path from the window itself, forecasts all steps at once. On a short history the
    networks learn what a trend forecast (exponential smoothing with a share of the trend line)
    leaves over; on a large panel they learn the whole change. One model serves all series.

    Parameters
    ----------
    horizon : int, default=1
        Steps that ``predict()`` forecasts, and that training aims at.
    season_length : int, default=1
        Steps in a season, such as 12 for months in a year; 1 for none. It counts once a series
        shows two of them; one that holds one to two repeats its last season, as far as the others
        of its panel have a season, unless ``blend`` is given.
    window : int, sequence of int or "auto", default="auto"
        Values that a network looks at, rounded up to whole patches. Several: the networks take
        them in turns, the first ones first, and the held-out origins of `calibrate` have a say in
        what each counts for, for each series by itself (``view_shares_``).
        "auto": twice the horizon (four times on large panels of long series), at least a season
        and, unless series are short, 12;
        and twice or half as much, or both, by kind and length of the data. With ``dilations`` or
        ``residual``, which suit one size, the first of these alone.
    patch_size : int or "auto", default="auto"
        Values per recurrent step. "auto": a season where the window holds three, else a quarter
        of the window.
    strategy : {"direct", "recursive"}, default="direct"
        Whether the network forecasts all steps at once, or one step that is fed back. Either
        way `predict` goes beyond the horizon by feeding forecasts back.
    transform : {"auto", "log", "none"}, default="auto"
        Whether logarithms are modelled, for all series alike. "auto": if every value of every
        series is positive, so a single zero switches them off; unless a trend forecast of the
        logarithms is more than a tenth worse.
    deseasonalize : bool or "auto", default="auto"
        Whether seasonal indices, shrunk by what noise alone would explain, are removed first
        and added back last. "auto": yes, but on large panels two networks of five see the
        season, which may change from year to year.
    seasonality_test : bool, default=False
        Whether seasons are removed in full from the series that pass the M4 competition's test
        (three seasons or more, and an autocorrelation at ``season_length`` beyond its 90 % limit),
        and left in all others, instead of shrunk in all. Shrinking was better on most data.
    longer_seasons : bool, default=True
        Whether a longer season above the one told, where it shows in the data, is removed as
        well: a week above a day (24 steps or more, each of whole minutes), from two weeks on; a
        year above a week of days, from three years on.
    blend : float or "auto", default="auto"
        Share of the trend forecast in the final one, 0 to 1. "auto": the less, the more
        windows there are to learn from (nearly all for ten, half for seventy, next to nothing for
        a thousand, a fifth in large panels of short series); the held-out origins of `calibrate`
        may lead it away a little, and 15 % of the forecast (less from thousands of windows on) go
        to repeating the last season; more in a series whose held-out values that would have
        missed by clearly less (``hedges_``). Steps of a long horizon that only few windows reach
        lean on the trend, too.
    n_estimators : int, default=5
        Networks, trained side by side from different random numbers; forecasts are their mean.
    calibrate : bool, default=True
        Whether a second ensemble is trained without the last values. Its errors there give
        intervals, a comparison with the seasonal naive forecast, and what counts for how much:
        ``recipe_.blend`` for all series, ``view_shares_`` and ``hedges_`` for each. Without it,
        these are what kind and size of the data suggest. Doubles the time of `fit`; short series
        go without.
    hidden_layer_sizes : int, tuple of int or "auto", default="auto"
        Hidden units of each layer. "auto": one layer of 16, 32 or 64 units by number of
        windows.
    activation : {"tanh"}, default="tanh"
        The GRU cell has activations of its own, so that nothing else is accepted.
    readout : {"all", "last", "each"}, default="all"
        Whether the linear layer reads all hidden states at once, the last one, or each by
        itself. "each" makes forking sequences (Wen et al. 2017): every step forecasts what
        follows it, every step's loss counts, and forecasts are read from the last one. One pass
        over a window then trains on all its origins, which suits long windows of many steps.
        Patches are then measured from the value before them, and losses are sums over the
        steps.
    skip : bool, default=True
        Whether the linear layer sees the window as well: all of it, or with ``readout="each"``
        the patch of its step.
    learn_initial_state : bool, default=False
        Whether the state before the first step is learned instead of zero.
    residual : bool, default=False
        Whether layers with as many units as inputs add their inputs to their outputs; there
        must be one. The inputs of the first layer are the values of a patch.
    dilations : int, tuple of int or None, default=None
        For each layer, how many steps back its recurrence reaches (Chang et al. 2017); divisors
        of the number of steps, ``window / patch_size``. None: 1 for all.
    dropout : float, default=0.0
        Share of a layer's outputs that is dropped on the way to the next layer in training,
        from 0 to less than 1. Needs two layers.
    layer_norm : bool, default=False
        Whether the outputs of each layer are normalised over its units (Ba et al. 2016).
    loss : str, default="absolute_error"
        What training makes small, in units of each series' typical change: "absolute_error",
        "squared_error", "huber" or "pinball" (see `quantile`); or a measure of forecasts, to first
        order: "smape" (errors relative to the values), "mase" (relative to the changes over a
        season) or "owa" (the mean of both, as in the M4 competition). On logarithms absolute errors
        are relative already.
    huber_delta : float, default=1.0
        Error from which on the Huber loss grows linearly, in units of about the mean absolute
        change over the horizon.
    quantile : float, default=0.5
        With ``loss="pinball"``: share of the values that shall lie below the forecasts, between 0
        and 1. Other quantiles than the median go without calibration, `level` and, unless ``blend``
        asks for it, the trend forecast, and reach as far as the horizon. On short series they lie
        too near the middle: of noise, 74 % of what followed 30 values lay below the 0.9, 82 % after
        100, 89 % after 1,000. For intervals around the middle, `level` of `predict` is calibrated
        for any loss.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
        Optimiser.
    alpha : float, default=0.0
        L2 penalty on the weights; with ``solver="adamw"`` their decoupled decay.
    weight_decay : float or "auto", default="auto"
        Decoupled decay (Loshchilov & Hutter 2019) of readout and skip path, whatever the
        solver. "auto": 800 over the number of windows, at most 25: a short history keeps the
        forecast near the trend's.
    batch_size : int or "auto", default="auto"
        Windows per step. "auto": 64, on large panels 256.
    sampling : {"windows", "series"}, default="windows"
        What is trained on equally often: all windows, so that long series count for more, or all
        series of a panel. Windows are cut out when they are due; none is copied beforehand.
    learning_rate : {"one_cycle", "constant", "step", "cosine", "plateau"}, default="one_cycle"
        Schedule over ``max_steps``: up and down again; no change; halved after each quarter;
        down to zero by half a cosine; halved when an eighth of the time has not improved the
        training loss.
    learning_rate_init : float, default=5e-3
        Learning rate; the peak of the schedule.
    max_steps : int or "auto", default="auto"
        Optimiser steps of every network. "auto": 450 to 3,750 with the number of windows, and
        a third of that for the networks of every second turn through the windows: held-out
        origins have a say in how long a training counts for what (``view_shares_``).
    max_seconds : float or None, default=None
        Time budget of the trainings, of which the final and the second ensemble (see
        ``calibrate``) have half each; reading the data, seasons and trends, and the held-out
        forecasts come on top. Once it is spent no further step is made; the networks are used as
        they are, after one step at least. The first fit on a machine compiles, which counts. The
        second ensemble makes no more steps than the final one had time for. With a budget,
        results depend on the machine's speed.
    momentum : float or "auto", default="auto"
        Momentum of "sgd" and "rmsprop", 0 to less than 1; "auto": 0.9 and 0.
    nesterovs_momentum : bool, default=True
        Whether the momentum of "sgd" is Nesterov's.
    beta_1 : float, default=0.9
        Decay of the mean gradient of "adam" and "adamw".
    beta_2 : float or "auto", default="auto"
        Decay of the mean squared gradient of "adam", "adamw" and "rmsprop"; "auto": 0.999, and
        0.99 for the last.
    epsilon : float, default=1e-8
        What keeps "adam", "adamw" and "rmsprop" from dividing by zero.
    max_grad_norm : float or None, default=1.0
        Longer gradients are shortened to this norm; None leaves them as they are.
    ema_decay : float or None, default=None
        Forecast with an average of the weights over the steps, in which each step counts this
        much less than the one after it (0.99: about the last hundred). None: with the last
        weights.
    callbacks : sequence of objects or None, default=None
        Each has a method ``on_epoch_end(epoch)``, called after every 50 steps of each network
        of the final ensemble, for one network at a time, and returning True to stop that one.
        ``epoch`` has the attributes ``member`` (which network, from 0), ``iteration``,
        ``n_steps``, ``train_loss``, ``learning_rate``, ``gradient_norm``, ``seconds``. The
        second ensemble is trained without callbacks, with as many steps as the final one had on
        average if that was stopped.
    random_state : int, RandomState, Generator or None, default=None
        Seed. The same integer gives the same bits, whatever ``n_jobs``.
    verbose : bool or int, default=False
        Whether to show a progress bar.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the networks; values, seasons and trends are in float64.
    n_jobs : int or None, default=None
        Threads: None for all cores (one inside a joblib worker), -1 for all.
    freq : str, pandas offset, int or None, default=None
        The step from row to row, for timestamps that do not tell it by themselves.
    id_col, time_col, target_col : str, default="unique_id", "ds", "y"
        The columns of a long frame.

    Attributes
    ----------
    recipe_ : Recipe
        Sizes and budgets in force: what every "auto" became. Its ``views`` tell which networks look
        at what, and what they count.
    quantile_ : float or None
        The quantile that is forecast; None for the middle.
    transform_ : {"log", "none"}
        What ``transform="auto"`` became.
    seasons_ : array (n_series, season_length)
        What is taken away from the (transformed) values of each season, from a series' first value
        on; zeros where no season stands out. (n_series, 1) if no series shows two seasons.
    longer_seasons_ : array (n_series, 7 or 52 times season_length) or None
        What a longer season adds to that: weeks above days, years above weeks; None if nothing.
    view_shares_ : array (n_series, n_views)
        What each of ``recipe_.views`` counts for in what the networks forecast of each series.
    hedges_ : array (n_series,)
        What repeating the last season counts for in the forecast of each series; trend and networks
        share the rest.
    model_ : Model
        Preparation, and a group of trained networks for each of ``recipe_.views``.
    calibration_ : Calibration or None
        Errors on held-out windows.
    weights_ : list of dict
        Weights of each network by name, view by view.
    loss_ : float
        Last of ``loss_curve_``. Infinite, as ``best_loss_``, if Ctrl-C came before any.
    best_loss_ : float
        Lowest of ``loss_curve_``.
    loss_curve_ : list of float
        Mean training loss of the networks over every 50 steps, the last of them perhaps fewer.
    n_iter_ : int
        Number of such stretches of 50 steps.
    data_ : SeriesSet
        The known rows.

    Warns
    -----
    SkillWarning
        If the forecasts of the held-out windows were worse than repeating the last season.
    ConvergenceWarning
        If a training diverged; the best weights before that are kept.

    See Also
    --------
    LSTMForecaster : Another gated cell, with a memory besides the state.
    ElmanForecaster : Without gates: quicker, for short windows.
    GRURegressor : The same network on windows of your own.

    Notes
    -----
    The recurrence, in PyTorch's form, is with the logistic function ``s``

        r = s(x[t] Wr + h[t-1] Ur + br)
        z = s(x[t] Wz + h[t-1] Uz + bz)
        n = tanh(x[t] Wn + bn + r (h[t-1] Un + bh))
        h[t] = (1 - z) n + z h[t-1]

    with the patch ``x[t]`` and the states ``h[t]``; products of vectors are element by element.

    No look-ahead: intervals and comparisons come from a second model, whose networks, seasons
    and trends have not seen the values it is tested on; it takes over the sizes and whether
    logarithms are used. What every series chooses for itself on these values is left out there,
    so that intervals are rather wide than narrow. Forecasts of transformed values are transformed
    back without a correction of their mean: they are near the median.

    Limits: at least ``horizon + 2`` points; no missing values and no exogenous columns yet. On
    random walks no method beats the last value, and this one does not either.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", EMNLP 2014.
    S. Smyl, "A hybrid method of exponential smoothing and recurrent neural networks for time
    series forecasting", International Journal of Forecasting 36 (2020) 75-85.
    V. Assimakopoulos, K. Nikolopoulos, "The theta model", International Journal of Forecasting
    16 (2000) 521-530.
    R. Wen, K. Torkkola, B. Narayanaswamy, D. Madeka, "A multi-horizon quantile recurrent
    forecaster", arXiv:1711.11053 (2017).
    S. Chang et al., "Dilated recurrent neural networks", NeurIPS 2017.
    J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450 (2016).
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> from forecaster import GRUForecaster
    >>> GRUForecaster(random_state=0).fit([1, 2, 3, 4, 5]).predict(1).round(2)
    5    6.0
    dtype: float64
    >>> from forecaster.data import load_airline
    >>> y = load_airline()
    >>> forecaster = GRUForecaster(12, season_length=12, random_state=0).fit(y[:-12])
    >>> forecaster.predict(level=80).columns.tolist()
    ['mean', 'lo-80', 'hi-80']
    >>> bool(forecaster.score(y[-12:]) > -1)  # better than the seasonal naive forecast in training
    True
    """

    _cell = "gru"

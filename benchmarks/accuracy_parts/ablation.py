"""One default changed at a time: what each ingredient is worth."""

# What is changed, and to what: a value, or a function of the recipe that the default comes to.
# All but one without the second ensemble, which would double the time.
ABLATION = {
    "the default, without intervals": {},
    "with choices on held-out origins": {"calibrate": True},
    "no linear skip": {"skip": False},
    "readout of the last state": {"readout": "last"},
    "a value per step": {"patch_size": 1},
    "one window for all networks": {"window": lambda recipe: recipe.views[0].window},
    "that window doubled": {"window": lambda recipe: 2 * recipe.views[0].window},
    "that window halved": {"window": lambda recipe: max(2, recipe.views[0].window // 2)},
    "16 units": {"hidden_layer_sizes": 16},
    "linear net": {"activation": "identity"},
    "one network": {"n_estimators": 1},
    "constant learning rate": {"learning_rate": "constant"},
    "squared error": {"loss": "squared_error"},
    "OWA as the loss": {"loss": "owa"},
    "sMAPE as the loss": {"loss": "smape"},
    "MASE as the loss": {"loss": "mase"},
    "pinball loss of the median": {"loss": "pinball"},
    "no weight decay": {"weight_decay": 0.0},
    "four times the weight decay": {"weight_decay": lambda recipe: 4 * recipe.weight_decay},
    "all trained for long": {"max_steps": lambda recipe: recipe.max_steps},
    "all trained briefly": {"max_steps": lambda recipe: max(1, recipe.max_steps // 3)},
    "all series equally often": {"sampling": "series"},
    "no logarithms": {"transform": "none"},
    "seasons by a test": {"seasonality_test": True},
    "no longer seasons": {"longer_seasons": False},
    "windows without season only": {"deseasonalize": True},
    "windows with season only": {"deseasonalize": False},
    "networks and trend, no last season": {"blend": lambda recipe: recipe.blend},
    "networks alone": {"blend": 0.0},
    "half trend": {"blend": 0.5},
    "trend alone": {"blend": 1.0, "n_estimators": 1, "max_steps": 1},
}


def fit(make, data, horizon, season_length, **options):
    """A fitted forecaster with these options, functions of the default's recipe among them."""
    if any(callable(value) for value in options.values()):
        # no time for more than a step, which unlike max_steps=1 leaves the recipe as it is
        recipe = make(horizon, season_length, max_seconds=1e-9, calibrate=False).fit(data).recipe_
        options = {
            name: value(recipe) if callable(value) else value for name, value in options.items()
        }
    return make(horizon, season_length, **options).fit(data)

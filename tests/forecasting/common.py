"""What several tests of forecasters need."""


def forecasts_of(model, panel, steps):
    """What follows the panel, (S, steps), on the scale of the data."""
    return model.preparation.restore(model.forecast_prepared(panel, steps), panel)

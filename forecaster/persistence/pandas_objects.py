"""Codecs of what pandas brings along: indexes, dtypes, frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype
from pandas.core.dtypes.base import ExtensionDtype
from pandas.tseries import offsets

from forecaster.persistence.codec import Codec

_OFFSETS = {
    name: kind
    for name, kind in vars(offsets).items()
    if isinstance(kind, type) and issubclass(kind, offsets.BaseOffset)
}


# --- Indexes ------------------------------------------------------------------------------------


def _index(index: pd.Index) -> dict[str, Any]:
    if isinstance(index.dtype, np.dtype):
        return {"values": index.to_numpy(), "dtype": index.dtype, "name": index.name}
    missing = index.isna()
    values = [None if gone else v for v, gone in zip(index.tolist(), missing, strict=True)]
    return {"values": values, "dtype": index.dtype, "name": index.name}


def _from_index(values: Any, dtype: Any, name: Any) -> pd.Index:
    if isinstance(dtype, ExtensionDtype):
        values = pd.array(values, dtype=dtype)
    return pd.Index(values, dtype=dtype, name=name, tupleize_cols=False)


def _range(index: pd.RangeIndex) -> dict[str, Any]:
    return {"start": index.start, "stop": index.stop, "step": index.step, "name": index.name}


def _times(index: pd.DatetimeIndex | pd.TimedeltaIndex) -> dict[str, Any]:
    return {"ticks": index.asi8, "dtype": index.dtype, "freq": index.freq, "name": index.name}


def _from_times(ticks: np.ndarray, dtype: Any, freq: Any, name: Any) -> pd.Index:
    kind = "m" if dtype.kind == "m" else "M"
    unit = dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0]
    index: Any = pd.Index(ticks.view(f"{kind}8[{unit}]"), name=name)
    if isinstance(dtype, pd.DatetimeTZDtype):
        index = index.tz_localize("UTC").tz_convert(dtype.tz)
    index.freq = freq
    return index


def _periods(index: pd.PeriodIndex) -> dict[str, Any]:
    return {"ordinals": index.asi8, "freq": index.freq, "name": index.name}


def _from_periods(ordinals: np.ndarray, freq: Any, name: Any) -> pd.PeriodIndex:
    return pd.PeriodIndex.from_ordinals(ordinals, freq=freq, name=name)  # type: ignore[attr-defined]


def _categories(index: pd.CategoricalIndex) -> dict[str, Any]:
    return {"codes": index.codes, "dtype": index.dtype, "name": index.name}


def _from_categories(codes: np.ndarray, dtype: Any, name: Any) -> pd.CategoricalIndex:
    return pd.CategoricalIndex(pd.Categorical.from_codes(codes, dtype=dtype), name=name)


def _levels(index: pd.MultiIndex) -> dict[str, Any]:
    codes = [np.asarray(codes) for codes in index.codes]
    return {"levels": list(index.levels), "codes": codes, "names": list(index.names)}


# --- Dtypes -------------------------------------------------------------------------------------


def _text_dtype(dtype: pd.StringDtype) -> dict[str, Any]:
    return {"storage": dtype.storage, "nan": getattr(dtype, "na_value", pd.NA) is not pd.NA}


def _from_text_dtype(storage: str, nan: bool) -> Any:
    """What stands for missing text, and who holds it, differs with pandas and with pyarrow."""
    try:
        return pd.StringDtype(storage, np.nan) if nan else pd.StringDtype(storage)
    except ImportError:
        return pd.StringDtype("python", np.nan) if nan else pd.StringDtype("python")
    except TypeError:  # before pandas 2.3 such text is an object
        return np.dtype(object)


def _named_dtype(dtype: Any) -> dict[str, Any]:
    try:
        if pandas_dtype(str(dtype)) == dtype:
            return {"text": str(dtype)}
    except (TypeError, ValueError, NotImplementedError):
        pass
    raise TypeError(f"the dtype {dtype} has no name that pandas reads back")


_NAMED_DTYPES = [
    pd.ArrowDtype,
    pd.BooleanDtype,
    pd.DatetimeTZDtype,
    pd.PeriodDtype,
    *(pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype),
    *(pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype),
    *(pd.Float32Dtype, pd.Float64Dtype),
]


# --- Frequencies --------------------------------------------------------------------------------


def _offset(offset: Any) -> dict[str, Any]:
    settings = {k: v for k, v in offset.kwds.items() if k != "calendar"}  # holidays say the same
    if "holidays" in settings:
        settings["holidays"] = np.array(settings["holidays"], "M8[D]")
    fields = {
        "kind": type(offset).__name__,
        "n": offset.n,
        "normalize": offset.normalize,
        "settings": settings,
    }
    if _from_offset(**fields) != offset:
        raise TypeError("pandas does not say all that makes it")
    return fields


def _from_offset(kind: str, n: int, normalize: bool, settings: dict[str, Any]) -> Any:
    if "holidays" in settings:
        settings = {**settings, "holidays": list(settings["holidays"])}
    return _OFFSETS[kind](n, normalize, **settings)


CODECS = [
    Codec(pd.Index, _index, _from_index),
    Codec(pd.RangeIndex, _range, pd.RangeIndex),
    Codec(pd.DatetimeIndex, _times, _from_times),
    Codec(pd.TimedeltaIndex, _times, _from_times),
    Codec(pd.PeriodIndex, _periods, _from_periods),
    Codec(pd.CategoricalIndex, _categories, _from_categories),
    Codec(pd.MultiIndex, _levels, pd.MultiIndex),
    Codec(pd.StringDtype, _text_dtype, _from_text_dtype),
    Codec(
        pd.CategoricalDtype,
        lambda dtype: {"categories": dtype.categories, "ordered": dtype.ordered},
        pd.CategoricalDtype,
    ),
    *(Codec(dtype, _named_dtype, lambda text: pandas_dtype(text)) for dtype in _NAMED_DTYPES),
    *(Codec(offset, _offset, _from_offset) for offset in set(_OFFSETS.values())),
]

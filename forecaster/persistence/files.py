"""`save` and `load`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from forecaster.persistence import own_objects, pandas_objects, standard
from forecaster.persistence.codec import Codecs
from forecaster.persistence.container import FileError, read, write
from forecaster.persistence.versions import upgrade

CODECS = Codecs([*standard.CODECS, *pandas_objects.CODECS, *own_objects.CODECS])


def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Write an estimator to a file that holds data only.

    Parameters
    ----------
    estimator : regressor or forecaster of this library
        Fitted or not.
    path : str or path-like
        The file. Its name is taken as it is; ``.npz`` suits it, as it is an archive of NumPy
        arrays with a JSON header. One that exists is replaced as soon as the new one is complete.

    Raises
    ------
    TypeError
        If the estimator is of another library, or a parameter holds what a file cannot: a
        function, or an object of a class of your own.
    OSError
        If the file cannot be written; what was there is left as it is.

    See Also
    --------
    load : The way back.

    Notes
    -----
    The file holds every constructor parameter and everything learned, the known rows of a
    forecaster among it. The class must be one of the library's own, not derived from one.

    Examples
    --------
    >>> import os, tempfile
    >>> import forecaster
    >>> fitted = forecaster.NaiveForecaster().fit([1.0, 2.0, 4.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     forecaster.save(fitted, path)
    ...     forecaster.load(path).predict(2)
    3    4.0
    4    4.0
    dtype: float64
    """
    if type(estimator) not in own_objects.ESTIMATORS:
        raise TypeError(
            "save takes a regressor, classifier or forecaster of this library, got "
            f"{type(estimator).__module__}.{type(estimator).__qualname__}: save the estimator "
            "within it, or keep all of it with pickle or joblib."
        )
    write(Path(path), *CODECS.encode(estimator))


def load(path: str | os.PathLike[str]) -> Any:
    """Read an estimator from a file that `save` has written.

    Nothing in the file is executed, and no class but the library's own and some of NumPy and
    pandas is made from it, so a file from elsewhere can do no more than hold wrong numbers.

    Parameters
    ----------
    path : str or path-like
        The file. It is not needed any more afterwards.

    Returns
    -------
    estimator
        With the same parameters; its predictions equal those of the saved one to the bit, and
        `update`, `partial_fit` and ``warm_start`` go on as they would have there.

    Raises
    ------
    ValueError
        If the file is damaged, was changed, was not written by `save`, or by a later version in a
        way that this one does not know.
    OSError
        If it cannot be read.

    Notes
    -----
    Files of earlier versions can be read. The digest in a file reveals damage, not forgery: who
    changes a file on purpose can renew it.

    Examples
    --------
    See `save`.
    """
    try:
        header, arrays = read(Path(path))
        try:
            upgrade(header)
            estimator = CODECS.decode(header["content"], arrays)
        except FileError:
            raise
        except Exception as error:  # a crafted tree can make any constructor fail in any way
            raise FileError(
                f"does not describe an estimator ({type(error).__name__}: {error}): save it anew"
            ) from error
        if type(estimator) not in own_objects.ESTIMATORS:
            raise FileError("holds no estimator: give a file that was written by forecaster.save")
    except FileError as error:
        raise ValueError(f"{os.fspath(path)} {error}.") from error
    return estimator

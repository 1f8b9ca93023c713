"""A file that all is well with, and the way through one."""

import pytest

from forecaster import load, save
from tests.persistence.common_files import NET


@pytest.fixture
def path(tmp_path):
    save(NET, tmp_path / "net.npz")
    return tmp_path / "net.npz"


@pytest.fixture
def through_a_file(tmp_path):
    def there_and_back(estimator):
        path = tmp_path / "model.npz"
        save(estimator, path)
        twin = load(path)
        path.unlink()  # what was loaded does not lean on the file
        return twin

    return there_and_back

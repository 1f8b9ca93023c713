"""Files that are damaged, foreign, newer or older; writing never leaves half a file."""

import io
import json
import pickle
import stat
import sys
import zipfile

import numpy as np
import pytest

from forecaster import ElmanRegressor, NaiveForecaster, load, save
from forecaster.persistence import versions
from tests.persistence.common import X, assert_same
from tests.persistence.common_files import NET, members_of, refused, rewritten, write_zip

# --- Damage --------------------------------------------------------------------------------------


def test_a_truncated_file_is_refused(path):
    data = path.read_bytes()
    for length in [0, 1, 30, *range(50, len(data), 97), len(data) - 1]:
        path.write_bytes(data[:length])
        refused(path, "truncated or damaged")


def test_no_changed_byte_goes_unnoticed(path):
    """A byte that may change without a word says nothing: a date in the archive, say."""
    data = bytearray(path.read_bytes())
    n_refused, positions = 0, range(0, len(data), 7)
    for position in positions:
        data[position] ^= 0x55
        path.write_bytes(data)
        data[position] ^= 0x55
        try:
            twin = load(path)
        except ValueError:
            n_refused += 1
        else:
            assert_same(twin, NET)
    assert n_refused > 0.8 * len(positions)


def test_changed_weights_are_noticed_though_the_archive_is_sound(path):
    members = members_of(path)
    header = json.loads(members["header.json"])
    header["content"]["fields"]["parameters"]["fields"]["alpha"] = 0.5
    changed = {**members, "header.json": json.dumps(header)}
    write_zip(path, changed)
    refused(path, "changed after it was saved.*SHA-256.*copy the file again")
    for name in ("array-0.npy", "array-4.npy"):
        write_zip(path, {**members, name: members[name][:-1] + b"\1"})
        refused(path, "changed after it was saved")
        write_zip(path, {k: v for k, v in members.items() if k != name})
        refused(path, "changed after it was saved")
    write_zip(path, {**members, "array-99.npy": members["array-0.npy"]})
    refused(path, "changed after it was saved")


def foreign_files():
    pickled = pickle.dumps(NET)
    npz, archive = io.BytesIO(), io.BytesIO()
    np.savez(npz, theta=NET.theta_)
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("../../escape.txt", "text")
    other_header = io.BytesIO()
    with zipfile.ZipFile(other_header, "w") as other:
        other.writestr("header.json", '{"name": "someone else\'s"}')
    return {
        "pickle": (pickled, "not written by forecaster.save .File is not a zip file"),
        "text": (b"month,sales\n1,2\n", "File is not a zip file"),
        "empty": (b"", "File is not a zip file"),
        "npz": (npz.getvalue(), "has no header.json: give a file"),
        "zip": (archive.getvalue(), "has no header.json"),
        "header": (other_header.getvalue(), "header.json that forecaster.save did not write"),
    }


@pytest.mark.parametrize("what", foreign_files())
def test_a_foreign_file_is_refused(tmp_path, what):
    data, sentence = foreign_files()[what]
    (tmp_path / "file").write_bytes(data)
    refused(tmp_path / "file", sentence)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.filterwarnings("ignore:.*max_iter")
def test_a_training_cut_short_within_longer_samples_is_loaded(tmp_path):
    """It may be in a segment that the samples of the first fit did not have."""
    rows = np.random.default_rng(0).normal(size=(9, 12))
    net = ElmanRegressor(2, readout="each", bptt_steps=3, max_iter=1, warm_start=True)
    net.fit(list(rows[:, :3]), list(rows[:, :3])).set_params(max_seconds=1e-9)
    for _ in range(3):
        net.fit(list(rows), list(rows))
    assert net._states[0].order.segment == 3
    save(net, tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    for one in (net, again):
        one.set_params(max_seconds=None).partial_fit(list(rows), list(rows))
    np.testing.assert_array_equal(again.theta_, net.theta_)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")
    with pytest.raises(OSError, match=tmp_path.name):
        load(tmp_path)


# --- Versions ------------------------------------------------------------------------------------


def test_a_newer_format_is_refused(path):
    newest = versions.FORMAT
    rewritten(path, format=newest + 1, library="9.1.0")
    refused(path, rf"has format {newest + 1} and was saved by .* 9.1.0.* up to {newest}: install")


@pytest.mark.parametrize("number", [0, -1, "1", 1.0, True, None])
def test_a_format_is_a_positive_integer(path, number):
    rewritten(path, format=number)
    refused(path, "header.json that forecaster.save did not write")


def test_older_formats_are_brought_up_to_date(path, monkeypatch):
    def rename(content, arrays):
        parameters = content["fields"]["parameters"]["fields"]
        parameters["penalty"] = parameters.pop("alpha")

    def rename_back(header):
        parameters = header["content"]["fields"]["parameters"]["fields"]
        parameters["alpha"] = parameters.pop("penalty")

    rewritten(path, rename)
    refused(path, "holds ElmanRegressor.penalty, which forecaster .* does not know: load it with")
    monkeypatch.setitem(versions.UPGRADES, versions.FORMAT, rename_back)
    monkeypatch.setattr(versions, "FORMAT", versions.FORMAT + 1)
    assert_same(load(path), NET)


def test_there_is_a_way_up_from_every_format():
    assert set(versions.UPGRADES) == set(range(1, versions.FORMAT))


# --- Writing -------------------------------------------------------------------------------------


def test_a_failure_leaves_what_was_there(path, monkeypatch):
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    for where in ("os.fsync", "zipfile.ZipFile.writestr", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(where, full)
            with pytest.raises(OSError, match="No space left"):
                save(NaiveForecaster(), path)
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    save(NaiveForecaster(), path)
    assert_same(load(path), NaiveForecaster())


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no such folder"):
        save(NET, tmp_path / "none" / "net.npz")
    with pytest.raises(OSError, match="replaces files only"):
        save(NET, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_modes_and_links_stay(path):
    path.chmod(0o640)
    link = path.with_name("link")
    link.symlink_to(path.name)
    save(NaiveForecaster(), link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert_same(load(path), NaiveForecaster())


def test_paths_of_any_kind(tmp_path):
    save(NET, str(tmp_path / "a b.model"))
    np.testing.assert_array_equal(load(str(tmp_path / "a b.model")).predict(X), NET.predict(X))

"""Errors of the operating system: one line that names the file and its disk."""

import errno
import os

import numpy as np
import pytest

from brainsleep.errors import BrainsleepError, DirectoryError
from brainsleep.support.array_files import read_arrays, write_arrays
from brainsleep.support.disk import disk_error, disk_of, plain_disk_errors
from brainsleep.support.files import publish_directory, replacing, write_atomically

ARRAYS = {"w": np.arange(5000.0).reshape(50, 100), "spikes": np.arange(20_000, dtype=np.int32)}


def one_line(error, *words):
    text = str(error)
    assert "\n" not in text
    assert isinstance(error, (BrainsleepError, OSError))
    for word in words:
        assert str(word) in text
    return text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not"),
        (errno.EPERM, "may not"),
        (errno.EIO, "input/output error"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.ENOENT, "no such file"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EMFILE, os.strerror(errno.EMFILE)),
        (None, "10 requested and 3 written"),
    ],
)
def test_each_error_says_what_is_wrong_with_which_file(tmp_path, number, words):
    file = tmp_path / "weights.npz"
    raw = OSError("10 requested and 3 written")
    if number is not None:
        raw = OSError(number, os.strerror(number), str(file))
    with pytest.raises(DirectoryError) as raised, plain_disk_errors("cannot write", tmp_path):
        raise raw
    one_line(raised.value, "cannot write", file if number else tmp_path, words)
    assert raised.value.errno == number
    assert raised.value.__cause__ is raw


def test_a_long_or_odd_name_stays_short_and_on_one_line(tmp_path):
    told = disk_error(OSError(errno.ENAMETOOLONG, "too long"), path=tmp_path / ("a\n" * 3000))
    assert len(one_line(told)) < 400


def test_the_disk_is_where_it_is_mounted(small_disk):
    folder = small_disk(1)
    assert disk_of(folder / "no" / "such" / "file") == folder.resolve()
    told = disk_error(OSError(errno.ENOSPC, "No space left on device"), path=folder / "file")
    one_line(told, folder / "file", f"the disk at {folder} is full (1.0 MB are left)")


@pytest.mark.parametrize("pages", [1, 2, 3, 5, 8, 13, 21])
def test_arrays_on_a_disk_that_gets_full_are_all_there_or_an_error(small_disk, pages):
    folder = small_disk(pages / 256)
    for number in range(100):
        file = folder / f"{number}.npz"
        try:
            write_arrays(file, ARRAYS)
        except DirectoryError as error:
            raised = error
            break
        whole = read_arrays(file)
        assert all(np.array_equal(whole[name], ARRAYS[name]) for name in ARRAYS)
    one_line(raised, f"cannot write {file}", f"the disk at {folder} is full")
    assert raised.errno == errno.ENOSPC


@pytest.mark.parametrize("pages", [1, 2, 3, 5])
def test_files_and_directories_on_a_full_disk_are_as_they_were(small_disk, pages):
    folder = small_disk(pages / 256)
    (folder / "state.json").write_text("old")
    with pytest.raises(DirectoryError) as raised:
        write_atomically(folder / "state.json", "new" * 20_000)
    one_line(raised.value, f"cannot write {folder}/state.json", "is full")
    with pytest.raises(DirectoryError) as raised, publish_directory(folder / "night") as work:
        write_arrays(work / "weights.npz", ARRAYS)
    one_line(raised.value, f"cannot write {folder}/night/weights.npz", "is full")
    with pytest.raises(DirectoryError) as raised, publish_directory(folder / "night") as work:
        (work / "raw").write_bytes(b"0" * 10**6)
    one_line(raised.value, f"cannot write {folder}/night", "is full")
    assert [path.name for path in folder.iterdir()] == ["state.json"]
    assert (folder / "state.json").read_text() == "old"


def test_a_link_at_the_name_of_a_file_is_replaced_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    target = tmp_path / "state.json"
    target.symlink_to(precious)
    write_atomically(target, "new")
    assert (precious.read_text(), target.read_text()) == ("mine", "new")
    assert not target.is_symlink()


def test_a_file_that_is_replaced_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "ours", "new")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127])
def test_names_as_long_as_the_disk_allows_can_be_replaced(tmp_path, name):
    write_atomically(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new"


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(DirectoryError, match="too long"), replacing(tmp_path / ("a" * 300)):
        pass
    assert not list(tmp_path.iterdir())

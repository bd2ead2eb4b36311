"""Folders that others own or can write are refused; of files the open one is looked at."""

import contextlib
import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from brainsleep.errors import DirectoryError
from brainsleep.support import ownership
from brainsleep.support.ownership import (
    make_private_folder,
    open_own,
    read_own,
    require_own_folder,
    require_safe_place,
)

#: Some user, and some other.
ALICE, BOB = 12345, 23456

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")


@contextlib.contextmanager
def as_user(user):
    """Be another user for a while."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def place():
    """A folder of this user that all users can reach; those of pytest are private."""
    folder = Path(tempfile.mkdtemp(prefix="ownership-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def check(folder):
    require_own_folder(folder, "the build folder", "set BRAINSLEEP_CACHE to a folder of your own")


def refusal(folder):
    with pytest.raises(DirectoryError) as raised:
        check(folder)
    text = str(raised.value)
    assert "\n" not in text
    assert "is not used" in text
    assert text.endswith("set BRAINSLEEP_CACHE to a folder of your own.")
    return text


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o750, 0o711, 0o2755])
def test_a_folder_that_others_can_at_most_read_is_used(place, mode):
    folder = place / "cache"
    folder.mkdir()
    folder.chmod(mode)
    check(folder)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o770, 0o720, 0o702, 0o2775, 0o757])
def test_a_folder_that_others_can_write_is_refused(place, mode):
    folder = place / "cache"
    folder.mkdir()
    folder.chmod(mode)
    assert f"{folder} can be written by others (mode {mode:03o})" in refusal(folder)
    assert f"run chmod go-w {folder}, or " in refusal(folder)
    folder.chmod(mode & ~0o022)  # as it says
    check(folder)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o770, 0o703])
def test_so_is_one_that_lies_in_a_folder_that_others_can_write(place, mode):
    folder = place / "open" / "between" / "cache"
    folder.mkdir(parents=True, mode=0o755)
    (place / "open").chmod(mode)
    text = refusal(folder)
    assert f"{folder} lies in {place / 'open'}, which can be written by others" in text
    assert f"chmod go-w {place / 'open'} (or chmod +t" in text
    (place / "open").chmod(mode | 0o1000)  # as /tmp is
    check(folder)


@only_root
@pytest.mark.parametrize("mode", [0o755, 0o700, 0o1777])
def test_the_folder_of_another_user_is_refused_also_by_root(place, mode):
    folder = place / "cache"
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, ALICE, ALICE)
    assert f"{folder} belongs to uid {ALICE}, not to user 'root' (uid 0)" in refusal(folder)
    if mode != 0o700:
        with as_user(BOB):
            assert f"belongs to uid {ALICE}, not to uid {BOB}" in refusal(folder)


@only_root
def test_so_is_one_that_lies_in_the_folder_of_another_user(place):
    folder = place / "home" / "cache"
    folder.mkdir(parents=True)
    for mode in (0o755, 0o1777):
        folder.parent.chmod(mode)
        os.chown(folder.parent, ALICE, ALICE)
        assert f"lies in {folder.parent}, which belongs to uid {ALICE}" in refusal(folder)
        os.chown(folder, BOB, BOB)
        with as_user(BOB):
            assert f"lies in {folder.parent}, which belongs to uid {ALICE}" in refusal(folder)
        os.chown(folder, 0, 0)


@only_root
def test_a_user_has_a_folder_below_those_of_root(place):
    folder = place / "cache"
    folder.mkdir(mode=0o700)
    os.chown(folder, ALICE, ALICE)
    with as_user(ALICE):
        check(folder)
        require_safe_place(place, "the temporary folder", place, "set TMPDIR")


@only_root
def test_root_s_folder_is_not_that_of_a_user(place):
    with as_user(ALICE):
        assert f"belongs to user 'root' (uid 0), not to uid {ALICE}" in refusal(place)


def test_who_owns_the_root_folder_is_trusted(monkeypatch, place):
    """As in containers where root's files seem to be nobody's."""
    status = os.lstat(place)

    class OfAnother:
        st_mode, st_gid = status.st_mode, status.st_gid
        st_uid = 65534

    real = Path.lstat
    monkeypatch.setattr(
        Path, "lstat", lambda path: OfAnother() if path in place.parents else real(path)
    )
    check(place)
    monkeypatch.setattr(Path, "lstat", lambda path: OfAnother() if path == place else real(path))
    assert "belongs to" in refusal(place)


@pytest.mark.parametrize(
    ("group", "members", "alone"),
    [("me", [], True), ("me", ["me"], True), ("me", ["me", "you"], False), ("staff", [], False)],
)
def test_a_group_that_is_a_user_s_own_does_not_count(monkeypatch, place, group, members, alone):
    import grp
    import pwd

    class User:
        pw_name = "me"

    class Group:
        gr_name, gr_mem = group, members

    monkeypatch.setattr(pwd, "getpwuid", lambda number: User)
    monkeypatch.setattr(grp, "getgrgid", lambda number: Group)
    status = os.stat_result((0o40775, 0, 0, 1, os.geteuid(), 4711, 0, 0, 0, 0))
    assert ownership._others_may_write(status) is not alone
    assert ownership._others_may_write(os.stat_result((0o40777, *status[1:])))


def test_folders_are_made_for_this_user_alone(place):
    before = os.umask(0)
    try:
        make_private_folder(place / "a" / "b")
    finally:
        os.umask(before)
    for folder in (place / "a", place / "a" / "b"):
        assert folder.stat().st_mode & 0o777 == 0o700
    make_private_folder(place / "a" / "b")
    check(place / "a" / "b")
    (place / "file").touch()
    for wrong in (place / "file", place / "file" / "c"):
        with pytest.raises(NotADirectoryError):
            make_private_folder(wrong)


# Files


def error_of(file, flags=os.O_RDONLY, **options):
    with pytest.raises(OSError) as raised:  # noqa: PT011 - of any kind
        os.close(open_own(file, flags, **options))
    return raised.value


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_TRUNC])
def test_links_and_what_is_no_file_are_not_opened(place, flags):
    target = place / "target"
    target.write_text("precious")
    (place / "link").symlink_to(target)
    (place / "dangling").symlink_to(place / "none")
    os.mkfifo(place / "pipe", 0o600)
    (place / "folder").mkdir()
    assert error_of(place / "link", flags).errno == errno.ELOOP
    assert error_of(place / "dangling", flags).errno == errno.ELOOP
    assert not (place / "none").exists()
    assert target.read_text() == "precious"
    assert error_of(place / "folder", flags).errno in (errno.EISDIR, errno.EPERM)
    assert error_of(place / "pipe", flags).errno in (errno.ENXIO, errno.EPERM), "nor waited for"


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o606])
def test_files_that_others_can_write_are_not_opened(place, mode):
    file = place / "file"
    file.write_text("planted")
    file.chmod(mode)
    error = error_of(file)
    assert (error.errno, error.filename) == (errno.EPERM, str(file))
    assert error.strerror == f"can be written by others (mode {mode:03o})"
    os.close(open_own(file, any_mode=True))
    file.chmod(0o644)
    assert read_own(file) == b"planted"


@only_root
def test_files_of_others_are_not_opened(place):
    file = place / "file"
    file.write_text("planted")
    os.chown(file, ALICE, ALICE)
    file.chmod(0o644)
    for options in ({}, {"any_mode": True}):
        assert f"belongs to uid {ALICE}, not to user 'root'" in error_of(file, **options).strerror
    with as_user(BOB):
        assert f"belongs to uid {ALICE}, not to uid {BOB}" in error_of(file).strerror
    with as_user(ALICE):
        assert read_own(file) == b"planted"


def test_new_files_are_for_this_user_alone(place):
    before = os.umask(0)
    try:
        os.close(open_own(place / "new", os.O_RDWR | os.O_CREAT))
    finally:
        os.umask(before)
    assert (place / "new").stat().st_mode & 0o777 == 0o600

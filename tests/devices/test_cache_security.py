"""Programs that others have planted in the build cache are not run, nor their links followed."""

import errno
import json
import logging
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from test_cache import KEY, Builder, names, obtain

from brainsleep.devices import cache
from brainsleep.devices.cache import signing
from brainsleep.devices.compiler_failure import run_compiler
from brainsleep.devices.cpp.scratch import scratch_folder
from brainsleep.errors import CompilerError, DirectoryError
from brainsleep.experiments.cli import main
from brainsleep.support import key_locks as locks

ROOT = Path(__file__).parents[2]

#: Some user.
ALICE = 12345

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")


@pytest.fixture
def reachable(monkeypatch):
    """A build cache that all users can reach; the folders of pytest are private."""
    place = Path(tempfile.mkdtemp(prefix="security-")).resolve()
    place.chmod(0o755)
    (place / "cache").mkdir(mode=0o755)
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(place / "cache"))
    yield place / "cache"
    shutil.rmtree(place)


def plant(folder, sign_anew=True):
    """Replace the program of an entry by another, with a record that fits it."""
    (folder / "main").write_text("#!/bin/sh\necho planted\n")
    (folder / "main").chmod(0o755)
    if sign_anew:
        record = json.loads((folder / "build.json").read_text())
        content = (folder / "main").read_bytes()
        record["files"]["main"] = (len(content), cache.programs._digest(content))
        (folder / "build.json").write_text(json.dumps(record))


def built_again(caplog, reason):
    """Obtain the program, which must have been built again for this reason."""
    build = Builder()
    caplog.clear()
    with caplog.at_level(logging.WARNING, "brainsleep"):
        found = obtain(build=build)
    assert (found.cached, build.count) == (False, 1)
    assert reason in caplog.text
    assert "planted" not in (found.program.directory / "main").read_text()
    assert obtain().cached
    return found


def refused(action, *words):
    with pytest.raises(DirectoryError) as raised:
        action()
    assert "\n" not in str(raised.value)
    for word in words:
        assert str(word) in str(raised.value)


# Planted programs


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o730])
def test_a_cache_that_others_can_write_is_refused_and_later_nothing_planted_is_believed(
    reachable, caplog, mode
):
    plant(obtain().program.directory)
    reachable.chmod(mode)
    for action in (obtain, cache.clear, cache.list_programs):
        refused(action, f"{reachable} can be written by others", f"chmod go-w {reachable}")
    reachable.chmod(mode & ~0o022)
    built_again(caplog, "build.json is not signed by this user")


def test_a_cache_in_a_folder_that_others_can_write_is_refused(reachable):
    obtain()
    reachable.parent.chmod(0o777)
    refused(
        obtain, f"lies in {reachable.parent}, which can be written by others", "BRAINSLEEP_CACHE"
    )
    reachable.parent.chmod(0o1777)
    assert obtain().cached


@only_root
def test_root_runs_no_program_of_another_user(reachable):
    folder = obtain().program.directory
    plant(folder)
    for path in (reachable, folder, *folder.iterdir()):
        os.chown(path, ALICE, ALICE)
    refused(obtain, f"{reachable} belongs to uid {ALICE}, not to user 'root'", "BRAINSLEEP_CACHE")


@only_root
def test_a_user_runs_no_program_of_root_s_and_can_build_an_own(reachable):
    obtain()
    os.seteuid(ALICE)
    try:
        refused(obtain, f"{reachable} belongs to user 'root' (uid 0), not to uid {ALICE}")
    finally:
        os.seteuid(0)
    os.chown(reachable.parent, ALICE, ALICE)
    os.environ["BRAINSLEEP_CACHE"] = str(reachable.with_name("own"))
    os.seteuid(ALICE)
    try:
        assert not obtain().cached
        assert obtain().cached
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("sign_anew", [True, False])
def test_a_replaced_program_is_not_run_whatever_its_digest(empty_cache, caplog, sign_anew):
    plant(obtain().program.directory, sign_anew)
    built_again(caplog, "not signed" if sign_anew else "main has")


def test_a_record_signed_with_another_secret_is_not_believed(empty_cache, caplog):
    folder = obtain().program.directory
    own = (empty_cache / signing.SECRET).read_bytes()
    (empty_cache / signing.SECRET).write_bytes(bytes(32))
    plant(folder)
    cache.sign(folder, {})
    (empty_cache / signing.SECRET).write_bytes(own)
    built_again(caplog, "not signed by this user")


def test_a_program_does_not_stand_for_another(empty_cache, caplog):
    other = obtain("f" * 32).program.directory
    other.rename(empty_cache / KEY)
    built_again(caplog, "not signed by this user")


SPOILT = {
    "folder": (lambda folder: folder.chmod(0o777), f"{KEY} can be written by others (mode 777)"),
    "inner folder": (lambda folder: (folder / "static_arrays").chmod(0o775), "static_arrays can"),
    "program": (lambda folder: (folder / "main").chmod(0o777), "main can be written by others"),
    "array": (
        lambda folder: (folder / "static_arrays" / "delays").chmod(0o666),
        "delays: can be written by others",
    ),
    "record": (lambda folder: (folder / "build.json").chmod(0o666), "build.json: can be written"),
    "linked program": (
        lambda folder: (
            shutil.move(folder / "main", folder / "else")
            and (folder / "main").symlink_to(folder / "else")
        ),
        "main Too many levels of symbolic links",
    ),
    "linked array": (
        lambda folder: (
            (folder / "static_arrays").rename(folder / "else")
            and (folder / "static_arrays").symlink_to(folder / "else")
        ),
        "static_arrays is no folder",
    ),
    "linked folder": (
        lambda folder: (
            folder.rename(folder.parent / "else") and folder.symlink_to(folder.parent / "else")
        ),
        f"{KEY} is no folder",
    ),
    "pipe": (
        lambda folder: (folder / "main").unlink() or os.mkfifo(folder / "main"),
        "main is no file",
    ),
}
if os.geteuid() == 0:
    SPOILT |= {
        f"{name} of another": (lambda folder, name=name: os.chown(folder / name, ALICE, -1), words)
        for name, words in {
            "": f"the folder {KEY} belongs to",
            "main": "main belongs to",
            "build.json": "build.json: belongs to",
            "static_arrays": "the folder static_arrays belongs to",
            "static_arrays/delays": "delays: belongs to",
        }.items()
    }


@pytest.mark.parametrize("kind", SPOILT)
def test_what_others_could_have_changed_is_built_again(empty_cache, caplog, kind):
    spoil, reason = SPOILT[kind]
    spoil(obtain().program.directory)
    built_again(caplog, reason)
    assert not (empty_cache / KEY).is_symlink()
    (empty_cache / "else").exists() and shutil.rmtree(empty_cache / "else")
    assert names(empty_cache) == [KEY]


def test_entries_are_for_this_user_alone_whatever_the_umask(empty_cache):
    before = os.umask(0)
    try:
        folder = obtain().program.directory
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not any(path.stat().st_mode & 0o022 for path in folder.rglob("*"))
    assert obtain().cached


# The secret


@pytest.mark.parametrize("damage", ["gone", "short", "readable", "link", "folder"])
def test_a_secret_that_is_none_is_replaced(empty_cache, caplog, damage):
    obtain()
    secret = empty_cache / signing.SECRET
    assert (secret.stat().st_size, stat.S_IMODE(secret.stat().st_mode)) == (32, 0o600)
    known = empty_cache.with_name("known")
    known.write_bytes(bytes(32))
    known.chmod(0o600)
    if damage == "readable":
        secret.chmod(0o644)
    elif damage == "short":
        secret.write_bytes(b"short")
    else:
        secret.unlink()
    if damage == "link":
        secret.symlink_to(known)
    elif damage == "folder":
        secret.mkdir()
        refused(obtain, secret.parent)
        secret.rmdir()
    built_again(caplog, "not signed by this user")
    assert (secret.stat().st_size, stat.S_IMODE(secret.lstat().st_mode)) == (32, 0o600)
    assert known.read_bytes() == bytes(32)


def test_without_links_of_the_file_system_there_is_a_secret(empty_cache, monkeypatch):
    def refuse(*paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert not obtain().cached
    assert obtain().cached


def test_where_every_file_can_be_read_by_others_there_is_no_secret(empty_cache, monkeypatch):
    def refuse(file):
        raise PermissionError(errno.EPERM, "can be written by others (mode 777)", str(file))

    monkeypatch.setattr(signing, "read_own", refuse)
    refused(obtain, "cannot keep a secret", "BRAINSLEEP_CACHE")
    assert names(empty_cache) == []


# Links at the names of files that are written


def test_a_lock_that_is_a_link_is_not_followed(empty_cache):
    target = empty_cache.with_name("target")
    (empty_cache / f"{KEY}.lock").symlink_to(target)
    refused(obtain, f"{KEY}.lock is a link", f"rm {empty_cache / KEY}.lock")
    assert not target.exists()
    target.write_text("precious")
    refused(obtain, "is a link")
    assert target.read_text() == "precious"
    (empty_cache / f"{KEY}.lock").unlink()  # as it says
    assert not obtain().cached


@only_root
def test_a_lock_of_another_user_is_not_used(empty_cache):
    lock = empty_cache / f"{KEY}.lock"
    lock.touch()
    os.chown(lock, ALICE, ALICE)
    refused(obtain, f"{KEY}.lock belongs to uid {ALICE}", f"rm {lock}")


def test_nobody_else_can_hold_a_lock(empty_cache):
    lock = empty_cache / f"{KEY}.lock"
    lock.touch()
    lock.chmod(0o666)
    with locks.key_lock(empty_cache, KEY):
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert not lock.exists()


def test_the_log_of_a_failure_replaces_a_link(empty_cache):
    target = empty_cache.with_name("target")
    target.write_text("precious")
    log = empty_cache / "last_failure.log"
    for _ in range(2):
        log.unlink(missing_ok=True)
        log.symlink_to(target)
        (empty_cache / "work").mkdir(exist_ok=True)
        with pytest.raises(CompilerError, match=r"see .*last_failure.log\): exit status 1"):
            run_compiler(["false"], empty_cache / "work")
        assert target.read_text() == "precious"
        assert not log.is_symlink()
        assert log.read_text().startswith("false")
        target = empty_cache.with_name("dangling")
        target.unlink(missing_ok=True)
        target.write_text("precious")


# Temporary folders


@pytest.fixture
def temporary(reachable, monkeypatch):
    folder = reachable.with_name("temporary")
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def use_scratch():
    with scratch_folder() as scratch:
        assert stat.S_IMODE(scratch.path.stat().st_mode) == 0o700


def test_a_temporary_folder_that_others_can_rename_is_refused(temporary):
    temporary.chmod(0o777)
    refused(use_scratch, f"the temporary folder {temporary} can be written by others", "TMPDIR")
    temporary.chmod(0o1777)
    use_scratch()
    temporary.parent.chmod(0o777)
    refused(use_scratch, f"lies in {temporary.parent}, which can be written by others", "TMPDIR")
    temporary.parent.chmod(0o755)
    assert not list(temporary.iterdir())


@only_root
def test_root_works_in_no_temporary_folder_of_another_user(temporary):
    os.chown(temporary, ALICE, ALICE)
    refused(use_scratch, f"{temporary} belongs to uid {ALICE}", "TMPDIR")


#: Notes every file that a night and a build open for writing.
WATCHER = """
import json, os, sys
sys.path.insert(0, {tests!r})
shared, seen = {shared!r}, []

def watch(event, arguments):
    if event != "open" or not isinstance(arguments[0], (str, bytes)):
        return
    path, mode, flags = os.fsdecode(arguments[0]), arguments[1], arguments[2]
    if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    for top in shared:
        if path.startswith(top + "/") and "/brian_" not in path:  # which is Brian2's own
            below = path[len(top) + 1 :].split("/")
            private = len(below) > 1 and not os.stat(top + "/" + below[0]).st_mode & 0o077
            seen.append([path, private, bool(flags & (os.O_EXCL | os.O_NOFOLLOW))])

sys.addaudithook(watch)
import numpy as np
import test_cache
test_cache.night()
test_cache.night()
os.environ["CXX"] = "false"
try:
    test_cache.night(np.full(12, 0.1), record=None, dtype="float64")
except Exception as error:
    assert "could not compile" in str(error), error
print(json.dumps(seen))
"""


def test_all_files_in_shared_places_lie_in_private_folders_or_are_new(tmp_path):
    """No name that others can know is written through, in the cache or the temporary folder."""
    shared = [tmp_path / "cache", tmp_path / "temporary"]
    for folder in shared:
        folder.mkdir()
        folder.chmod(0o755)
    paths = [ROOT, ROOT / "tests", Path(__file__).parent]
    result = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            WATCHER.format(tests=str(ROOT / "tests"), shared=[str(one) for one in shared]),
        ],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "BRAINSLEEP_CACHE": str(shared[0]),
            "TMPDIR": str(shared[1]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    written = {Path(path).name for path, _, _ in seen}
    assert {"manifest.json", "build.json", "sources.tar.gz", "unity.cpp"} <= written
    assert any(name.endswith(".lock") for name in written)
    assert any(name.startswith(".last_failure.log") for name in written)
    assert any(path.startswith(f"{shared[1]}/brainsleep-") for path, _, _ in seen)
    new = {path for path, _, safe in seen if safe}
    assert [path for path, private, _ in seen if not private and path not in new] == []


def test_the_command_line_refuses_in_one_line(reachable, capsys, monkeypatch):
    reachable.chmod(0o777)
    monkeypatch.setattr(sys, "argv", ["brainsleep", "cache", "list"])
    with pytest.raises(SystemExit):
        main()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"brainsleep: the build folder {reachable} can be written by others")

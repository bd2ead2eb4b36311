"""The build cache: programs are built once, damaged ones are built again, and old ones removed."""

import errno
import json
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time

import numpy as np
import pytest
from helpers import SMALL, mlp
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.devices import cache
from brainsleep.devices.cache import obtaining, programs
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.experiments.cli import app
from brainsleep.support import key_locks as locks
from brainsleep.support.disk import disk_of
from brainsleep.support.kept_training import kept_training

KEY = "0123456789abcdef" * 2
DAY = 86_400


class Builder:
    """Builds what looks like a program, and counts how often."""

    def __init__(self, size=0):
        self.size, self.count = size, 0

    def __call__(self, folder):
        self.count += 1
        assert not any(folder.iterdir())
        (folder / "main").write_text("#!/bin/sh\nexit 0\n" + "#" * self.size)
        (folder / "main").chmod(0o755)
        (folder / "manifest.json").write_text('{"populations": 3}')
        (folder / "code_objects").mkdir()
        (folder / "code_objects" / "layer.cpp").write_text("int answer = 42;")
        (folder / "main.o").write_text("object code")
        (folder / "static_arrays").mkdir()
        (folder / "static_arrays" / "delays").write_bytes(b"\0\1\2")


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text())["populations"]


def obtain(key=KEY, build=None):
    return cache.obtain(key, build or Builder(), read_manifest, {"network": "3-2-1"})


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".key")


def age(folder, days):
    moment = time.time() - days * DAY
    for path in (folder / cache.RECORD, folder):
        os.utime(path, (moment, moment))


def numbered(number):
    return f"{number:032x}"


def night(stimulus=None, device="cpp", **options):
    stimulus = np.full(12, 0.2) if stimulus is None else stimulus
    neuron = bs.Heaviside(gain=1, threshold=0.4, decay=0.9)
    ann = mlp(SMALL, scale=1.5)
    return bs.sleep(
        ann,
        stimulus,
        None,
        60,
        neuron=neuron,
        plasticity=bs.SRC(2e-3, 5e-4),
        device=device,
        **options,
    )


# Finding and building


def test_a_program_is_built_once(empty_cache):
    build = Builder()
    first, second = obtain(build=build), obtain(build=build)
    assert (first.cached, second.cached, build.count) == (False, True, 1)
    assert first.contents == second.contents == 3
    assert first.program.directory == second.program.directory == empty_cache / KEY
    assert names(empty_cache) == [KEY], "no lock, no work folder"


def test_sources_are_packed_and_what_the_program_reads_is_kept(empty_cache):
    folder = obtain().program.directory
    assert names(folder) == [
        "build.json", "main", "manifest.json", "sources.tar.gz", "static_arrays"
    ]  # fmt: skip
    with tarfile.open(folder / "sources.tar.gz") as archive:
        assert archive.getnames() == ["code_objects/layer.cpp"]
    record = json.loads((folder / "build.json").read_text())
    assert record["description"] == {"network": "3-2-1"}
    assert sorted(record["files"]) == ["main", "manifest.json", "static_arrays/delays"]


def truncate(folder):
    (folder / "main").write_bytes((folder / "main").read_bytes()[:-5])


def flip(folder):
    content = bytearray((folder / "main").read_bytes())
    content[-2] ^= 1
    (folder / "main").write_bytes(content)


def unreadable_for_the_caller(folder):
    (folder / "manifest.json").write_text('{"something": "else"}')
    cache.sign(folder, {})


DAMAGES = {
    "truncated": (truncate, "main has"),
    "one bit": (flip, "main was changed"),
    "empty": (lambda folder: (folder / "main").write_bytes(b""), "main has 0 bytes"),
    "no permission": (lambda folder: (folder / "main").chmod(0o644), "may not be run"),
    "manifest": (lambda folder: (folder / "manifest.json").write_text("{pop"), "manifest.json has"),
    "other manifest": (unreadable_for_the_caller, "KeyError"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json: No such"),
    "array": (lambda folder: (folder / "static_arrays" / "delays").unlink(), "delays: No such"),
    "no record": (lambda folder: (folder / "build.json").unlink(), "build.json: No such"),
    "record": (lambda folder: (folder / "build.json").write_text("no JSON"), "build.json is not"),
    "record of a kind": (lambda folder: (folder / "build.json").write_text("[1]"), "build.json is"),
    "record of files": (
        lambda folder: (folder / "build.json").write_text('{"files": {"main": 3}}'),
        "build.json is not",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_program_is_built_again(empty_cache, damage, caplog):
    build = Builder()
    folder = obtain(build=build).program.directory
    spoil, reason = DAMAGES[damage]
    spoil(folder)
    with caplog.at_level(logging.WARNING, "brainsleep"):
        again = obtain(build=build)
    assert (again.cached, again.contents, build.count) == (False, 3, 2)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert reason in caplog.text
    assert str(folder) in caplog.text
    assert obtain(build=build).cached
    assert build.count == 2
    assert names(empty_cache) == [KEY]


def test_a_folder_without_a_program_is_replaced(empty_cache):
    (empty_cache / KEY).mkdir()
    (empty_cache / KEY / "manifest.json").write_text("{}")
    assert not obtain().cached
    assert obtain().cached


def test_a_failing_build_leaves_nothing(empty_cache):
    def fail(folder):
        Builder()(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        obtain(build=fail)
    assert names(empty_cache) == []


# Several processes or threads


def test_threads_that_want_one_program_build_it_once(empty_cache, caplog):
    build, started, finish = Builder(), threading.Event(), threading.Event()

    def slow(folder):
        build(folder)
        started.set()
        assert finish.wait(20)

    found = []

    def ask(how):
        found.append(obtain(build=how))

    first = threading.Thread(target=ask, args=(slow,))
    others = [threading.Thread(target=ask, args=(build,)) for _ in range(3)]
    with caplog.at_level(logging.INFO, "brainsleep"):
        first.start()
        assert started.wait(20)
        for thread in others:
            thread.start()
        time.sleep(0.2)
        assert not found, "the others wait for the first"
        finish.set()
        for thread in [first, *others]:
            thread.join(20)
    assert build.count == 1
    assert sorted(one.cached for one in found) == [False, True, True, True]
    assert "waiting for another process" in caplog.text
    assert names(empty_cache) == [KEY]


def test_leftovers_of_killed_processes_are_removed_and_nothing_else(empty_cache):
    dead, alive = numbered(1), numbered(2)
    for name in (f"building-{dead}-aa", f"building-{alive}-bb", f"removing-{dead}-cc"):
        (empty_cache / name).mkdir()
        (empty_cache / name / "main.cpp").write_text("…")
    (empty_cache / f"building-{KEY}-dd").mkdir()
    (empty_cache / f"{dead}.lock").touch()
    (empty_cache / f"{KEY}.lock").touch()
    foreign = empty_cache / "building-plans"
    foreign.mkdir()
    with locks.key_lock(empty_cache, alive) as lock:
        assert lock is locks.Lock.HELD
        obtain()
        assert names(empty_cache) == sorted(
            [KEY, f"building-{alive}-bb", f"{alive}.lock", "building-plans"]
        )
    obtain(numbered(3))
    assert names(empty_cache) == sorted([KEY, numbered(3), "building-plans"])


@pytest.fixture
def no_locks(monkeypatch):
    monkeypatch.setattr(locks, "lock_file", lambda *args, **kwargs: locks.Lock.UNAVAILABLE)


def test_without_locks_the_faster_build_stays(empty_cache, no_locks):
    build = Builder()

    def slower(folder):
        build(folder)
        if build.count == 1:
            assert not obtain(build=build).cached
            (empty_cache / KEY / "stays").touch()

    found = obtain(build=slower)
    assert build.count == 2
    assert found.contents == 3
    assert (empty_cache / KEY / "stays").exists()
    assert names(empty_cache) == [KEY]


def test_without_locks_only_what_is_old_is_removed(empty_cache, no_locks):
    obtain()
    obtain(numbered(1))
    age(empty_cache / KEY, days=2)
    for number, days in ((7, 0), (8, 2)):
        work = empty_cache / f"building-{numbered(number)}-aa"
        work.mkdir()
        os.utime(work, (time.time() - days * DAY,) * 2)
    removal = cache.clear()
    assert (removal.programs, removal.in_use) == (1, 1)
    assert names(empty_cache) == sorted([numbered(1), f"building-{numbered(7)}-aa"])


def test_without_locks_of_the_system_programs_are_built_and_found(empty_cache, monkeypatch):
    import fcntl

    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not obtain().cached
    assert obtain().cached


# Folders that are full, read-only, or deleted


def test_full_folder_builds_nothing(empty_cache, monkeypatch):
    usage = shutil.disk_usage(empty_cache)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5_000_000))
    build = Builder()
    with pytest.raises(DirectoryError) as raised:
        obtain(build=build)
    assert str(raised.value) == (
        f"cannot build in the folder {empty_cache}: the disk at {disk_of(empty_cache)} is full "
        "(5.0 MB are left); free some space, or set BRAINSLEEP_CACHE to a folder elsewhere."
    )
    assert build.count == 0
    assert names(empty_cache) == []


@pytest.mark.parametrize("when", ["build", "record", "publish"])
def test_folder_that_gets_full_keeps_nothing_half_written(empty_cache, monkeypatch, when):
    def fill(*args):
        raise OSError(errno.ENOSPC, "No space left on device", str(empty_cache / "main"))

    def build(folder):
        Builder()(folder)
        if when == "build":
            fill()

    with monkeypatch.context() as patch:
        if when == "record":
            patch.setattr(programs, "sign", fill)
        elif when == "publish":
            patch.setattr(obtaining, "_publish", fill)
        with pytest.raises(DirectoryError, match="is full") as raised:
            obtain(build=build)
    assert "\n" not in str(raised.value)
    assert names(empty_cache) == []
    assert not obtain().cached


def test_a_temporary_folder_that_gets_full_during_a_build_is_named(
    empty_cache, small_disk, monkeypatch
):
    folder = small_disk(1)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def fill(work):
        raise OSError(errno.ENOSPC, "No space left on device")  # as Brian2 does, naming no file

    with pytest.raises(DirectoryError, match=rf"cannot write to {folder}: .* is full .* TMPDIR"):
        obtain(build=fill)


@pytest.fixture
def small_cache(small_disk, monkeypatch):
    """A build cache on a file system of 1 MB."""
    folder = small_disk(1)
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(folder))
    return folder


def test_real_disk_that_gets_full(small_cache, monkeypatch):
    build = Builder(size=2_000_000)
    with pytest.raises(DirectoryError, match=r"is full \(1\.0 MB are left\)"):
        obtain(build=build)
    assert build.count == 0
    monkeypatch.setattr(obtaining, "FREE_BYTES_TO_BUILD", 0)
    with pytest.raises(DirectoryError, match=r"disk0 is full \(.* MB are left\)"):
        obtain(build=build)
    assert build.count == 1
    assert names(small_cache) == []


@pytest.mark.parametrize(("option", "words"), [("ro", "cannot write to"), ("noexec", "noexec")])
def test_real_disk_that_cannot_be_written_or_run_from(small_cache, option, words):
    subprocess.run(["mount", "-o", f"remount,{option}", str(small_cache)], check=True)
    build = Builder()
    for attempt in (lambda: obtain(build=build), lambda: night(), cache.clear):
        with pytest.raises(DirectoryError, match=words) as raised:
            attempt()
        assert "BRAINSLEEP_CACHE" in str(raised.value)
        assert "\n" not in str(raised.value)
    assert cache.list_programs() == []
    assert build.count == 0


def test_folder_emptied_during_a_build(empty_cache, caplog):
    build = Builder()

    def interrupted(folder):
        build(folder)
        if build.count == 1:
            shutil.rmtree(empty_cache)
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    with caplog.at_level(logging.WARNING, "brainsleep"):
        found = obtain(build=interrupted)
    assert not found.cached
    assert build.count == 2
    assert "was emptied during a build" in caplog.text
    assert names(empty_cache) == [KEY]


def test_folder_emptied_again_and_again(empty_cache):
    def hopeless(folder):
        shutil.rmtree(empty_cache)
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    with pytest.raises(DirectoryError, match="is something else clearing this folder"):
        obtain(build=hopeless)


# Size limits


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 2**30),
        ("500 MB", 500_000_000),
        ("1.5GiB", 3 * 2**29),
        ("2g", 2_000_000_000),
        ("64 kib", 65_536),
        ("1000", 1000),
        ("0", 0),
    ],
)
def test_size_limits(monkeypatch, text, size):
    monkeypatch.setenv("BRAINSLEEP_CACHE_SIZE", text)
    assert cache.size_limit() == size


@pytest.mark.parametrize("text", ["lots", "-1 MB", "1 XB", "MB", "1 2 MB", "nan"])
def test_texts_that_are_not_sizes(monkeypatch, text, empty_cache):
    monkeypatch.setenv("BRAINSLEEP_CACHE_SIZE", text)
    with pytest.raises(ParameterError, match="BRAINSLEEP_CACHE_SIZE must be a size"):
        night()
    assert names(empty_cache) == []


def test_what_was_not_used_for_longest_goes_first(empty_cache, monkeypatch):
    build = Builder(size=100_000)
    for number in range(4):
        obtain(numbered(number), build)
        age(empty_cache / numbered(number), days=10 - number)
    obtain(numbered(0), build)  # used again
    monkeypatch.setenv("BRAINSLEEP_CACHE_SIZE", "350 kB")
    obtain(numbered(4), build)
    assert names(empty_cache) == [numbered(number) for number in (0, 3, 4)]
    assert build.count == 5


def test_a_program_in_use_or_just_built_stays(empty_cache, monkeypatch):
    held = obtain(numbered(0))
    obtain(numbered(1))
    monkeypatch.setenv("BRAINSLEEP_CACHE_SIZE", "0")
    obtain(numbered(2))
    assert names(empty_cache) == [numbered(0), numbered(2)]
    assert (held.program.directory / "main").exists()
    del held
    obtain(numbered(3))
    assert names(empty_cache) == [numbered(3)]


# The command line


def command(*arguments):
    result = CliRunner().invoke(app, ["cache", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_clear_removes_what_is_ours_and_not_in_use(empty_cache):
    held = obtain(numbered(0))
    for number in (1, 2):
        obtain(numbered(number), Builder(size=1_000_000))
    age(empty_cache / numbered(2), days=8)
    (empty_cache / "thesis.tex").write_text("…")
    (empty_cache / "pictures").mkdir()
    (empty_cache / f"removing-{KEY}-aa").mkdir()
    place = f"from {empty_cache}"
    for days, told in (
        ("9", f"removed 0 programs, 0.0 MB, {place}"),
        ("7.5", f"removed 1 program, 1.0 MB, {place}"),
        ("0", f"removed 1 program, 1.0 MB, {place}; 1 in use stayed"),
    ):
        assert command("clear", "--older-than", days).splitlines()[0] == told
    assert names(empty_cache) == [numbered(0), "pictures", "thesis.tex"]
    held.program.release()
    assert command("clear").startswith("removed 1 program, 0.0 MB")
    assert names(empty_cache) == ["pictures", "thesis.tex"]


def test_list_and_clear_without_a_folder(tmp_path, monkeypatch):
    none, training = tmp_path / "none", tmp_path / "none-training"
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(none))
    assert command("list").splitlines() == [
        f"0 programs, 0.0 MB of 1073.7 MB, in {none}",
        f"0 trained networks, 0.0 MB of 4295.0 MB, in {training}",
    ]
    assert command("clear").splitlines() == [
        f"removed 0 programs, 0.0 MB, from {none}",
        f"removed 0 trained networks, 0.0 MB, from {training}",
    ]
    assert not none.exists()
    assert not training.exists()


def test_list_and_clear_know_trained_networks(empty_cache):
    kept = kept_training()
    kept.obtain(KEY, lambda: {"w": np.zeros(10**5)})
    assert "1 trained network, 0.8 MB of" in command("list")
    assert "removed 0 trained networks" in command("clear", "--older-than", "1")
    assert "removed 1 trained network, 0.8 MB" in command("clear")
    assert kept.entries() == []


def test_list_shows_damaged_programs_too(empty_cache):
    folder = obtain().program.directory
    (folder / "build.json").write_text("no JSON")
    row = command("list").splitlines()[1].split()
    assert row[:6] == ["01234567", *"?????"]
    assert row[8] == "?"

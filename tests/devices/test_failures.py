"""Programs and compilers that are killed, or whose disk is full, say so in one line."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest
from helpers import SMALL, heaviside, mlp, random_spikes

import brainsleep as bs
from brainsleep.devices.compiler_failure import LOG, run_compiler
from brainsleep.devices.cpp.failure import CANNOT_WRITE, failure, start_failure
from brainsleep.errors import BrainsleepError, CompilerError, DirectoryError, NightError

PROGRAM, SCRATCH = Path("/cache/key"), Path("/tmp/brainsleep-x")


def one_line(error, *words):
    text = str(error)
    assert isinstance(error, BrainsleepError)
    assert "\n" not in text
    for word in words:
        assert str(word) in text
    return text


def night(n_steps=60, **options):
    return bs.sleep(
        mlp(SMALL, scale=1.5),
        random_spikes(n_steps, 12, 0.3),
        duration=n_steps,
        neuron=heaviside(threshold=0.4),
        plasticity=bs.SRC(2e-3, 5e-4),
        **options,
    )


# What a status says


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (-signal.SIGKILL, "", ["killed by SIGKILL", "memory did not suffice", "free now"]),
        (-signal.SIGSEGV, "", ["was killed by SIGSEGV; if /cache/key was damaged"]),
        (-signal.SIGXFSZ, "", ["SIGXFSZ", "ulimit -f"]),
        (-signal.SIGXCPU, "", ["SIGXCPU", "ulimit -t"]),
        (-signal.SIGRTMIN - 5, "", ["was killed by signal 39"]),
        (-signal.SIGABRT, "terminate called: std::bad_alloc", ["memory did not suffice"]),
        (3, "no such file x", ["ended with status 3 (no such file x); if /cache/key was"]),
        (0, "could not read", ["ended with status 0 (could not read)", "delete it"]),
    ],
)
def test_how_a_program_ended(status, message, words):
    error = failure(status, message, PROGRAM, SCRATCH)
    assert type(error) is NightError
    one_line(error, "the night's program", *words)
    assert ("delete it" in str(error)) == (status >= 0 or status == -signal.SIGSEGV)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "input/output error"),
        (errno.EACCES, "may not"),
    ],
)
@pytest.mark.parametrize("folder", [SCRATCH, Path("/home/me/night (1) (2)/stream")])
def test_what_a_program_could_not_write(number, words, folder):
    message = f"cannot write {folder}/spikes1.i ({number})"
    error = failure(CANNOT_WRITE, message, PROGRAM, SCRATCH)
    assert isinstance(error, DirectoryError)
    assert error.errno == number
    one_line(error, f"the night cannot write {folder}/spikes1.i: ", words)
    assert ("TMPDIR" in str(error)) == (folder == SCRATCH)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EAGAIN, "ulimit"), (errno.ENOMEM, "ulimit"), (errno.EACCES, f"delete {PROGRAM}")],
)
def test_a_program_that_cannot_be_started(number, words):
    one_line(start_failure(OSError(number, os.strerror(number)), PROGRAM), words)


# Killed


def children():
    """Return the simulations that this process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            command = folder.joinpath("cmdline").read_bytes()
        except (OSError, ValueError):  # it has ended
            continue
        if parent == os.getpid() and b"--results_dir" in command:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM])
def test_a_simulation_that_is_killed_says_by_what(deadly):
    def kill():
        for process in children():
            os.kill(process, deadly)
            time.sleep(0.1)
        return False

    with pytest.raises(NightError) as raised:
        night(4000, should_stop=kill)
    words = ["memory did not suffice"] if deadly == signal.SIGKILL else []
    one_line(raised.value, f"was killed by {deadly.name}", *words)
    assert "damaged" not in str(raised.value)


COMPILERS = {
    "kill -9 $$": (
        CompilerError,
        ["was killed by SIGKILL while", "memory did not suffice", "free now"],
    ),
    "echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2; exit 1": (
        CompilerError,
        ["was killed or gave up while", "memory did not suffice"],
    ),
    "echo 'virtual memory exhausted: Cannot allocate memory' >&2; exit 1": (
        CompilerError,
        ["memory did not suffice"],
    ),
    "echo 'as: error: /tmp/x.o: No space left on device' >&2; exit 1": (
        DirectoryError,
        ["a disk is full", "MB are left on /", "TMPDIR", "BRAINSLEEP_CACHE"],
    ),
    "echo 'x.cpp:1: error: what' >&2; exit 1": (CompilerError, ["error: what", LOG]),
    "exit 7": (CompilerError, ["exit status 7", LOG]),
}


@pytest.mark.parametrize("script", COMPILERS)
def test_a_compiler_that_fails_says_why(tmp_path, script):
    compiler, work = tmp_path / "g++", tmp_path / "work"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    work.mkdir()
    kind, words = COMPILERS[script]
    with pytest.raises(kind) as raised:
        run_compiler([str(compiler), "-O3", "unity.cpp"], work)
    one_line(raised.value, compiler, *words)
    assert (tmp_path / LOG).exists() == (LOG in words)


@pytest.mark.parametrize("command", ["no such compiler", "/"])
def test_a_compiler_that_cannot_be_run(tmp_path, command):
    with pytest.raises(CompilerError, match="cannot be run: ") as raised:
        run_compiler([command], tmp_path)
    one_line(raised.value)


def test_the_log_of_a_failure_is_left_out_where_the_disk_is_full(small_disk):
    folder = small_disk(1 / 256)
    (folder / "work").mkdir()
    with pytest.raises(CompilerError, match="could not compile") as raised:
        run_compiler(["sh", "-c", "yes error: no | head -c 100000 >&2; exit 1"], folder / "work")
    one_line(raised.value)
    assert not (folder / LOG).exists()


# Full disks


def test_a_temporary_folder_with_no_page_left_is_named_or_another_is_taken(small_disk, monkeypatch):
    folder = small_disk(1 / 256)
    (folder / "full").write_bytes(bytes(4096))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(DirectoryError) as raised:
        night()
    one_line(raised.value, folder, f"the disk at {folder} is full", "TMPDIR")
    assert [path.name for path in folder.iterdir()] == ["full"]


def test_a_temporary_folder_that_is_gone_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(DirectoryError) as raised:
        night()
    one_line(raised.value, tmp_path / "gone", "TMPDIR")


@pytest.mark.parametrize("kind", ["save", "to_nir", "figure"])
@pytest.mark.parametrize("pages", [1, 2, 3])
def test_what_is_saved_on_a_disk_that_gets_full_is_whole_or_not_there(small_disk, kind, pages):
    folder = small_disk(pages / 256)
    slept = night()
    actions = {
        "save": lambda: slept.save(folder / "night"),
        "to_nir": lambda: slept.to_nir(folder / "night.nir"),
        "figure": lambda: bs.figures.save_figure(slept.plot_raster(), folder / "night.png"),
    }
    with pytest.raises(DirectoryError) as raised:
        actions[kind]()
    one_line(raised.value, f"cannot write {folder}/night", f"the disk at {folder} is full")
    assert list(folder.iterdir()) == []

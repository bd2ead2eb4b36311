"""The build cache in nights: damaged, deleted and half built programs, and several processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import assert_same_nights, random_spikes
from test_cache import command, names, night

import brainsleep as bs
from brainsleep.devices.compiler import find_compiler

ROOT = Path(__file__).parents[2]

#: A compiler that records each call in a file, may stall, and compiles the same program only once.
COMPILER = """#!/bin/sh
case "$*" in *unity.cpp*) ;; *) exec {compiler} "$@";; esac
echo $$ >> "{folder}/compiles"
if [ -e "{folder}/stall" ]; then exec sleep 100; fi
if [ -e "{folder}/main" ]; then sleep 2; exec cp "{folder}/main" main; fi
{compiler} "$@" && cp main "{folder}/main"
"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiler")
    command = folder / "g++"
    command.write_text(COMPILER.format(compiler=find_compiler(), folder=folder))
    command.chmod(0o755)
    return command


@pytest.fixture
def compiles(compiler, empty_cache, monkeypatch):
    """Return the file with one line per compilation; the cache is empty."""
    monkeypatch.setenv("CXX", str(compiler))
    file = compiler.with_name("compiles")
    file.write_text("")
    yield file
    compiler.with_name("stall").unlink(missing_ok=True)


def start_night():
    """Start a night in another process; it prints whether its program was cached."""
    code = "import test_cache; print(test_cache.night().timings['build_cached'])"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [ROOT, ROOT / "tests", Path(__file__).parent])),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def test_a_broken_program_does_not_break_the_night(compiles, empty_cache, caplog):
    first = night()
    (folder,) = (empty_cache / name for name in names(empty_cache))
    (folder / "main").write_bytes(b"no program at all")
    second = night()
    assert "building again" in caplog.text
    assert second.timings["build_cached"] is False
    assert night().timings["build_cached"] is True
    assert_same_nights(first, second)
    assert len(compiles.read_text().split()) == 2
    row = command("list").splitlines()[1].split()
    words = [folder.name[:8], "12-10-8-5", "Heaviside", "SRC", "tadros2022", "float32", "cpp"]
    assert row[:7] == words
    assert row[8] == "MB"


def test_cache_deleted_during_a_night(compiles, empty_cache):
    first = night(random_spikes(60, 12))

    class Deleting(bs.stimuli.Stimulus):
        n_inputs = 12

        def probabilities(self, rng, n_steps, dt):
            shutil.rmtree(empty_cache, ignore_errors=True)
            return np.full((n_steps, 12), 0.2)

    assert len(night(Deleting()).spikes["input"]) > 0
    assert not empty_cache.exists()
    again = night(random_spikes(60, 12))
    assert again.timings["build_cached"] is False
    assert_same_nights(first, again)


@pytest.mark.slow
def test_two_processes_compile_once(compiles, empty_cache):
    processes = [start_night(), start_night()]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert sorted(out for out, _ in outputs) == ["False\n", "True\n"], outputs
    assert len(compiles.read_text().split()) == 1
    assert len(names(empty_cache)) == 1


@pytest.mark.slow
def test_killed_during_compile(compiles, empty_cache, compiler):
    compiler.with_name("stall").touch()
    process = start_night()
    wait_for(lambda: compiles.read_text().endswith("\n"))
    process.kill()
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    compiler.with_name("stall").unlink()
    lock, work = sorted(names(empty_cache), key=len)
    assert lock.endswith(".lock")
    assert work.startswith(f"building-{lock[:32]}")
    try:
        assert night().timings["build_cached"] is False
        assert len(names(empty_cache)) == 1, "what was left is removed"
        assert night().timings["build_cached"] is True
    finally:
        os.kill(int(compiles.read_text().split()[0]), signal.SIGKILL)

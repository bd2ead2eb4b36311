"""The temporary folder of a night goes, however its process and those that watch it end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brainsleep.devices.cpp import scratch

ROOT = Path(__file__).parents[2]

#: Makes a folder, and stays in it.
SLEEPER = """
import sys
from brainsleep.devices.cpp.scratch import scratch_folder
with scratch_folder() as scratch:
    (scratch.path / "weights").write_bytes(bytes(1000))
    print(scratch.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary directory of its own, in which nothing was swept yet."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    scratch._sweep.cache_clear()
    return tmp_path


def start():
    """Start a process with a folder; return the process and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, Path(process.stdout.readline().strip())


def kill_with_guard(process):
    """Kill a process and the shell that would remove its folder, as the end of a container does."""
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), 9)
    process.kill()
    process.wait()


def test_a_folder_goes_with_its_block(temporary):
    with scratch.scratch_folder() as one, scratch.scratch_folder() as other:
        assert sorted(temporary.glob("brainsleep-*")) == sorted([one.path, other.path])
        assert one.path.stat().st_mode & 0o777 == 0o700
    assert not list(temporary.glob("brainsleep-*"))


def test_what_even_the_guard_could_not_remove_goes_with_the_next_night(temporary):
    (living, kept), (dying, left) = start(), start()
    kill_with_guard(dying)
    assert left.exists()
    with scratch.scratch_folder() as own:
        assert sorted(temporary.glob("brainsleep-*")) == sorted([kept, own.path])
    living.communicate("")
    assert not list(temporary.glob("brainsleep-*"))

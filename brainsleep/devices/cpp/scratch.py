"""A folder in the temporary directory that goes when this process ends, however it ends."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import NightError
from ...support.disk import plain_disk_errors
from ...support.owned_folders import make_owned_folder, sweep_owned_folders
from ...support.ownership import require_safe_place

#: How the names of the folders begin.
NAME = "brainsleep"

#: What to do about a place that will not do.
TEMPORARY_ADVICE = "set TMPDIR to a folder of your own, on a disk with space"

#: What the guard does. A line tells that the folder is gone; without one, its input just ends.
_GUARD = 'read -r _ || rm -rf "$0"'


@dataclass(frozen=True)
class Scratch:
    """A folder that does not outlive those who use it.

    Attributes
    ----------
    path : Path
        The folder.
    tokens : tuple of int
        File descriptors. A child process that inherits them keeps the folder until it ends, too.
    """

    path: Path
    tokens: tuple[int, ...]


@contextmanager
def scratch_folder() -> Iterator[Scratch]:
    """Make a folder and remove it afterwards, also if this process is killed meanwhile.

    SIGTERM and SIGKILL run no ``finally``. So a small shell waits at the other end of a pipe; when
    this process, and all that hold `Scratch.tokens`, have ended, it reads the end of the pipe
    and removes the folder. Where the shell was killed as well, the next process that makes such
    a folder removes it.

    Yields
    ------
    Scratch
        The folder, which only this user may enter.

    Raises
    ------
    DirectoryError
        If it cannot be made, or if others could put another folder in its place.
    """
    with plain_disk_errors("cannot make a folder in", _temporary_name(), TEMPORARY_ADVICE):
        parent = _temporary_directory()
        _sweep(parent)
        path, owner = make_owned_folder(parent, NAME)
    try:
        with _guard(path) as pipe:
            yield Scratch(path, (pipe, owner))
    finally:
        os.close(owner)


def _temporary_name() -> Path:
    """Return where temporary folders are to be made; Python looks elsewhere if that is full."""
    return Path(os.environ.get("TMPDIR") or "/tmp")


def _temporary_directory() -> Path:
    """Return where temporary folders are made, once it is known that others cannot replace them."""
    place = Path(tempfile.gettempdir()).resolve()
    require_safe_place(place, "the temporary folder", place, TEMPORARY_ADVICE)
    return place


@contextmanager
def _guard(path: Path) -> Iterator[int]:
    """Remove a folder at the end; a shell does so if all that hold the descriptor end before."""
    try:
        guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(path)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process
        )
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise NightError(
            f"no process can be started ({error.strerror}); end other programs, or allow more "
            "(ulimit)."
        ) from error
    assert guard.stdin is not None
    try:
        yield guard.stdin.fileno()
    finally:
        shutil.rmtree(path, ignore_errors=True)
        guard.communicate(b"\n")


@functools.cache
def _sweep(parent: Path) -> None:
    """Remove the folders of processes that are gone, once per process."""
    sweep_owned_folders(parent, NAME)

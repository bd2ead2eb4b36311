"""A folder in the temporary directory that goes when this process ends, however it ends."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: What the guard does. A line tells that the folder is gone; without one, its input just ends.
_GUARD = 'read -r _ || rm -rf "$0"'


@dataclass(frozen=True)
class Scratch:
    """A folder that does not outlive those who use it.

    Attributes
    ----------
    path : Path
        The folder.
    token : int
        A file descriptor. A child process that inherits it keeps the folder until it ends, too.
    """

    path: Path
    token: int


@contextmanager
def scratch_folder() -> Iterator[Scratch]:
    """Make a folder and remove it afterwards, also if this process is killed meanwhile.

    SIGTERM and SIGKILL run no ``finally``. So a small shell waits at the other end of a pipe; when
    this process, and all that hold `Scratch.token`, have ended, it reads the end of the pipe
    and removes the folder.

    Yields
    ------
    Scratch
        The folder, which only this user may enter.
    """
    path = Path(tempfile.gettempdir(), f"brainsleep-{secrets.token_hex(8)}")
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, str(path)],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process
    )
    assert guard.stdin is not None
    try:
        path.mkdir(mode=0o700)
        yield Scratch(path, guard.stdin.fileno())
    finally:
        shutil.rmtree(path, ignore_errors=True)
        guard.communicate(b"\n")

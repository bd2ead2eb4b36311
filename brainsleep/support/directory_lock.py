"""One process at a time works in a directory."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DirectoryError
from .system_locks import Lock, is_open_file, lock_file

#: The file in a directory that is locked; it names the process that works there.
LOCK = ".lock"

#: Seconds to wait for a process that is just ending, as one that was killed does.
PATIENCE = 5.0


@contextmanager
def directory_lock(directory: Path, patience: float = PATIENCE) -> Iterator[int]:
    """Be the only process that works in a directory.

    The lock is the operating system's: it ends with those that hold it, however they end. On file
    systems without locks there is none, and the directory is entered all the same.

    Parameters
    ----------
    directory : Path
        Must exist. While the lock is held there is a file ``.lock`` in it.
    patience : float
        Seconds to wait for another process.

    Yields
    ------
    int
        A file descriptor. A child process that inherits it (``pass_fds``) keeps the lock until it
        ends, too.

    Raises
    ------
    DirectoryError
        If another process works there, which is named, or the directory cannot be written.
    """
    file = directory / LOCK
    latest = time.monotonic() + patience
    while True:
        descriptor = _open(file)
        try:
            _take(descriptor, file, latest)
            if not is_open_file(descriptor, file):
                continue  # the process before ended, and removed its file
            _sign(descriptor)
            try:
                yield descriptor
            finally:
                if is_open_file(descriptor, file):
                    with suppress(OSError):
                        file.unlink()
            return
        finally:
            os.close(descriptor)


def _open(file: Path) -> int:
    """Open the file to lock; a link to another file is not followed."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(file, flags, 0o644)
    except OSError as error:
        raise DirectoryError(f"cannot write to {file.parent}: {error.strerror}.") from None


def _take(descriptor: int, file: Path, latest: float) -> None:
    """Lock the open file, waiting until `latest` for another process to end."""
    while lock_file(descriptor, exclusive=True, wait=False) is Lock.BUSY:
        if time.monotonic() > latest:
            raise DirectoryError(
                f"{file.parent} is in use by {_holder(descriptor)}; wait for its end, or stop it."
            )
        time.sleep(0.02)


def _sign(descriptor: int) -> None:
    """Note which process holds the file, for the messages of others."""
    with suppress(OSError):  # of a full disk; the lock is held all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {platform.node()}\n".encode(), 0)


def _holder(descriptor: int) -> str:
    """Say which process holds the file."""
    text = os.pread(descriptor, 200, 0).decode(errors="replace")
    signed = re.fullmatch(r"(\d{1,10}) (\S{1,80})\n", text)
    return "another process" if signed is None else f"process {signed[1]} on {signed[2]}"

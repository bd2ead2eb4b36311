"""One process at a time works in a directory."""

from __future__ import annotations

import itertools
import logging
import os
import platform
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DirectoryError
from .disk import disk_error, plain_disk_errors
from .system_locks import Lock, is_open_file, lock_file

logger = logging.getLogger("brainsleep")

#: The file in a directory that is locked; it names the process that works there.
LOCK = ".lock"

#: Seconds to wait for a process that is just ending, as one that was killed does.
PATIENCE = 5.0


@contextmanager
def directory_lock(directory: Path, patience: float | None = None) -> Iterator[int]:
    """Be the only process that works in a directory.

    The lock is the operating system's: it ends with those that hold it, however they end. On file
    systems without locks there is none, and the directory is entered all the same, with a warning
    in the log; so it is where a process of another host was killed, or cannot be seen: some network
    file systems keep locks to one host.

    Parameters
    ----------
    directory : Path
        Must exist. While the lock is held there is a file ``.lock`` in it.
    patience : float, optional
        Seconds to wait for another process; `PATIENCE` unless given.

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
    latest = time.monotonic() + (PATIENCE if patience is None else patience)
    while True:
        descriptor = _open(file)
        try:
            lock = _take(descriptor, file, latest)
            if not is_open_file(descriptor, file):
                continue  # the process before ended, and removed its file
            _warn_of_others(descriptor, directory, lock)
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
    """Open the file to lock; no link to another file is followed, and none with another name."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(file, flags, 0o644)
    except OSError as error:
        raise disk_error(error, "cannot write to", file.parent) from error
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    raise DirectoryError(f"cannot write to {file}: it is a link, or no file; delete it.")


def _take(descriptor: int, file: Path, latest: float) -> Lock:
    """Lock the open file, waiting until `latest` for another process to end."""
    while (lock := lock_file(descriptor, exclusive=True, wait=False)) is Lock.BUSY:
        if time.monotonic() > latest:
            raise DirectoryError(
                f"{file.parent} is in use by {_in_words(_signed(descriptor))}; wait for its end, "
                "or stop it."
            )
        time.sleep(0.02)
    return lock


def _warn_of_others(descriptor: int, directory: Path, lock: Lock) -> None:
    """Say in the log what the lock cannot keep out."""
    before = _signed(descriptor)
    if before is not None and before[1] != platform.node():
        logger.warning(
            "%s was left by process %d on %s without a word; make sure that it has ended",
            *(directory, *before),
        )
    if lock is Lock.UNAVAILABLE:
        logger.warning("%s: no locks here; let one process at a time work in it", directory)


def _sign(descriptor: int) -> None:
    """Note which process holds the file, for the messages of others."""
    with suppress(OSError):  # of a full disk; the lock is held all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {platform.node()}\n".encode(), 0)


def _signed(descriptor: int) -> tuple[int, str] | None:
    """Return number and host of the process that holds the file, or left it; None if not said."""
    text = os.pread(descriptor, 200, 0).decode(errors="replace")
    signed = re.fullmatch(r"([1-9]\d{0,9}) (\S{1,80})\n", text)
    return None if signed is None else (int(signed[1]), signed[2])


def _in_words(holder: tuple[int, str] | None) -> str:
    """Say which process holds the file."""
    if holder is None:
        return "another process"
    pid, host = holder
    started = "a simulation that was started by " if _has_ended(pid, host) else ""
    return f"{started}process {pid} on {host}"


def _has_ended(pid: int, host: str) -> bool:
    """Tell whether a process is surely gone."""
    try:
        os.kill(pid, 0) if host == platform.node() else None
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is another user's
        return False
    return False


def is_free(directory: Path) -> bool:
    """Tell whether a directory is missing, or empty but for a lock.

    Raises
    ------
    DirectoryError
        If it cannot be read, or is none.
    """
    with plain_disk_errors("cannot read", directory):
        return not directory.exists() or all(one.name == LOCK for one in directory.iterdir())


def numbered(wanted: Path) -> Iterator[Path]:
    """Yield a path, then the same with -2, -3, … appended to its name."""
    yield wanted
    for number in itertools.count(2):
        yield wanted.with_name(f"{wanted.name}-{number}")

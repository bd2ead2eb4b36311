"""Locks of the operating system, which end with the process that holds them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

logger = logging.getLogger("brainsleep")


class Lock(Enum):
    """What came of asking for a lock."""

    HELD = "held"
    BUSY = "held by another"
    UNAVAILABLE = "not offered by the file system"


def lock_file(descriptor: int, *, exclusive: bool, wait: bool) -> Lock:
    """Ask for a lock on an open file; it ends when the file is closed, or with the process.

    Parameters
    ----------
    descriptor : int
        The open file.
    exclusive : bool
        Whether no other process may hold the file at the same time.
    wait : bool
        Whether to wait while another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # no POSIX
        return Lock.UNAVAILABLE
    operation = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, operation if wait else operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.BUSY
    except OSError:  # NFS, FUSE, and other file systems without locks
        return Lock.UNAVAILABLE
    return Lock.HELD


@contextmanager
def build_lock(root: Path, key: str, *, wait: bool = True) -> Iterator[Lock]:
    """Be the one process that builds a program, if the file system has locks.

    Parameters
    ----------
    root : Path
        The folder of compiled programs.
    key : str
        The program's name.
    wait : bool
        Whether to wait while another process builds it.

    Yields
    ------
    Lock
        What came of asking.
    """
    file = root / f"{key}.lock"
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock = lock_file(descriptor, exclusive=True, wait=False)
            if lock is Lock.BUSY and wait:
                logger.info("waiting for another process that compiles %s", key)
                lock = lock_file(descriptor, exclusive=True, wait=True)
            if lock is Lock.HELD and not is_open_file(descriptor, file):
                continue  # the other process ended, and removed its lock file
            try:
                yield lock
            finally:
                if lock is not Lock.BUSY:
                    file.unlink(missing_ok=True)
            return
        finally:
            os.close(descriptor)


def is_open_file(descriptor: int, file: Path) -> bool:
    """Tell whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False

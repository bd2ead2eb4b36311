"""Locks of the operating system, which end with the process that holds them."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path


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


def is_open_file(descriptor: int, file: Path) -> bool:
    """Tell whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False

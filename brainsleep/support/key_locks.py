"""Locks on what is being made under a key: one process makes it, and others wait."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DirectoryError
from .disk import shown
from .ownership import PRIVATE_FILE, open_own
from .system_locks import Lock, is_open_file, lock_file

__all__ = ["Lock", "is_open_file", "key_lock", "lock_file"]

logger = logging.getLogger("brainsleep")


@contextmanager
def key_lock(root: Path, key: str, *, wait: bool = True) -> Iterator[Lock]:
    """Be the one process that makes what a key stands for, if the file system has locks.

    Parameters
    ----------
    root : Path
        The folder of what is made.
    key : str
        Its name there.
    wait : bool
        Whether to wait while another process makes it.

    Yields
    ------
    Lock
        What came of asking.

    Raises
    ------
    DirectoryError
        If the lock file is a link, or another user's.
    """
    file = root / f"{key}.lock"
    while True:
        descriptor = _open(file)
        try:
            lock = lock_file(descriptor, exclusive=True, wait=False)
            if lock is Lock.BUSY and wait:
                logger.info("waiting for another process that makes %s", key)
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


def _open(file: Path) -> int:
    """Open a lock file, or make it; no one else may open it, and so hold it."""
    try:
        descriptor = open_own(file, os.O_RDWR | os.O_CREAT, any_mode=True)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EPERM):
            raise
        fault = "is a link" if error.errno == errno.ELOOP else error.strerror
        raise DirectoryError(
            f"the lock {shown(file)} {fault}, and is not used; delete it (rm {shown(file)})."
        ) from None
    os.fchmod(descriptor, PRIVATE_FILE)
    return descriptor

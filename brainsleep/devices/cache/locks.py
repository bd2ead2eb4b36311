"""Locks on programs that are being built."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...support.system_locks import Lock, is_open_file, lock_file

__all__ = ["Lock", "build_lock", "is_open_file", "lock_file"]

logger = logging.getLogger("brainsleep")


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

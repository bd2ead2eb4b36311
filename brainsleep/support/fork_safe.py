"""Locks between threads that survive a fork."""

from __future__ import annotations

import os
import threading


def fork_safe_lock() -> threading.RLock:
    """Return a re-entrant lock that no forked process finds held by a thread it does not have.

    A fork waits until no other thread holds the lock, as Python's logging does.
    """
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):  # POSIX
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock

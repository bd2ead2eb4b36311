"""Memory that arrays give back is kept for those that come next."""

from __future__ import annotations

import ctypes
import os
import sys

#: Numbers of two parameters of glibc's `mallopt`, of its header `malloc.h`.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

#: Arrays of fewer bytes share memory that is kept; how much of that may lie idle.
_LARGE, _IDLE = 2**26, 2**27

#: What sets these parameters before a process begins.
_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_memory() -> None:
    """Let arrays take over the memory of earlier ones, as long as the process lives.

    The GNU C library gives memory of large arrays back to the system at once. Each new one then
    gets other pages, which are filled with zeros first, one by one: for arrays of weights that
    takes as long as to compute them. Here at most :data:`_IDLE` bytes are not given back, and those
    of arrays from :data:`_LARGE` bytes on are, as before. With other C libraries, and where the
    user has chosen by environment variables, nothing is done.

    This is for the command line, not for processes of others.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _VARIABLES):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _LARGE)
    mallopt(_TRIM_THRESHOLD, _IDLE)

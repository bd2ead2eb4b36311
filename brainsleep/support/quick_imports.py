"""Import many modules at once, for a process that has nothing else to do meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Let what is imported in a ``with`` block be, as long as the process lives.

    Modules stay. Python's collector of unused objects looks through them again and again while they
    are imported, and later in each full collection; for torch and Brian2 together that takes a
    fifth of the time. Here it waits until the end of the block, and then leaves alone all there is:
    this is for the command line, not for processes of others.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()

"""Import many modules at once, for a process that has nothing else to do meanwhile."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: What Brian2 imports if it is there: matplotlib's interface for interactive use, whose names it
#: passes on, and what tests Brian2 itself. They take a third of its import.
LEFT_OUT = ("pylab", "pytest")


@contextmanager
def quick_imports() -> Iterator[None]:
    """Let what is imported in a ``with`` block be, as long as the process lives.

    Modules stay. Python's collector of unused objects looks through them again and again while they
    are imported, and later in each full collection; for torch and Brian2 together that takes a
    fifth of the time. Here it waits until the end of the block, and then leaves alone all there is.
    Brian2 does without what it need not have, as where that is not installed; pictures import the
    part of matplotlib that they are drawn with. All this is for the command line, not for processes
    of others.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    left_out = [name for name in LEFT_OUT if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]  # to import it is an ImportError
    try:
        yield
    finally:
        for name in left_out:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)
        gc.freeze()
        if was_enabled:
            gc.enable()

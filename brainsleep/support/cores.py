"""How many processor cores this process may keep busy."""

from __future__ import annotations

import os
from multiprocessing import parent_process

#: What users of numerical programs set where they run several at a time, and what starts worker
#: processes sets for them.
LIMIT = "OMP_NUM_THREADS"


def n_cores() -> int:
    """Return the number of cores that this process may keep busy, at least 1.

    These are the cores that the system lets it run on, but no more than the environment variable
    ``OMP_NUM_THREADS`` says. A process that `multiprocessing` has started, as worker processes are,
    has one: those beside it have the others.
    """
    if parent_process() is not None:
        return 1
    try:
        n = len(os.sched_getaffinity(0))
    except AttributeError:  # Linux only
        n = os.cpu_count() or 1
    limit = os.environ.get(LIMIT, "").partition(",")[0].strip()  # of nested levels the first
    return min(n, int(limit)) if limit.isdecimal() and int(limit) > 0 else n

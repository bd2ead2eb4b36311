"""How much memory there is for what a file asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import DataError

_MEMINFO, _CGROUPS = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def require_memory(n_bytes: int, what: str) -> None:
    """Raise unless so many bytes fit into the memory that is free.

    Parameters
    ----------
    n_bytes : int
        What reading will take.
    what : str
        What messages call the file that asks for them.

    Raises
    ------
    DataError
        With both numbers.
    """
    free = available_memory()
    if n_bytes > free:
        raise DataError(
            f"{what}: asks for {in_words(n_bytes)} of memory, and {in_words(free)} are free."
        )


def available_memory() -> int:
    """Return how many bytes this process may still take: of the machine, and of its limits."""
    return max(0, min(_limits()))


def in_words(n_bytes: int) -> str:
    """Return a number of bytes as messages show it, such as ``"1.6 GB"``."""
    size, units = float(n_bytes), ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"


def _limits() -> Iterator[int]:
    """Yield what is free under each limit that there is."""
    yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError):
        found = re.search(r"^MemAvailable: *(\d+) kB", _MEMINFO.read_text(), re.MULTILINE)
        if found is not None:
            yield 1024 * int(found[1])
    yield from _of_control_groups()
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            yield limit - pages * os.sysconf("SC_PAGE_SIZE")


def _of_control_groups() -> Iterator[int]:
    """Yield what is free in the control groups of this process, as containers and queues set."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers == "":
                group = _CGROUPS / name.lstrip("/")
                for folder in (group, *group.parents):
                    yield from _of_group(folder / "memory.max", folder / "memory.stat", "anon")
            elif "memory" in controllers.split(","):
                for folder in (_CGROUPS / "memory" / name.lstrip("/"), _CGROUPS / "memory"):
                    limit, stat = folder / "memory.limit_in_bytes", folder / "memory.stat"
                    yield from _of_group(limit, stat, "total_rss")


def _of_group(limit: Path, stat: Path, used: str) -> Iterator[int]:
    """Yield a limit less what processes hold; memory that only caches files is given back."""
    with suppress(OSError, ValueError):  # no such group here, or a limit that is called "max"
        most = int(limit.read_text())
        held = dict(line.split() for line in stat.read_text().splitlines()).get(used, 0)
        yield most - int(held)

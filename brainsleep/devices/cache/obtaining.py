"""Find a program in the cache, or build it there."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ...errors import BrainsleepError, DirectoryError
from ...support.key_locks import Lock, key_lock
from ...support.ownership import PRIVATE_FOLDER
from .clearing import remove_down_to, sweep, take_away
from .folder import cache_directory, plain_errors, size_limit
from .programs import RECORD, DamagedError, Program, hold, is_intact, pack, read_intact

logger = logging.getLogger("brainsleep")

#: Free bytes without which no build is begun; it takes a tenth of this for a while.
FREE_BYTES_TO_BUILD = 16 * 2**20

T = TypeVar("T")


@dataclass
class Found(Generic[T]):
    """A program ready to be launched.

    Attributes
    ----------
    program : Program
        Keep it for as long as the program may be launched.
    contents : object
        What the caller's `read` made of its folder.
    cached : bool
        Whether it was there already.
    """

    program: Program
    contents: T
    cached: bool


def obtain(
    key: str,
    build: Callable[[Path], None],
    read: Callable[[Path], T],
    description: Mapping[str, str],
) -> Found[T]:
    """Find a program, or build it; at most one process at a time builds it.

    Parameters
    ----------
    key : str
        32 hexadecimal digits that differ whenever the program could.
    build : callable
        Takes an empty folder, and leaves there ``main`` and whatever it reads.
    read : callable
        Takes the folder of a finished program, and returns what is needed to launch it. If it
        raises a ValueError, TypeError, KeyError or OSError the program is built again.
    description : mapping of str to str
        What is built, for people.

    Returns
    -------
    Found
        With what `read` returned.

    Raises
    ------
    DirectoryError
        If the folder is full, or cannot be written.
    """
    root = cache_directory()
    limit = size_limit()
    found = _find(root / key, read)
    if found is not None:
        return found
    for _ in range(2):  # once more if someone empties the folder meanwhile
        with plain_errors(root), key_lock(root, key) as lock:
            # by the process that held the lock before
            found = _find(root / key, read, report=True)
            if found is not None:
                return found
            sweep(root, key if lock is Lock.HELD else None)
            if _build_and_publish(root / key, build, read, description):
                found = _find(root / key, read)
        if found is not None:
            found.cached = False
            remove_down_to(limit, root, spare=key)
            return found
        logger.warning("the build folder %s was emptied during a build: building again", root)
        root = cache_directory()
    raise DirectoryError(
        f"a program was built in {root} and is not there; is something else clearing this folder?"
    )


def _find(directory: Path, read: Callable[[Path], T], *, report: bool = False) -> Found[T] | None:
    """Return a program that is there and intact, and note that it was used."""
    program = None
    try:
        program = hold(directory)
        if program is None:
            return None
        contents = read_intact(directory, read)
    except DamagedError as damage:
        if program is not None:
            program.release()
        if report:
            logger.warning("the program in %s is damaged (%s): building again", directory, damage)
        return None
    with suppress(OSError):
        os.utime(directory / RECORD)
    return Found(program, contents, cached=True)


def _build_and_publish(
    target: Path,
    build: Callable[[Path], None],
    read: Callable[[Path], object],
    description: Mapping[str, str],
) -> bool:
    """Build in a folder of its own and move it to its place; False if the folder vanished."""
    free = shutil.disk_usage(target.parent).free
    if free < FREE_BYTES_TO_BUILD:
        raise OSError(errno.ENOSPC, f"only {free / 1e6:.1f} MB are free")
    work = target.with_name(f"building-{target.name}-{secrets.token_hex(4)}")
    work.mkdir(mode=PRIVATE_FOLDER)
    try:
        build(work)
        pack(work, description)
        _publish(work, target, read)
    except (OSError, BrainsleepError):
        if work.exists():
            raise
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _publish(work: Path, target: Path, read: Callable[[Path], object]) -> None:
    """Move a finished build to its place in one step.

    A damaged one is replaced. Without locks another process may have been faster: its build is
    as good, and stays.
    """
    if os.path.lexists(target) and not is_intact(target, read):
        take_away(target)
    try:
        work.rename(target)
    except OSError:
        if not work.exists() or not is_intact(target, read):
            raise

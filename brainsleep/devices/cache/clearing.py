"""List the programs in the cache, and remove those that no process uses."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...support import key_locks
from ...support.disk import is_folder, is_there
from ...support.key_locks import Lock, key_lock
from ...support.ownership import open_own, read_own
from .folder import KEY, cache_directory, cache_path, require_own_cache
from .programs import PROGRAM, RECORD
from .signing import UNFINISHED

logger = logging.getLogger("brainsleep")

#: Where there are no locks, what was touched within these seconds is assumed to be in use.
ASSUMED_IN_USE = 86_400.0


@dataclass
class Entry:
    """What the cache knows about one program.

    Attributes
    ----------
    directory : Path
        Its folder.
    size : int
        Bytes of all its files.
    description : dict of str to str
        What was built; empty if the record is damaged.
    built : float or None
        When it was built, in seconds since 1970; None if the record is damaged.
    used : float
        When it was last used, in seconds since 1970.
    """

    directory: Path
    size: int
    description: dict[str, str]
    built: float | None
    used: float


@dataclass
class Removal:
    """What was removed from the cache.

    Attributes
    ----------
    programs, size : int
        Number of programs, and the bytes they took.
    in_use : int
        Number of programs that stayed because a process uses them.
    """

    programs: int = 0
    size: int = 0
    in_use: int = 0


def list_programs() -> list[Entry]:
    """Return what is in the cache, last used first; creates no folder.

    Raises
    ------
    DirectoryError
        If the folder is another user's, or others can write to it.
    """
    if is_folder(cache_path()):
        require_own_cache(cache_path().resolve())
    entries = _entries(cache_path())
    return sorted(entries, key=lambda entry: entry.used, reverse=True)


def clear(older_than_days: float = 0.0) -> Removal:
    """Remove programs that no process uses, and what killed processes have left.

    Parameters
    ----------
    older_than_days : float
        Only programs that were not used for this many days.

    Raises
    ------
    DirectoryError
        If the folder cannot be written, is another user's, or others can write to it.
    """
    removal = Removal()
    if not is_there(cache_path()):
        return removal
    root = cache_directory()
    latest = time.time() - older_than_days * 86_400
    for entry in _entries(root):
        if entry.used > latest:
            continue
        if _remove(entry.directory):
            removal.programs += 1
            removal.size += entry.size
        else:
            removal.in_use += 1
    sweep(root)
    return removal


def remove_down_to(limit: int, root: Path, *, spare: str) -> None:
    """Remove the programs not used for longest until the rest fits the limit.

    Parameters
    ----------
    limit : int
        Bytes that all programs may take together.
    root : Path
        The folder of compiled programs.
    spare : str
        Key of a program that stays.
    """
    entries = sorted(_entries(root), key=lambda entry: entry.used)
    total = sum(entry.size for entry in entries)
    for entry in entries:
        if total <= limit:
            break
        if entry.directory.name != spare and _remove(entry.directory):
            total -= entry.size
            logger.info("removed %s: the build cache is full", entry.directory.name)


def take_away(directory: Path) -> bool:
    """Remove a folder such that no process finds a part of it; False if it was not there."""
    aside = directory.with_name(f"removing-{directory.name}-{secrets.token_hex(4)}")
    try:
        directory.rename(aside)
    except OSError:
        return False
    _delete(aside)
    return True


def sweep(root: Path, held: str | None = None) -> None:
    """Remove what killed processes have left.

    Parameters
    ----------
    root : Path
        The folder of compiled programs.
    held : str or None
        Key that this process itself has locked.
    """
    for path in sorted(root.iterdir()):
        if re.fullmatch(f"removing-{KEY}-.*|{re.escape(UNFINISHED)}.*", path.name):
            _delete(path)
        elif match := re.fullmatch(f"building-({KEY})-.*", path.name):
            if match[1] == held:
                shutil.rmtree(path, ignore_errors=True)
                continue
            with key_lock(root, match[1], wait=False) as lock:
                dead = lock is Lock.HELD or (lock is Lock.UNAVAILABLE and not _is_recent(path))
                if dead:
                    shutil.rmtree(path, ignore_errors=True)
        elif (match := re.fullmatch(f"({KEY})\\.lock", path.name)) and match[1] != held:
            with key_lock(root, match[1], wait=False):
                pass  # which removes it, if no process holds it


def _entries(root: Path) -> Iterator[Entry]:
    """Go through all programs; folders that are not ours are left alone."""
    if not root.is_dir():
        return
    for directory in sorted(root.iterdir()):
        if not re.fullmatch(KEY, directory.name):
            continue
        with suppress(OSError):  # removed meanwhile
            yield _entry(directory)


def _entry(directory: Path) -> Entry:
    """Read what is known about one program."""
    files = [path.stat() for path in directory.rglob("*") if path.is_file()]
    used = directory.stat().st_mtime
    description: dict[str, str] = {}
    built: float | None = None
    with suppress(OSError, ValueError, TypeError, KeyError):
        record = json.loads(read_own(directory / RECORD))
        description, built = dict(record["description"]), float(record["built"])
        used = (directory / RECORD).stat().st_mtime
    return Entry(directory, sum(file.st_size for file in files), description, built, used)


def _remove(directory: Path) -> bool:
    """Remove a program, unless a process uses it."""
    try:
        descriptor = open_own(directory / PROGRAM)
    except OSError:  # nothing that could be running
        return take_away(directory)
    try:
        lock = key_locks.lock_file(descriptor, exclusive=True, wait=False)
        if lock is Lock.BUSY or (lock is Lock.UNAVAILABLE and _is_recent(directory)):
            return False
        return take_away(directory)
    finally:
        os.close(descriptor)


def _delete(path: Path) -> None:
    """Delete a folder with all that is in it, or whatever else is there."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()  # of a link, or a file


def _is_recent(directory: Path) -> bool:
    """Tell whether a folder, or the record in it, was touched within a day."""
    latest = 0.0
    for path in (directory, directory / RECORD):
        with suppress(OSError):
            latest = max(latest, path.stat().st_mtime)
    return time.time() - latest < ASSUMED_IN_USE

"""Where compiled programs are kept: built once, by one process, and never found half finished.

A program lives in a folder named after everything its code depends on, its key. Beside what it
needs to run, the folder holds a record of what was built and the digest of every file, so that
damage is seen before a launch and mended by building again.

Processes keep out of each other's way with locks of the operating system, which end with the
process that holds them, however it ends:

- ``KEY.lock`` is held by the process that builds a program; others wait for it.
- The program itself is held, shared, by every process that may launch it; one that wants to
  remove it finds that out and leaves it.

Nothing appears or disappears but by renaming a folder. ``building-KEY-…`` and ``removing-KEY-…``
are on their way in and out; those of a process that was killed are swept at the next build. On
file systems without locks two processes may build the same program, which costs time and
nothing else, and what was used within a day is taken to be in use.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import tarfile
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from platformdirs import user_cache_dir

from ..errors import BrainsleepError, DirectoryError, ParameterError, brief

logger = logging.getLogger("brainsleep")

#: What a finished build consists of, besides files its program reads.
MANIFEST, PROGRAM, RECORD = "manifest.json", "main", "build.json"

#: The generated code, a fifth of the program's size: it shows what exactly was run.
SOURCES = "sources.tar.gz"
SOURCE_SUFFIXES = (".cpp", ".cu", ".h", ".o")

#: Programs take up to this many bytes together, unless BRAINSLEEP_CACHE_SIZE says otherwise.
DEFAULT_SIZE_LIMIT = 2**30

#: Free bytes without which no build is begun; it takes a tenth of this for a while.
ROOM_TO_BUILD = 16 * 2**20

#: Where there are no locks, what was touched within these seconds is taken to be in use.
PRESUMED_ALIVE = 86_400.0

_KEY = "[0-9a-f]{32}"
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("kmgt", start=1)}
_ADVICE = "set BRAINSLEEP_CACHE to a folder that can be written"

T = TypeVar("T")


class Lock(Enum):
    """What came of asking for a lock."""

    HELD = "held"
    BUSY = "held by another"
    UNAVAILABLE = "not offered by the file system"


class Program:
    """A finished program, which no process removes while this object lives.

    Parameters
    ----------
    directory : Path
        Its folder.
    descriptor : int
        The open and locked program file; closed with this object.
    """

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.directory = directory
        self._descriptor = descriptor
        self.release = weakref.finalize(self, os.close, descriptor)


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
        When, in seconds since 1970; None if the record is damaged.
    used : float
        When it was last wanted.
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
        Number of programs that would have been removed but for the processes that use them.
    """

    programs: int = 0
    size: int = 0
    in_use: int = 0


def cache_path() -> Path:
    """Return where compiled programs are kept, ``$BRAINSLEEP_CACHE`` or the platform's own."""
    chosen = os.environ.get("BRAINSLEEP_CACHE")
    return Path(chosen) if chosen else Path(user_cache_dir("brainsleep")) / "programs"


def cache_directory() -> Path:
    """Return the folder of compiled programs, and make it if need be.

    Raises
    ------
    DirectoryError
        If it cannot be created or written, or programs in it cannot be run.
    """
    directory = cache_path()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        writable = os.access(directory, os.W_OK | os.X_OK)
        runnable = not os.statvfs(directory).f_flag & os.ST_NOEXEC
    except OSError as error:
        raise DirectoryError(
            f"cannot create the build folder {directory} ({error.strerror}); {_ADVICE}."
        ) from None
    if not writable:
        raise DirectoryError(f"cannot write to the build folder {directory}; {_ADVICE}.")
    if not runnable:
        raise DirectoryError(
            f"the build folder {directory} lies on a file system from which no program may be "
            "run (noexec); set BRAINSLEEP_CACHE to a folder elsewhere."
        )
    return directory.resolve()


def size_limit() -> int:
    """Return how many bytes all programs may take: ``$BRAINSLEEP_CACHE_SIZE``, else 1 GiB.

    Raises
    ------
    ParameterError
        If the variable is no size.
    """
    text = os.environ.get("BRAINSLEEP_CACHE_SIZE", "").strip()
    if not text:
        return DEFAULT_SIZE_LIMIT
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]i?)?b?", text, re.IGNORECASE)
    if match is None:
        raise ParameterError(
            f"BRAINSLEEP_CACHE_SIZE must be a size such as '500 MB' or '2 GiB', not {brief(text)}."
        )
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


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
        Given an empty folder, leaves there ``main`` and whatever it reads.
    read : callable
        Given the folder of a finished program, returns what is needed to launch it. If it
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
        with _speaking_of(root), _build_lock(root, key) as lock:
            # by the process that held the lock before
            found = _find(root / key, read, report=True)
            if found is not None:
                return found
            _sweep(root, key if lock is Lock.HELD else None)
            if _build_and_publish(root / key, build, read, description):
                found = _find(root / key, read)
        if found is not None:
            found.cached = False
            _keep_to(limit, root, spare=key)
            return found
        logger.warning("the build folder %s was emptied during a build: once more", root)
        root = cache_directory()
    raise DirectoryError(
        f"a program was built in {root} and is not there; is something else clearing this folder?"
    )


def list_programs() -> list[Entry]:
    """Return what is in the cache, last used first; makes no folder."""
    entries = _entries(cache_path())
    return sorted(entries, key=lambda entry: entry.used, reverse=True)


def clear(older_than_days: float = 0.0) -> Removal:
    """Remove programs that no process uses, and what killed processes have left.

    Parameters
    ----------
    older_than_days : float
        Only those that were not used for so many days.

    Raises
    ------
    DirectoryError
        If the folder cannot be written.
    """
    removal = Removal()
    if not cache_path().exists():
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
    _sweep(root)
    return removal


# Finding programs


def _find(directory: Path, read: Callable[[Path], T], report: bool = False) -> Found[T] | None:
    """Return a program that is there and whole, and note that it was wanted."""
    program = _hold(directory)
    if program is None:
        return None
    try:
        contents = _read_whole(directory, read)
    except _DamagedError as damage:
        program.release()
        if report:
            logger.warning("the program in %s is damaged (%s): building again", directory, damage)
        return None
    with suppress(OSError):
        os.utime(directory / RECORD)
    return Found(program, contents, cached=True)


def _hold(directory: Path) -> Program | None:
    """Keep a program from being removed; None if there is none."""
    file = directory / PROGRAM
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    program = Program(directory, descriptor)
    _lock(descriptor, exclusive=False, wait=True)  # for as long as removing takes
    if _is_file(descriptor, file):
        return program
    program.release()
    return None


class _DamagedError(Exception):
    """A program's folder is not as it was recorded; says why."""


def _read_whole(directory: Path, read: Callable[[Path], T]) -> T:
    """Check the files of a program and return what `read` makes of them."""
    fault = _fault(directory)
    if fault is not None:
        raise _DamagedError(fault)
    try:
        return read(directory)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise _DamagedError(f"{type(error).__name__}: {brief(str(error))}") from error


def _is_whole(directory: Path, read: Callable[[Path], Any]) -> bool:
    try:
        _read_whole(directory, read)
    except _DamagedError:
        return False
    return True


def _fault(directory: Path) -> str | None:
    """Say what is wrong with the files of a program; None if nothing is."""
    try:
        files = json.loads((directory / RECORD).read_text())["files"]
        for name, (size, digest) in files.items():
            content = (directory / name).read_bytes()
            if len(content) != size:
                return f"{name} has {len(content)} bytes, not {size}"
            if _digest(content) != digest:
                return f"{name} was changed"
        if PROGRAM not in files:
            return "no program"
    except OSError as error:
        return f"{Path(error.filename or directory).name}: {error.strerror}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{RECORD} is not what was written"
    if not os.access(directory / PROGRAM, os.X_OK):
        return f"{PROGRAM} may not be run"
    return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _entries(root: Path) -> Iterator[Entry]:
    """Go through all programs; folders that are not ours are not looked into."""
    if not root.is_dir():
        return
    for directory in sorted(root.iterdir()):
        if not re.fullmatch(_KEY, directory.name):
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
        record = json.loads((directory / RECORD).read_text())
        description, built = dict(record["description"]), float(record["built"])
        used = (directory / RECORD).stat().st_mtime
    return Entry(directory, sum(file.st_size for file in files), description, built, used)


# Building


def _build_and_publish(
    target: Path,
    build: Callable[[Path], None],
    read: Callable[[Path], Any],
    description: Mapping[str, str],
) -> bool:
    """Build in a folder of its own and move it to its place; False if the folder vanished."""
    free = shutil.disk_usage(target.parent).free
    if free < ROOM_TO_BUILD:
        raise OSError(errno.ENOSPC, f"only {free / 1e6:.1f} MB are free")
    work = target.with_name(f"building-{target.name}-{secrets.token_hex(4)}")
    work.mkdir()
    try:
        build(work)
        _finish(work, description)
        _publish(work, target, read)
    except (OSError, BrainsleepError):
        if work.exists():
            raise
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _finish(work: Path, description: Mapping[str, str]) -> None:
    """Pack the sources of a finished build, and record what it consists of."""
    files = [path for path in sorted(work.rglob("*")) if path.is_file()]
    sources = [path for path in files if path.suffix in SOURCE_SUFFIXES]
    with tarfile.open(work / SOURCES, "w:gz", compresslevel=6) as archive:
        for path in sources:
            if path.suffix != ".o":
                archive.add(path, arcname=str(path.relative_to(work)))
    for path in sources:
        path.unlink()
    folders = [path for path in work.rglob("*") if path.is_dir()]
    for folder in sorted(folders, reverse=True):  # the innermost first
        with suppress(OSError):
            folder.rmdir()  # only if it is empty
    sign(work, description)


def sign(directory: Path, description: Mapping[str, str]) -> None:
    """Record what a program's folder consists of, as it is now."""
    files: dict[str, Any] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name not in (SOURCES, RECORD):
            content = path.read_bytes()
            files[str(path.relative_to(directory))] = (len(content), _digest(content))
    record = {"description": dict(description), "built": time.time(), "files": files}
    (directory / RECORD).write_text(json.dumps(record, indent=1))


def _publish(work: Path, target: Path, read: Callable[[Path], Any]) -> None:
    """Move a finished build to its place in one step.

    A damaged one is replaced. Without locks another process may have been faster: its build is
    as good, and stays.
    """
    if target.exists() and not _is_whole(target, read):
        _take_away(target)
    try:
        work.rename(target)
    except OSError:
        if not work.exists() or not _is_whole(target, read):
            raise


@contextmanager
def _speaking_of(root: Path) -> Iterator[None]:
    """Turn what the operating system says of the build folder into one line."""
    try:
        yield
    except BrainsleepError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DirectoryError(
                f"the build folder {root} is full ({error.strerror}): make room, or set "
                "BRAINSLEEP_CACHE to a folder elsewhere."
            ) from error
        raise DirectoryError(
            f"cannot build in the folder {root} ({error.strerror or error}); {_ADVICE}."
        ) from error


# Removing


def _keep_to(limit: int, root: Path, spare: str) -> None:
    """Remove the programs not used for longest until the rest fits the limit."""
    entries = sorted(_entries(root), key=lambda entry: entry.used)
    total = sum(entry.size for entry in entries)
    for entry in entries:
        if total <= limit:
            break
        if entry.directory.name != spare and _remove(entry.directory):
            total -= entry.size
            logger.info("removed %s: the build cache is full", entry.directory.name)


def _remove(directory: Path) -> bool:
    """Remove a program, unless a process uses it."""
    try:
        descriptor = os.open(directory / PROGRAM, os.O_RDONLY)
    except OSError:  # nothing that could be running
        return _take_away(directory)
    try:
        lock = _lock(descriptor, exclusive=True, wait=False)
        if lock is Lock.BUSY or (lock is Lock.UNAVAILABLE and _is_recent(directory)):
            return False
        return _take_away(directory)
    finally:
        os.close(descriptor)


def _take_away(directory: Path) -> bool:
    """Remove a folder such that no one finds a part of it; False if it was not there."""
    aside = directory.with_name(f"removing-{directory.name}-{secrets.token_hex(4)}")
    try:
        directory.rename(aside)
    except OSError:
        return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _is_recent(directory: Path) -> bool:
    """Tell whether a folder, or the record in it, was touched within a day."""
    latest = 0.0
    for path in (directory, directory / RECORD):
        with suppress(OSError):
            latest = max(latest, path.stat().st_mtime)
    return time.time() - latest < PRESUMED_ALIVE


def _sweep(root: Path, held: str | None = None) -> None:
    """Remove what killed processes have left.

    Parameters
    ----------
    root : Path
        The cache.
    held : str or None
        Key that this process itself has locked.
    """
    for path in sorted(root.iterdir()):
        if re.fullmatch(f"removing-{_KEY}-.*", path.name):
            shutil.rmtree(path, ignore_errors=True)
        elif match := re.fullmatch(f"building-({_KEY})-.*", path.name):
            if match[1] == held:
                shutil.rmtree(path, ignore_errors=True)
                continue
            with _build_lock(root, match[1], wait=False) as lock:
                dead = lock is Lock.HELD or (lock is Lock.UNAVAILABLE and not _is_recent(path))
                if dead:
                    shutil.rmtree(path, ignore_errors=True)
        elif (match := re.fullmatch(f"({_KEY})\\.lock", path.name)) and match[1] != held:
            with _build_lock(root, match[1], wait=False):
                pass  # which removes it, if no process holds it


# Locks


@contextmanager
def _build_lock(root: Path, key: str, wait: bool = True) -> Iterator[Lock]:
    """Be the one process that builds a program, if the file system has locks."""
    file = root / f"{key}.lock"
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock = _lock(descriptor, exclusive=True, wait=False)
            if lock is Lock.BUSY and wait:
                logger.info("waiting for another process that compiles %s", key)
                lock = _lock(descriptor, exclusive=True, wait=True)
            if lock is Lock.HELD and not _is_file(descriptor, file):
                continue  # it ended, and took its lock file with it
            try:
                yield lock
            finally:
                if lock is not Lock.BUSY:
                    file.unlink(missing_ok=True)
            return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, exclusive: bool, wait: bool) -> Lock:
    """Ask for a lock on an open file; it ends when the file is closed, or with the process."""
    try:
        import fcntl
    except ImportError:  # no POSIX
        return Lock.UNAVAILABLE
    operation = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, operation if wait else operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.BUSY
    except OSError:  # NFS, FUSE, and whatever else has none
        return Lock.UNAVAILABLE
    return Lock.HELD


def _is_file(descriptor: int, file: Path) -> bool:
    """Tell whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False

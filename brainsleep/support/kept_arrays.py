"""Arrays that are made once and kept: by a key, in a folder of limited size, for all processes.

An entry is one npz file, ``KEY.npz``, which appears whole or not at all and holds the digest of
what is in it: a damaged one is made anew. Processes that want the same entry at the same time make
it once: one of them does, under ``KEY.lock``, and the others wait. Where the limit is reached, what
was not used for longest goes. A folder that cannot be written costs time and nothing else.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError, DirectoryError, reason
from .cache_folders import open_cache_folder
from .disk import plain_disk_errors
from .files import is_partial
from .key_locks import Lock, key_lock
from .sealed_arrays import read_sealed, write_sealed

logger = logging.getLogger("brainsleep")

#: What a key looks like.
KEY = "[0-9a-f]{32}"

#: Arrays by name.
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class KeptEntry:
    """One entry.

    Attributes
    ----------
    file : Path
        Where it lies.
    size : int
        In bytes.
    used : float
        When it was last used, in seconds since 1970.
    """

    file: Path
    size: int
    used: float


@dataclass(frozen=True)
class KeptArrays:
    """Arrays in a folder, by keys.

    Attributes
    ----------
    folder : Path
        Where they lie; made when the first is written, for this user alone.
    limit : int
        How many bytes they may take together; larger ones are not kept.
    what : str
        What messages call the folder, such as ``"the folder of trained networks"``.
    variable : str
        The environment variable that names another.
    """

    folder: Path
    limit: int
    what: str
    variable: str

    def obtain(self, key: str, make: Callable[[], Arrays]) -> tuple[Arrays, bool]:
        """Read an entry, or make it; of all processes one makes it.

        Parameters
        ----------
        key : str
            32 hexadecimal digits that differ whenever the arrays could.
        make : callable
            Returns the arrays, of numbers and truth values; none, if they should not be kept. What
            it raises is raised.

        Returns
        -------
        arrays : mapping of str to ndarray
            What was read or made.
        was_kept : bool
            Whether it was read.
        """
        found = self._read(key)
        if found is not None:
            return found, True
        with ExitStack() as stack:
            try:
                with plain_disk_errors("cannot write to", self.folder):
                    folder = open_cache_folder(self.folder, self.what, self.variable)
                    stack.enter_context(key_lock(folder, key))
            except DirectoryError as error:
                _warn_once(str(error))
                return make(), False
            found = self._read(key, tell=True)  # by the process that held the lock before
            if found is not None:
                return found, True
            arrays = make()
            self._keep(folder / f"{key}.npz", arrays)
        return arrays, False

    def holds(self, key: str) -> bool:
        """Tell whether an entry is there."""
        return (self.folder / f"{key}.npz").is_file()

    def entries(self) -> list[KeptEntry]:
        """Return all entries, last used first."""
        return sorted(self._entries(), key=lambda entry: entry.used, reverse=True)

    def clear(self, older_than_days: float = 0.0) -> list[KeptEntry]:
        """Remove entries, and what killed processes have left; return those that were removed.

        Parameters
        ----------
        older_than_days : float
            Only entries that were not used for this many days.
        """
        latest = time.time() - older_than_days * 86_400
        removed = [one for one in self._entries() if one.used <= latest and _remove(one.file)]
        self._sweep()
        return removed

    def _entries(self) -> Iterator[KeptEntry]:
        if not self.folder.is_dir():
            return
        for file in sorted(self.folder.glob("*.npz")):
            if re.fullmatch(KEY, file.stem):
                with suppress(OSError):  # removed meanwhile
                    status = file.stat()
                    yield KeptEntry(file, status.st_size, status.st_mtime)

    def _read(self, key: str, *, tell: bool = False) -> Arrays | None:
        """Read an entry, and note that it was used; None if it is not there, or is damaged."""
        file = self.folder / f"{key}.npz"
        try:
            arrays = read_sealed(file, key.encode())
            if arrays is None:
                raise DataError("it is of another key")
        except FileNotFoundError:
            return None
        except (DataError, OSError) as error:
            if tell:
                logger.warning("%s is damaged (%s), and is made anew", file, reason(error))
            return None
        with suppress(OSError):
            os.utime(file)
        return arrays

    def _keep(self, file: Path, arrays: Arrays) -> None:
        """Write an entry, if it may have the space; for it older ones may have to go."""
        size = sum(array.nbytes for array in arrays.values())
        if size > self.limit or not arrays:
            return
        self._sweep(held=file.stem)
        try:
            write_sealed(file, arrays, file.stem.encode())
        except DirectoryError as error:
            _warn_once(str(error))
        self._remove_down_to_limit(spare=file)

    def _remove_down_to_limit(self, spare: Path) -> None:
        entries = self.entries()
        total = sum(entry.size for entry in entries)
        for entry in reversed(entries):
            if total > self.limit and entry.file != spare and _remove(entry.file):
                total -= entry.size

    def _sweep(self, held: str | None = None) -> None:
        """Remove what killed processes have left; `held` is a key that this process has locked."""
        if not self.folder.is_dir():
            return
        for file in [*self.folder.glob(".*.partial"), *self.folder.glob("*.lock")]:
            match = re.match(rf"\.?({KEY})\.", file.name)
            if match is None or not (is_partial(file) or file.suffix == ".lock"):
                continue
            if match[1] == held:
                if is_partial(file):
                    _remove(file)
                continue
            with suppress(OSError), key_lock(self.folder, match[1], wait=False) as lock:
                if lock is Lock.HELD and is_partial(file):  # leaving removes the lock itself
                    _remove(file)


@functools.cache
def _warn_once(fault: str) -> None:
    """Say why things are made that could have been kept."""
    logger.warning("what is made is not kept: %s", fault)


def _remove(file: Path) -> bool:
    try:
        file.unlink()
    except OSError:
        return False
    return True

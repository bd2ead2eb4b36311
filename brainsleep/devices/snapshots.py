"""Snapshots: the whole state of a night, written while it runs, from which it can go on.

A snapshot after N steps is two files. ``snapshot-N.state`` holds every variable of populations and
projections, one after the other. ``snapshot-N.lengths`` is its record: lines of text that name the
variables and the streams, how long each stream was, and the CRC-32 of all:

    stream NAME BYTES DIGEST-OF-ITS-LAST-BLOCK
    state GROUP.VARIABLE TYPE SIZE DIGEST
    end DIGEST-OF-ALL-LINES-BEFORE

The state appears under its name only when all is complete.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..support.files import read_text
from .streams import DamageError, cut, size_of, verify_beginning

#: File with the layout of all snapshots of a folder, whose records had no digests in version 0.1.
LAYOUT = "snapshots.json"

_NAME = re.compile(r"snapshot-(?P<steps>[1-9][0-9]{0,17})\.(?P<kind>state|lengths|partial)")
_STREAM = re.compile(r"stream (\w+(?:\.\w+)*) ([0-9]{1,18}) ([0-9]{1,10})")
_STATE = re.compile(
    r"state (\w+\.\w+) (\|b1|[<>|][iu][1248]|[<>]f[48]) ([0-9]{1,18}) ([0-9]{1,10})"
)
_END = re.compile(rb"end ([0-9]{1,10})\n")


@dataclass(frozen=True)
class StoredStream:
    """How far a stream was when a snapshot was taken.

    Attributes
    ----------
    length : int
        In bytes.
    digest : int
        Of its last block, if that was not a whole one.
    """

    length: int
    digest: int


@dataclass(frozen=True)
class StoredVariable:
    """Where a snapshot has a variable.

    Attributes
    ----------
    dtype : numpy dtype
        Type of its values.
    offset : int
        Of its first byte in the file.
    size : int
        Number of values.
    digest : int or None
        Of all its bytes; None in old snapshots.
    """

    dtype: np.dtype
    offset: int
    size: int
    digest: int | None

    @property
    def n_bytes(self) -> int:
        """Its length in bytes."""
        return self.size * self.dtype.itemsize


@dataclass
class Snapshot:
    """What a snapshot's record says.

    Attributes
    ----------
    folder : Path
        Where the night was written.
    n_steps : int
        Number of steps after which it was taken.
    streams : dict of str to StoredStream
        By file name.
    variables : dict of str to StoredVariable
        By ``group.variable``, in Brian2's names.
    """

    folder: Path
    n_steps: int
    streams: dict[str, StoredStream] = field(default_factory=dict)
    variables: dict[str, StoredVariable] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file of the state."""
        return self.folder / f"snapshot-{self.n_steps}.state"

    @classmethod
    def read(cls, folder: Path, n_steps: int) -> Snapshot:
        """Read a snapshot's record.

        Parameters
        ----------
        folder : Path
            Where the night was written.
        n_steps : int
            Number of steps after which the snapshot was taken; see :func:`snapshot_steps`.

        Raises
        ------
        DamageError
            If it is not as it was written, or the state has another length than it says.
        """
        found = cls(folder, n_steps)
        if (folder / LAYOUT).exists():
            found._read_layout()
            return found
        record = found.file.with_suffix(".lengths")
        if size_of(record) > 2**20:
            raise DamageError(record, "is not a record of a snapshot")
        content = record.read_bytes()
        lines, end = content[: content.rfind(b"end ")], content[content.rfind(b"end ") :]
        match = _END.fullmatch(end)
        if match is None or int(match[1]) != zlib.crc32(lines):
            raise DamageError(record, "is not as it was written")
        for line in lines.decode("ascii", "replace").splitlines():
            if stream := _STREAM.fullmatch(line):
                found.streams[stream[1]] = StoredStream(int(stream[2]), int(stream[3]))
            elif state := _STATE.fullmatch(line):
                found._add(state[1], state[2], int(state[3]), int(state[4]))
            else:
                raise DamageError(record, "is not a record of a snapshot")
        found._require_size()
        return found

    def _read_layout(self) -> None:
        """Read what is in the snapshots of a folder, as version 0.1 left it."""
        place = self.folder / LAYOUT
        try:
            for name, dtype, size in json.loads(read_text(place)):
                if not _STATE.fullmatch(f"state {name} {dtype} {size} 0"):
                    raise ValueError
                self._add(name, dtype, size, None)
        except (OSError, ValueError, TypeError):
            raise DamageError(place, "is not as it was written") from None
        self._require_size()

    def _add(self, name: str, dtype: str, size: int, digest: int | None) -> None:
        """Note that a variable follows."""
        offset = sum(one.n_bytes for one in self.variables.values())
        self.variables[name] = StoredVariable(np.dtype(dtype), offset, size, digest)

    def _require_size(self) -> None:
        """Raise unless the state is as long as all variables together."""
        size = sum(one.n_bytes for one in self.variables.values())
        if size_of(self.file) != size:
            raise DamageError(self.file, f"has {size_of(self.file)} bytes, not {size}")

    def values(self, name: str, *, verify: bool = True) -> np.ndarray:
        """Map a variable into memory.

        Parameters
        ----------
        name : str
            ``group.variable``.
        verify : bool
            Whether it is compared with its digest.

        Raises
        ------
        DamageError
            If it was damaged, or there is none of this name.
        """
        if name not in self.variables:
            raise DamageError(self.file, f"has no {name}")
        one = self.variables[name]
        if one.size == 0:
            return np.zeros(0, one.dtype)
        found = np.memmap(self.file, one.dtype, mode="r", offset=one.offset, shape=(one.size,))
        if verify and one.digest is not None and zlib.crc32(found.data) != one.digest:
            raise DamageError(self.file, f"was damaged: {name} is not as it was written")
        return found

    def verify(self, streams: Collection[str]) -> None:
        """Compare the whole snapshot, and the streams up to it, with their digests.

        Parameters
        ----------
        streams : collection of str
            The names of all streams that the night has.

        Raises
        ------
        DamageError
            Naming what is damaged, or missing.
        """
        if (self.folder / LAYOUT).exists():
            raise DamageError(self.file, "has no digests, so the night cannot go on from it")
        if set(self.streams) != set(streams):
            raise DamageError(self.file.with_suffix(".lengths"), "does not name the night's files")
        for name in self.variables:
            self.values(name)
        for name, stored in self.streams.items():
            verify_beginning(self.folder / name, stored.length, stored.digest)

    def go_back(self) -> None:
        """Remove all that was written to the folder after the snapshot was taken.

        Raises
        ------
        DamageError
            If a stream is no ordinary file.
        """
        for name, stored in self.streams.items():
            cut(self.folder / name, stored.length, stored.digest)
        for file in self.folder.glob("snapshot-*"):
            part = _NAME.fullmatch(file.name)
            if part and (int(part["steps"]) > self.n_steps or part["kind"] == "partial"):
                file.unlink()


def snapshot_steps(folder: Path) -> list[int]:
    """Return after how many steps there are complete snapshots, in ascending order."""
    names = (_NAME.fullmatch(file.name) for file in folder.glob("snapshot-*.state"))
    return sorted(int(name["steps"]) for name in names if name is not None)


def last_intact(
    folder: Path, streams: Collection[str]
) -> tuple[Snapshot | None, list[DamageError]]:
    """Find the last snapshot that is intact, with the streams up to it.

    Parameters
    ----------
    folder : Path
        Where the night was written.
    streams : collection of str
        The names of all streams that the night has.

    Returns
    -------
    Snapshot or None
        None if there is none.
    list of DamageError
        What was found on the way back, the latest snapshot first.
    """
    faults: list[DamageError] = []
    for n_steps in reversed(snapshot_steps(folder)):
        try:
            found = Snapshot.read(folder, n_steps)
            found.verify(streams)
        except DamageError as fault:
            faults.append(fault)
        else:
            return found, faults
    return None, faults

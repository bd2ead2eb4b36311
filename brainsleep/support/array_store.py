"""A folder of arrays, each in a file that is named by what it holds: equal arrays lie there once.

A reference to an array is a small JSON object: the digest of its values, their type and its shape.
It may also say that the array is another one with some values changed, or another one rounded.
Whatever is read is compared with its digest.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DataError
from .array_files import read_arrays, write_arrays
from .disk import plain_disk_errors, shown
from .files import JsonObject, remove_partial_files, replacing, sync

#: Name of such a folder.
ARRAYS = "arrays"

#: Under this name a file holds its array, flat.
_VALUES = "values"

#: A SHA-256 in hexadecimal.
_DIGEST = "[0-9a-f]{64}"

#: Arrays of fewer values are written whole, and those of which a larger part changed.
_FEW, _MOST_CHANGED = 1000, 0.9

#: Bytes from which is judged whether compressing an array is worth its time.
_SAMPLE = 2**14


class _Digests:
    """Digests of arrays; within :meth:`unchanged`, each is gone through once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, str], tuple[np.ndarray, str]] | None = None

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Take it that arrays in memory do not change in a ``with`` block."""
        before, self._known = self._known, {}
        try:
            yield
        finally:
            self._known = before

    def of(self, array: np.ndarray, flat: np.ndarray) -> str:
        """Return the digest of an array that is also given flat."""
        if self._known is None or not array.flags.c_contiguous:
            return _digest(flat)
        place = flat.ctypes.data, flat.size, flat.dtype.str
        if place not in self._known:
            self._known[place] = flat, _digest(flat)  # held, so that no other comes to its place
        return self._known[place][1]


@dataclass(frozen=True)
class ArrayStore:
    """Arrays in a folder.

    Attributes
    ----------
    folder : Path
        Where they lie; made when the first is written.
    """

    folder: Path
    _known: dict[str, JsonObject] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _digests: _Digests = field(default_factory=_Digests, init=False, repr=False, compare=False)

    def unchanged(self) -> AbstractContextManager[None]:
        """Return a context in which arrays do not change: each is digested once, however often put.

        They are held until its end.
        """
        return self._digests.unchanged()

    def put(
        self, array: np.ndarray, since: np.ndarray | None = None, *, is_part: bool = False
    ) -> JsonObject:
        """Write an array, unless it is there already; return the reference to it.

        Parameters
        ----------
        array : ndarray
            The array. If it is of float64, its rounding to float32 needs no place any more.
        since : ndarray, optional
            What it was before: if a part did not change, only the rest is written.
        is_part : bool
            Whether it is of such a rest: nobody puts it, or its rounding, again.

        Raises
        ------
        DirectoryError
            If it cannot be written.
        """
        array = np.asarray(array)
        flat = np.ascontiguousarray(array).reshape(-1)
        digest = _digest(flat) if is_part else self._digests.of(array, flat)
        if digest not in self._known:
            self._known[digest] = self._change(flat, since) or self._file(flat, digest)
            if flat.dtype == np.float64 and not is_part:
                with np.errstate(over="ignore"):
                    rounded = flat.astype(np.float32)
                known = {"rounded": {**self._known[digest], "shape": [flat.size]}}
                self._known.setdefault(_digest(rounded), {**known, "type": rounded.dtype.str})
        return {**self._known[digest], "shape": list(array.shape)}

    def _file(self, flat: np.ndarray, digest: str) -> JsonObject:
        """Write a flat array to a file of its own; return the reference without its shape."""
        file = self.folder / f"{digest}.npz"
        if not _is_intact(file, digest):
            with plain_disk_errors("cannot write", self.folder):
                self.folder.mkdir(exist_ok=True)
            with replacing(file, sync_folder=False) as partial:
                write_arrays(partial, {_VALUES: flat}, compress=_is_worth_compressing(flat))
        return {"array": digest, "type": flat.dtype.str}

    def _change(self, flat: np.ndarray, since: np.ndarray | None) -> JsonObject | None:
        """Write what changed of an array, if that is worth it; return the reference."""
        if since is None or since.size != flat.size or flat.size < _FEW:
            return None
        bits = np.dtype(f"u{flat.itemsize}")  # as -0 is not 0, and NaN is itself
        with np.errstate(over="ignore"):
            places = flat.view(bits) != np.ravel(since).astype(flat.dtype).view(bits)
        if np.count_nonzero(places) > _MOST_CHANGED * flat.size:
            return None
        references = {
            "since": self.put(since),
            "changed": self.put(np.packbits(places), is_part=True),
            "values": self.put(flat[places], is_part=True),
        }
        return references | {"type": flat.dtype.str}

    def get(self, reference: object, read: dict[str, np.ndarray] | None = None) -> np.ndarray:
        """Read an array that something refers to; a copy of its own.

        Parameters
        ----------
        reference : dict
            As :meth:`put` returned it.
        read : dict, optional
            Flat arrays by digest, which are not read again; those that are read are added.

        Raises
        ------
        DataError
            If this is no reference, or what it refers to is damaged or asks for too much memory.
        FileNotFoundError
            If it is not there.
        OSError
            If it cannot be read.
        """
        match reference:
            case {"type": str(name), "shape": list(shape), **parts} if _are_sizes(shape):
                flat = self._flat({str(key): part for key, part in parts.items()}, read)
            case _:
                raise DataError("is no reference to an array.")
        if flat.dtype.str != name or flat.size != math.prod(shape):
            raise DataError("an array has not the type and the shape that it should have.")
        return flat.reshape(shape)

    def _flat(self, parts: JsonObject, read: dict[str, np.ndarray] | None) -> np.ndarray:
        """Read a flat array, whole or put together."""
        match parts:
            case {"array": str(digest)} if len(parts) == 1 and re.fullmatch(_DIGEST, digest):
                file = self.folder / f"{digest}.npz"
                if read is None:
                    return _values(file, digest)
                if digest not in read:
                    read[digest] = _values(file, digest)
                return read[digest].copy()
            case {"rounded": whole} if len(parts) == 1:
                with np.errstate(over="ignore"):
                    return self.get(whole, read).ravel().astype(np.float32)
            case {"since": since, "changed": changed, "values": values} if len(parts) == 3:
                return self._changed(since, changed, values, read)
        raise DataError("is no reference to an array.")

    def _changed(
        self, since: object, changed: object, values: object, read: dict[str, np.ndarray] | None
    ) -> np.ndarray:
        """Put together an array of what it was before and what changed."""
        new, bits = self.get(values), self.get(changed)
        with np.errstate(over="ignore"):
            flat = self.get(since, read).ravel().astype(new.dtype, copy=False)
        if bits.dtype != np.uint8 or bits.size != -(-flat.size // 8):
            raise DataError("what changed in an array is not told of all of it.")
        places = np.unpackbits(bits, count=flat.size).astype(bool)
        if new.shape != (np.count_nonzero(places),):
            raise DataError("what changed in an array is not told of all of it.")
        flat[places] = new
        return flat

    def sync(self) -> None:
        """Bring the names of all arrays to the disk; their content is there."""
        with suppress(OSError):  # of file systems that cannot, and of no arrays at all
            sync(self.folder)

    def keep_only(self, digests: Iterable[str]) -> None:
        """Remove all other arrays from the folder, unless it is a link to another."""
        if self.folder.is_symlink():
            return
        remove_partial_files(self.folder)
        kept = set(digests)
        for file in self.folder.glob("*.npz"):
            if file.stem not in kept and re.fullmatch(_DIGEST, file.stem):
                with plain_disk_errors("cannot remove", file):
                    file.unlink(missing_ok=True)


def references(content: object) -> set[str]:
    """Return the digests of all arrays that a JSON object refers to."""
    if isinstance(content, dict):
        own = content.get("array")
        inner = set().union(*map(references, content.values()), set())
        return inner | {own} if isinstance(own, str) else inner
    return set().union(*map(references, content), set()) if isinstance(content, list) else set()


def _are_sizes(shape: list[object]) -> bool:
    return all(type(size) is int and size >= 0 for size in shape)


def _digest(flat: np.ndarray) -> str:
    """Return the SHA-256 of an array: of its type, and its values one after the other."""
    digest = hashlib.sha256(f"{flat.dtype.str} {flat.size}:".encode())
    digest.update(flat.view(np.uint8).data if flat.size else b"")
    return digest.hexdigest()


def _values(file: Path, digest: str) -> np.ndarray:
    """Read a file, and compare it with its digest."""
    try:
        arrays = read_arrays(file)
    except OSError as error:
        error.filename = error.filename or str(file)  # damage can lead to places that are not there
        raise
    if set(arrays) != {_VALUES} or arrays[_VALUES].ndim != 1 or _digest(arrays[_VALUES]) != digest:
        raise DataError(f"{shown(file)}: is damaged: it does not fit its digest.")
    return arrays[_VALUES]


def _is_intact(file: Path, digest: str) -> bool:
    """Tell whether an array lies in its file already."""
    try:
        _values(file, digest)
    except (OSError, DataError):
        return False
    return True


def _is_worth_compressing(flat: np.ndarray) -> bool:
    """Tell, by a sample from its middle, whether an array becomes half as large or less."""
    start = max(0, flat.size // 2 - _SAMPLE // (2 * flat.itemsize))
    sample = flat[start : start + _SAMPLE // flat.itemsize].tobytes()
    return len(zlib.compress(sample, 1)) < len(sample) / 2

"""A folder of arrays, each in a file that is named by what it holds: equal arrays lie there once.

A reference to an array is a small JSON object: the digest of its values, their type and its shape.
Whatever is read is compared with its digest.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DataError
from .array_files import read_arrays, write_arrays
from .disk import is_there, plain_disk_errors, shown
from .files import JsonObject, remove_partial_files, replacing, sync

#: Name of such a folder.
ARRAYS = "arrays"

#: Under this name a file holds its array, flat.
_VALUES = "values"

#: A SHA-256 in hexadecimal.
_DIGEST = "[0-9a-f]{64}"

#: Bytes from which is judged whether compressing an array is worth its time.
_SAMPLE = 2**16


@dataclass(frozen=True)
class ArrayStore:
    """Arrays in one folder or in several.

    Attributes
    ----------
    folder : Path
        Where arrays are written; made when the first is.
    others : tuple of Path
        Where they may lie as well, such as those that several nights of a run share.
    """

    folder: Path
    others: tuple[Path, ...] = ()
    _written: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def put(self, array: np.ndarray) -> JsonObject:
        """Write an array, unless it is there already; return the reference to it.

        Raises
        ------
        DirectoryError
            If it cannot be written.
        """
        array = np.asarray(array)
        flat = np.ascontiguousarray(array).reshape(-1)
        digest = _digest(flat)
        file = self.folder / f"{digest}.npz"
        if digest not in self._written and not _is_intact(file, digest):
            with plain_disk_errors("cannot write", self.folder):
                self.folder.mkdir(exist_ok=True)
            with replacing(file, sync_folder=False) as partial:
                write_arrays(partial, {_VALUES: flat}, compress=_is_worth_compressing(flat))
        self._written.add(digest)
        return {"array": digest, "type": flat.dtype.str, "shape": list(array.shape)}

    def get(self, reference: object) -> np.ndarray:
        """Read an array that something refers to; a copy of its own.

        Raises
        ------
        DataError
            If this is no reference, or what it refers to is damaged or asks for too much memory.
        FileNotFoundError
            If it is not there.
        OSError
            If it cannot be read.
        """
        digest, dtype, shape = _parts(reference)
        flat = _values(self._file(digest), digest)
        if flat.dtype != dtype or flat.size != math.prod(shape):
            raise DataError(f"array {digest[:12]}… does not have the shape that it should have.")
        return flat.reshape(shape)

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

    def _file(self, digest: str) -> Path:
        """Return where an array lies, or would."""
        names = [folder / f"{digest}.npz" for folder in (self.folder, *self.others)]
        return next(filter(is_there, names), names[-1])


def references(content: object) -> set[str]:
    """Return the digests of all arrays that a JSON object refers to."""
    if isinstance(content, dict):
        own = content.get("array")
        inner = set().union(*map(references, content.values()), set())
        return inner | {own} if isinstance(own, str) else inner
    return set().union(*map(references, content), set()) if isinstance(content, list) else set()


def _parts(reference: object) -> tuple[str, np.dtype, tuple[int, ...]]:
    """Take a reference apart: digest, type, shape."""
    fault = DataError("is no reference to an array.")
    if not isinstance(reference, dict) or set(reference) != {"array", "type", "shape"}:
        raise fault
    digest, name, shape = (reference[key] for key in ("array", "type", "shape"))
    if not (isinstance(digest, str) and re.fullmatch(_DIGEST, digest)):
        raise fault
    if not (isinstance(name, str) and re.fullmatch(r"[<>|=][biuf][0-9]{1,2}", name)):
        raise fault
    if not (isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)):
        raise fault
    return digest, np.dtype(name), tuple(shape)


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

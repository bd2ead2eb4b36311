"""Npz files that say what their arrays belong to, and whether they are as they were written.

An npz file holds a checksum (CRC-32) of each of its entries, which reading compares. The seal is a
SHA-256 of the key, the names and these checksums: large arrays are gone through once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError
from .array_files import read_with_sums, write_arrays
from .files import replacing

#: Names of the arrays that say so.
_KEY, _SEAL = "key", "seal"


def write_sealed(file: Path, arrays: Mapping[str, np.ndarray], key: bytes) -> None:
    """Write arrays with a key and a seal of both; whole or not at all.

    Parameters
    ----------
    file : Path
        The file; its folder is there.
    arrays : mapping of str to ndarray
        By name; none is called ``"key"`` or ``"seal"``.
    key : bytes
        What they belong to.

    Raises
    ------
    DirectoryError
        If the file cannot be written.
    """

    def sealed(sums: Mapping[str, int]) -> dict[str, np.ndarray]:
        return {_KEY: _numbers(key), _SEAL: _numbers(_seal(key, sums))}

    with replacing(file) as partial:
        write_arrays(partial, arrays, compress=False, last=sealed)


def read_sealed(file: Path, key: bytes) -> dict[str, np.ndarray] | None:
    """Return the arrays that :func:`write_sealed` wrote; None if they belong to something else.

    Raises
    ------
    DataError
        If the file is damaged.
    OSError
        If it is not there, or cannot be read.
    """
    arrays, sums = read_with_sums(file)
    if not {_KEY, _SEAL} <= arrays.keys():
        raise DataError("it has no digest")
    written, seal = (arrays.pop(name).tobytes() for name in (_KEY, _SEAL))
    if seal != _seal(written, {name: sums[name] for name in arrays}):
        raise DataError("it does not fit its digest")
    return arrays if written == key else None


def _seal(key: bytes, sums: Mapping[str, int]) -> bytes:
    """Return the digest of a key and of names and checksums, in their order."""
    return hashlib.sha256(repr((key, list(sums.items()))).encode()).digest()


def _numbers(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)

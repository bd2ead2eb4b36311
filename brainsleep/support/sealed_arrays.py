"""Npz files that say what their arrays belong to, and whether they are as they were written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError
from .array_files import digest_of, read_arrays, write_arrays
from .files import replacing

#: Names of the arrays that say so.
_KEY, _SEAL = "key", "seal"


def write_sealed(file: Path, arrays: Mapping[str, np.ndarray], key: bytes) -> None:
    """Write arrays with a key and a digest of both; whole or not at all.

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
    seal = {_KEY: _numbers(key), _SEAL: _numbers(digest_of(arrays, key))}
    with replacing(file) as partial:
        write_arrays(partial, {**arrays, **seal}, compress=False)


def read_sealed(file: Path, key: bytes) -> dict[str, np.ndarray] | None:
    """Return the arrays that :func:`write_sealed` wrote; None if they belong to something else.

    Raises
    ------
    DataError
        If the file is damaged.
    OSError
        If it is not there, or cannot be read.
    """
    arrays = read_arrays(file)
    if not {_KEY, _SEAL} <= arrays.keys():
        raise DataError("it has no digest")
    written, seal = (arrays.pop(name).tobytes() for name in (_KEY, _SEAL))
    if seal != digest_of(arrays, written):
        raise DataError("it does not fit its digest")
    return arrays if written == key else None


def _numbers(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)

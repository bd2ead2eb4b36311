"""Arrays in npz files: written whole, and read only as far as their headers can be true."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import BrainsleepError, DataError, reason
from .disk import plain_disk_errors, shown
from .memory import require_memory

#: NumPy's own limit of a header that it evaluates.
_LONGEST_HEADER = 10_000

#: How many bytes one compressed byte can become, by method; NumPy writes no others.
_MOST_EXPANDED = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}

#: Bytes that are read unasked: asking how much memory is free takes longer.
_LITTLE = 2**16

#: Bytes that are read or written at once.
_PIECE = 2**20


@dataclass(frozen=True)
class _Header:
    """What the first bytes of an array say."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype
    n_bytes: int  # of the header itself

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


def write_arrays(
    file: Path,
    arrays: Mapping[str, np.ndarray],
    *,
    compress: bool = True,
    last: Callable[[Mapping[str, int]], Mapping[str, np.ndarray]] | None = None,
) -> None:
    """Write an npz file, without pickles; unlike np.savez, for arrays of any name.

    Parameters
    ----------
    file : Path
        The file.
    arrays : mapping of str to ndarray
        By name.
    compress : bool
        Whether the quickest compression is used, or none.
    last : callable, optional
        Is given the checksums (CRC-32) of these arrays as they are in the file, by name, and
        returns what else is written.

    Raises
    ------
    DirectoryError
        If the file cannot be written.
    """
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with plain_disk_errors("cannot write", file):
        try:
            with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
                sums = _write_all(archive, arrays)
                if last is not None:
                    _write_all(archive, last(sums))
        except ValueError as error:  # of closing an archive that could not be written
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def read_arrays(file: Path, *, with_text: bool = False) -> dict[str, np.ndarray]:
    """Read an npz file whole: numbers and truth values, no pickles.

    Nothing is read before all headers were held against the lengths of the entries and against
    the memory that is free: few bytes can promise, and compressed bytes can become, any number.

    Parameters
    ----------
    file : Path
        The file.
    with_text : bool, optional
        Whether arrays of text are read, too.

    Returns
    -------
    dict of str to ndarray
        By name.

    Raises
    ------
    DataError
        Naming the file, if it is damaged, holds something else (text where `with_text` is False,
        or objects), or asks for too much memory.
    OSError
        If it is not there, or cannot be read.
    """
    return read_with_sums(file, with_text=with_text)[0]


def read_with_sums(
    file: Path, *, with_text: bool = False
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Read an npz file as :func:`read_arrays` does; also the checksums, which the arrays fit."""
    try:
        with zipfile.ZipFile(file) as archive:
            headers = {info.filename: _header_of(archive, info) for info in archive.infolist()}
            for name, header in headers.items():
                _check_kind(name.removesuffix(".npy"), header.dtype, shown(file), with_text)
            n_bytes = sum(one.size * one.dtype.itemsize for one in headers.values())
            if n_bytes > _LITTLE:
                require_memory(n_bytes, shown(file))
            arrays = {
                name.removesuffix(".npy"): _values(archive, name, header)
                for name, header in headers.items()
            }
            return arrays, {name: archive.getinfo(f"{name}.npy").CRC for name in arrays}
    except (OSError, BrainsleepError):
        raise
    except Exception as error:  # of zipfile, zlib and NumPy, for what is in the file
        raise DataError(f"{shown(file)}: is damaged, or no npz file: {reason(error)}.") from error


def digest_of(arrays: Mapping[str, np.ndarray], key: bytes = b"") -> bytes:
    """Return the SHA-256 of a key and of arrays with their names, in their order."""
    digest = hashlib.sha256(key)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def _write_all(archive: zipfile.ZipFile, arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Write arrays into an archive; return the checksum of each."""
    for name, array in arrays.items():
        with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
            _write(stream, array)
    return {name: archive.getinfo(f"{name}.npy").CRC for name in arrays}


def _write(stream: IO[bytes], array: np.ndarray) -> None:
    """Write an array as NumPy does, but without copying the values of one in C order."""
    if array.dtype.kind not in "biuf" or not array.flags.c_contiguous:
        np.lib.format.write_array(stream, array, allow_pickle=False)
        return
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(stream, header)
    content = np.asarray(array).reshape(-1).view(np.uint8).data if array.size else b""
    for start in range(0, len(content), _PIECE):
        stream.write(content[start : start + _PIECE])


def _header_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Header:
    """Read the header of an entry; a ValueError if it is not the header of these bytes."""
    most = _MOST_EXPANDED.get(info.compress_type)
    if most is None:
        raise ValueError(f"{info.filename} is compressed as only other tools do")
    if info.file_size > info.compress_size * most:
        raise ValueError(f"{info.filename} promises more than {info.compress_size} bytes can hold")
    with archive.open(info) as stream:
        header = _read_header(stream)
    if header.dtype.hasobject:
        return header  # pickled, of any length; refused by what is asked for
    promised = header.size * header.dtype.itemsize
    if info.file_size != header.n_bytes + promised:
        raise ValueError(
            f"{info.filename} promises {promised} bytes, and has {info.file_size - header.n_bytes}"
        )
    return header


def _check_kind(name: str, dtype: np.dtype, file: str, with_text: bool) -> None:
    """Refuse an array that holds neither numbers nor, where it may, text.

    Raises
    ------
    ValueError
        Of a file that only brainsleep writes: it is damaged.
    DataError
        Of users' own, with what to save instead.
    """
    if dtype.kind in ("biufUS" if with_text else "biuf"):
        return
    if not with_text:
        raise ValueError(f"{name} holds no numbers, but {dtype}")
    todo = f"save text as {name}.astype(str), and numbers as {name}.astype(float)"
    raise DataError(f"{file}: {name} holds neither numbers nor text, but {dtype}; {todo}.")


def _read_header(stream: IO[bytes]) -> _Header:
    """Read a header, which is measured before it is evaluated."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format is not known")
    n_prefix = 2 if version == (1, 0) else 4
    prefix = stream.read(n_prefix)
    length = int.from_bytes(prefix, "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    text = io.BytesIO(prefix + stream.read(length))
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, is_fortran, dtype = read(text)
    if any(size < 0 for size in shape):
        raise ValueError(f"a shape of {shape}")
    return _Header(shape, is_fortran, dtype, np.lib.format.MAGIC_LEN + n_prefix + length)


def _values(archive: zipfile.ZipFile, name: str, header: _Header) -> np.ndarray:
    """Read the values of an entry, piece by piece."""
    array = np.empty(header.size, header.dtype)
    with archive.open(name) as stream:
        stream.read(header.n_bytes)
        if array.size:
            _fill(array.view(np.uint8).data, stream)
        if stream.read(1):  # which also checks the digest of the entry
            raise ValueError(f"{name} is longer than it says")
    return array.reshape(header.shape, order="F" if header.is_fortran else "C")


def _fill(wanted: memoryview, stream: IO[bytes]) -> None:
    """Fill a block of memory from a file; an EOFError if it ends before."""
    at = 0
    while at < len(wanted):
        piece = stream.read(min(_PIECE, len(wanted) - at))
        if not piece:
            raise EOFError("it ends too early")
        wanted[at : at + len(piece)] = piece
        at += len(piece)

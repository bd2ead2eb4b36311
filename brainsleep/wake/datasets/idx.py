"""One IDX file, the format in which MNIST and Fashion-MNIST are published.

A file is a magic number, the sizes (big-endian), then unsigned bytes (LeCun, Cortes, Burges, The
MNIST database of handwritten digits).
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DataError
from ...support.memory import require_memory

_UNSIGNED_BYTE = 0x08
_GZIP = b"\x1f\x8b"

_Stream: TypeAlias = IO[bytes] | gzip.GzipFile

#: What files with other magic numbers hold, for messages.
_CONTENTS = {2049: "labels", 2051: "images"}

#: Bytes of memory per value, with the float32 that is made of it.
_BYTES_EACH = 5

#: Bytes that are read at once.
_PIECE = 2**20


def read_idx(path: Path, n_dimensions: int) -> npt.NDArray[np.uint8]:
    """Read one file, gzipped or not; its content tells which, whatever its name says.

    The header is read first. Values are read if it is right, if they fit into the memory that is
    free, and no further than it promises: few compressed bytes can become any number.

    Parameters
    ----------
    path : Path
        The file.
    n_dimensions : int
        Number of dimensions that the array must have.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    DataError
        If it cannot be read, holds something else, or asks for too much memory.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_GZIP)) == _GZIP:
                file.seek(0)
                with gzip.open(file) as content:
                    sizes = _sizes(content, path, n_dimensions)
                    return _values(content, path, sizes)
            file.seek(0)
            sizes = _sizes(file, path, n_dimensions, is_named_gzip=path.suffix.lower() == ".gz")
            n_bytes = os.fstat(file.fileno()).st_size - file.tell()
            if n_bytes < math.prod(sizes):
                raise DataError(f"{path} is truncated: {_promise(sizes)}, it holds {n_bytes}.")
            return _values(file, path, sizes)
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise DataError(f"{path} cannot be read: {error}.") from error


def _sizes(
    content: _Stream,
    path: Path,
    n_dimensions: int,
    *,
    is_named_gzip: bool = False,
) -> list[int]:
    """Read the header of a file; return the sizes that it promises."""
    n_header = 4 * (1 + n_dimensions)
    header = content.read(n_header)
    # browsers decompress some downloads and keep the name
    if is_named_gzip and not header.startswith(bytes([0, 0, _UNSIGNED_BYTE])):
        raise DataError(
            f"{path} cannot be read: it is no gzip file, but begins with {header[:16]!r}."
            f"{_web_page(header)}"
        )
    if len(header) < n_header:
        raise DataError(
            f"{path} is truncated: {len(header)} bytes, shorter than its {n_header}-byte header."
            f"{_web_page(header)}"
        )
    magic, *sizes = (int(word) for word in np.frombuffer(header, dtype=">u4"))
    expected_magic = _UNSIGNED_BYTE << 8 | n_dimensions
    if magic != expected_magic:
        holds = f" (it holds {_CONTENTS[magic]})" if magic in _CONTENTS else ""
        raise DataError(
            f"{path} is not the IDX file its name says: "
            f"magic number {magic}, expected {expected_magic}{holds}.{_web_page(header)}"
        )
    if math.prod(sizes) == 0:
        raise DataError(f"{path} holds no {_CONTENTS.get(magic, 'values')}: its sizes are {sizes}.")
    return sizes


def _values(content: _Stream, path: Path, sizes: list[int]) -> npt.NDArray[np.uint8]:
    """Read as many values as the header of a file has promised."""
    require_memory(math.prod(sizes) * _BYTES_EACH, str(path))
    values = np.empty(math.prod(sizes), dtype=np.uint8)
    n_read = _fill(values, content)
    if n_read < len(values):
        raise DataError(f"{path} is truncated: {_promise(sizes)}, it holds {n_read}.")
    if content.read(1):
        raise DataError(f"{path} is too long: {_promise(sizes)}, it holds more.")
    return values.reshape(sizes)


def _promise(sizes: list[int]) -> str:
    return f"its header promises {' x '.join(map(str, sizes))} = {math.prod(sizes)} bytes"


def _fill(values: npt.NDArray[np.uint8], content: _Stream) -> int:
    """Fill an array from a file, piece by piece; return how many values there were."""
    n_read = 0
    while n_read < len(values):
        piece = content.read(min(_PIECE, len(values) - n_read))
        if not piece:
            break
        values[n_read : n_read + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        n_read += len(piece)
    return n_read


def _web_page(content: bytes) -> str:
    """Say so if a file holds a web page, as failed downloads do."""
    is_page = content.lstrip()[:1] == b"<"
    return " It is a web page; download the file again." if is_page else ""

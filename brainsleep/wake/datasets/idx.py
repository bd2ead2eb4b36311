"""One IDX file, the format in which MNIST and Fashion-MNIST are published.

A file is a magic number, the sizes (big-endian), then unsigned bytes (LeCun, Cortes, Burges, The
MNIST database of handwritten digits).
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DataError

_UNSIGNED_BYTE = 0x08
_GZIP = b"\x1f\x8b"

#: What files with other magic numbers hold, for messages.
_CONTENTS = {2049: "labels", 2051: "images"}


def read_idx(path: Path, n_dimensions: int) -> npt.NDArray[np.uint8]:
    """Read one file, gzipped or not; its content tells which, whatever its name says.

    Parameters
    ----------
    path : Path
        The file.
    n_dimensions : int
        Number of dimensions that the array must have.

    Returns
    -------
    ndarray of uint8
        Read-only.

    Raises
    ------
    DataError
        If it cannot be read, or holds something else.
    """
    content = _content(path)
    n_header = 4 * (1 + n_dimensions)
    if len(content) < n_header:
        raise DataError(
            f"{path} is truncated: {len(content)} bytes, shorter than its {n_header}-byte header."
            f"{_web_page(content)}"
        )
    magic, *sizes = (int(word) for word in np.frombuffer(content[:n_header], dtype=">u4"))
    expected_magic = _UNSIGNED_BYTE << 8 | n_dimensions
    if magic != expected_magic:
        holds = f" (it holds {_CONTENTS[magic]})" if magic in _CONTENTS else ""
        raise DataError(
            f"{path} is not the IDX file its name says: "
            f"magic number {magic}, expected {expected_magic}{holds}.{_web_page(content)}"
        )
    n_bytes, n_promised = len(content) - n_header, math.prod(sizes)
    if n_bytes != n_promised:
        fault = "is truncated" if n_bytes < n_promised else "is too long"
        raise DataError(
            f"{path} {fault}: its header promises {' x '.join(map(str, sizes))} "
            f"= {n_promised} bytes, it holds {n_bytes}."
        )
    if n_promised == 0:
        raise DataError(f"{path} holds no {_CONTENTS.get(magic, 'values')}: its sizes are {sizes}.")
    return np.frombuffer(content, dtype=np.uint8, offset=n_header).reshape(sizes)


def _content(path: Path) -> bytes:
    """Return what a file holds, decompressed."""
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise DataError(f"{path} cannot be read: {error}.") from error
    # browsers decompress some downloads and keep the name
    if path.suffix.lower() == ".gz" and not content.startswith(bytes([0, 0, _UNSIGNED_BYTE])):
        raise DataError(
            f"{path} cannot be read: it is no gzip file, but begins with {content[:16]!r}."
            f"{_web_page(content)}"
        )
    return content


def _web_page(content: bytes) -> str:
    """Say so if a file holds a web page, as failed downloads do."""
    is_page = content.lstrip()[:1] == b"<"
    return " It is a web page; download the file again." if is_page else ""

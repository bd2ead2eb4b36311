"""IDX files, the format in which MNIST and Fashion-MNIST are published.

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
from .dataset import Dataset, Split

_UNSIGNED_BYTE = 0x08

#: Beginnings of the names of files with training and test images.
_PREFIXES = ("train", "t10k")


def read_idx_folder(folder: Path, name: str) -> Split:
    """Read the four files of a full set, each plain or gzipped.

    Parameters
    ----------
    folder : Path
        Where they are.
    name : str
        Names the data set, and it in messages.

    Returns
    -------
    Split
        Pixels in [0, 1].

    Raises
    ------
    DataError
        If files are missing, cannot be read or do not belong together.
    """
    paths = _find_files(folder, name)
    train, test = (_read_part(folder, name, prefix, paths) for prefix in _PREFIXES)
    return Split(train, test)


def read_idx(path: Path, n_dimensions: int) -> npt.NDArray[np.uint8]:
    """Read one file.

    Parameters
    ----------
    path : Path
        Gzipped, if its name ends in ``.gz``.
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
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise DataError(f"{path} cannot be read: {error}.") from error
    n_header = 4 * (1 + n_dimensions)
    if len(content) < n_header:
        raise DataError(
            f"{path} is truncated: {len(content)} bytes, shorter than its {n_header}-byte header."
        )
    magic, *sizes = (int(word) for word in np.frombuffer(content[:n_header], dtype=">u4"))
    expected_magic = _UNSIGNED_BYTE << 8 | n_dimensions
    if magic != expected_magic:
        raise DataError(
            f"{path} is not the IDX file its name says: "
            f"magic number {magic}, expected {expected_magic}."
        )
    n_bytes, n_promised = len(content) - n_header, math.prod(sizes)
    if n_bytes != n_promised:
        fault = "is truncated" if n_bytes < n_promised else "is too long"
        raise DataError(
            f"{path} {fault}: its header promises {' x '.join(map(str, sizes))} "
            f"= {n_promised} bytes, it holds {n_bytes}."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=n_header).reshape(sizes)


def _images_name(prefix: str) -> str:
    return f"{prefix}-images-idx3-ubyte"


def _labels_name(prefix: str) -> str:
    return f"{prefix}-labels-idx1-ubyte"


def _find_files(folder: Path, name: str) -> dict[str, Path]:
    """Return the four files by their names; a DataError says which are missing."""
    wanted = [make(prefix) for prefix in _PREFIXES for make in (_images_name, _labels_name)]
    found = {file_name: _find(folder, file_name) for file_name in wanted}
    missing = [file_name for file_name, path in found.items() if path is None]
    if missing:
        state = "" if folder.is_dir() else " (no such folder)"
        raise DataError(
            f"{name}: looked in {folder}{state} for {', '.join(wanted)}, "
            f"each with or without .gz; missing: {', '.join(missing)}."
        )
    return {file_name: path for file_name, path in found.items() if path is not None}


def _find(folder: Path, file_name: str) -> Path | None:
    """Return the file by that name, plain or gzipped."""
    for candidate in (folder / file_name, folder / f"{file_name}.gz"):
        if candidate.is_file():
            return candidate
    return None


def _read_part(folder: Path, name: str, prefix: str, paths: dict[str, Path]) -> Dataset:
    """Make a data set of a file of images and a file of labels, if they belong together."""
    images = read_idx(paths[_images_name(prefix)], n_dimensions=3)
    labels = read_idx(paths[_labels_name(prefix)], n_dimensions=1)
    if len(images) != len(labels):
        raise DataError(
            f"{name}: in {folder} the {prefix} files hold {len(images)} images "
            f"but {len(labels)} labels."
        )
    if len(images) == 0 or images[0].size == 0:
        raise DataError(f"{name}: in {folder} the {prefix} files hold no images.")
    flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return Dataset(name, flat, labels.astype(np.int64), images.shape[1:])

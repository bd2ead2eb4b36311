"""How large a NIR file is once it is read: known from its headers, before memory is taken.

Values in HDF5 are compressed, or are not there at all but for a number that stands for all of them:
some kilobytes can become any number of values.
"""

from __future__ import annotations

import math
from pathlib import Path

import h5py

from ...errors import DataError, brief
from ...support.disk import shown
from ...support.memory import in_words, require_memory

#: A network is held about four times while it is read: as in the file, as nodes, and as layers.
_COPIES = 4

#: Compressed weights grow by a few times, masks and equal values by more; as long as there are few
#: of them, it does not matter.
_MOST_EXPANDED, _FREE = 200, 2**28

#: Groups and values in a file, and groups within groups; links can make them endless.
_MOST_OBJECTS, _DEEPEST = 20_000, 32

#: Characters of a node's name.
_LONGEST_NAME = 500


def require_readable(file: h5py.File, path: Path) -> None:
    """Raise unless all values under ``node`` fit into memory, and can have come from this file.

    Parameters
    ----------
    file : h5py.File
        The file.
    path : Path
        Names it in messages.

    Raises
    ------
    DataError
        Naming the file, the bytes it asks for and the limit.
    """
    n_bytes = _Walk(path).size_of(file["node"], depth=0)
    size = path.stat().st_size
    if n_bytes > _FREE + _MOST_EXPANDED * size:
        raise DataError(
            f"{shown(path)}: has {in_words(size)} and unfolds to {in_words(n_bytes)}, which no "
            f"network does (at most {_MOST_EXPANDED} times as much is read); if it is meant, write "
            "it without compression."
        )
    require_memory(_COPIES * n_bytes, shown(path))


class _Walk:
    """Adds up the bytes of all that is under a group, as often as a reader would come by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_objects = 0

    def size_of(self, item: h5py.Group | h5py.Dataset, depth: int) -> int:
        """Return the bytes of a dataset, or of a group with all that is in it."""
        self.n_objects += 1
        if self.n_objects > _MOST_OBJECTS or depth > _DEEPEST:
            raise DataError(f"{shown(self.path)}: its groups lead in circles, or have no end.")
        if isinstance(item, h5py.Dataset):
            return self._size_of_values(item)
        if not isinstance(item, h5py.Group):
            return 0
        size = 0
        for name in item:
            if len(name) > _LONGEST_NAME:
                raise DataError(f"{shown(self.path)}: the name {brief(name)} is too long.")
            if isinstance(item.get(name, getlink=True), h5py.ExternalLink):
                raise DataError(f"{shown(self.path)}: {brief(name)} leads into another file.")
            size += self.size_of(item[name], depth + 1)
        return size

    def _size_of_values(self, values: h5py.Dataset) -> int:
        """Return the bytes that reading a dataset takes: of all values, or of one chunk."""
        text = h5py.check_string_dtype(values.dtype)
        if text is not None and text.length is None:
            return self._size_of_texts(values)
        if values.dtype.hasobject:
            raise DataError(f"{shown(self.path)}: {values.name} holds no numbers, nor texts.")
        per_chunk = math.prod(values.chunks or (0,))
        return int(max(values.size or 0, per_chunk)) * int(values.dtype.itemsize)

    def _size_of_texts(self, texts: h5py.Dataset) -> int:
        """Return the bytes of texts; each may be as long as the file, and stand there often."""
        n_texts, longest = int(texts.size or 0), self.path.stat().st_size
        if n_texts * (longest + 8) <= _FREE:
            return n_texts * 8
        if n_texts * 8 > _FREE or len(texts.shape) > 2:
            raise DataError(f"{shown(self.path)}: {texts.name} has {n_texts} texts.")
        size, step = 0, max(1, _FREE // (longest * math.prod(texts.shape[1:])))
        for start in range(0, len(texts), step):
            size += sum(len(one) for one in texts[start : start + step].flat)
            require_memory(_COPIES * size, shown(self.path))
        return size

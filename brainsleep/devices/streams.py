"""Streams on disk, and the digests by which damage to them is found.

A stream is a file of numbers of one type, to which a program appends while it runs. Where nights
are kept, each has a file of digests beside it: the CRC-32 of every block of :data:`BLOCK_BYTES`
bytes, of which the last may be shorter, as little-endian uint32. So damage is found in its block,
and who reads a part of a stream checks the blocks of this part only.
"""

from __future__ import annotations

import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

#: Bytes that share a digest.
BLOCK_BYTES = 65536

#: What the name of a stream's file of digests ends with.
DIGEST_SUFFIX = ".crc"

_DIGEST = np.dtype("<u4")


class DamageError(Exception):
    """A file is not as it was written.

    Parameters
    ----------
    file : Path
        The file.
    fault : str
        What is wrong with it.
    """

    def __init__(self, file: Path, fault: str) -> None:
        super().__init__(f"{file} {fault}")


@dataclass(frozen=True)
class StreamReader:
    """Reads a stream.

    Attributes
    ----------
    file : Path
        The stream.
    dtype : numpy dtype
        Type of its numbers.
    verify : bool
        Whether what is read is compared with its digests.
    """

    file: Path
    dtype: np.dtype[Any]
    verify: bool = True

    def __len__(self) -> int:
        """Return the number of values, without a look at them.

        Raises
        ------
        DamageError
            If there is no such file, or, where it is verified, it does not hold whole values.
        """
        n_bytes = size_of(self.file)
        if self.verify and n_bytes % self.dtype.itemsize:
            raise DamageError(self.file, f"has {n_bytes} bytes, which are no whole values")
        return n_bytes // self.dtype.itemsize

    def read(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Map values into memory.

        Parameters
        ----------
        first, last : int
            The first value, and the one after the last; all unless given.

        Raises
        ------
        DamageError
            If a block in which they lie was damaged, or the stream has another length than its
            digests say.
        """
        total, size = len(self), self.dtype.itemsize
        last = total if last is None else last
        if last > total:
            raise DamageError(self.file, f"has {total} values, not {last}")
        if self.verify:
            self._verify(total * size, first * size, last * size)
        if first >= last:  # nothing cannot be mapped
            return np.zeros(0, dtype=self.dtype)
        return np.memmap(self.file, dtype=self.dtype, mode="r", shape=(total,))[first:last]

    def _verify(self, n_bytes: int, first: int, last: int) -> None:
        """Compare the blocks in which some bytes lie with their digests."""
        digests, n_wanted = read_digests(self.file), n_blocks(last)
        is_all = n_wanted == n_blocks(n_bytes)
        if len(digests) < n_wanted or (is_all and len(digests) > n_wanted):
            name = digest_file(self.file).name
            fault = f"has {n_blocks(n_bytes)} blocks, but {name} has {len(digests)} digests"
            raise DamageError(self.file, fault)
        verify_blocks(self.file, digests, n_bytes, first, last)


def size_of(file: Path) -> int:
    """Return the size of an ordinary file in bytes.

    Raises
    ------
    DamageError
        If there is none of this name.
    """
    try:
        found = file.stat()
    except OSError as error:
        raise DamageError(file, f"cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise DamageError(file, "is not a file")
    return found.st_size


def digest_file(file: Path) -> Path:
    """Return where the digests of a stream are."""
    return file.with_name(file.name + DIGEST_SUFFIX)


def has_digests(folder: Path) -> bool:
    """Tell whether the streams in a folder have digests; those of version 0.1 have none."""
    return any(folder.glob(f"*{DIGEST_SUFFIX}"))


def n_blocks(n_bytes: int) -> int:
    """Return how many blocks a stream of a length has."""
    return -(-n_bytes // BLOCK_BYTES)


def read_digests(file: Path) -> np.ndarray:
    """Return the digests of a stream.

    Raises
    ------
    DamageError
        If there are none.
    """
    place = digest_file(file)
    if size_of(place) % _DIGEST.itemsize:
        raise DamageError(place, "does not hold whole digests")
    return np.fromfile(place, dtype=_DIGEST)


def verify_blocks(file: Path, digests: np.ndarray, end: int, first: int, last: int) -> None:
    """Compare a part of a stream with its digests.

    Parameters
    ----------
    file : Path
        The stream.
    digests : ndarray of int
        One for each of its blocks.
    end : int
        Its length in bytes.
    first, last : int
        The first byte, and the one after the last; the blocks in which they lie are read whole.

    Raises
    ------
    DamageError
        Naming the first block that was damaged.
    """
    with file.open("rb") as stream:
        for block in range(first // BLOCK_BYTES, n_blocks(last) if first < last else 0):
            begin = block * BLOCK_BYTES
            stream.seek(begin)
            if zlib.crc32(stream.read(min(BLOCK_BYTES, end - begin))) != digests[block]:
                fault = f"was damaged: block {block + 1} of {len(digests)} is not as it was written"
                raise DamageError(file, fault)


def intact_beginning(file: Path) -> int:
    """Return how many bytes at the beginning of a damaged stream are as they were written.

    Where there are no digests, all that is there is taken for intact.
    """
    try:
        n_bytes = size_of(file)
        if not has_digests(file.parent):
            return n_bytes
        digests = read_digests(file)
    except DamageError:
        return 0
    with file.open("rb") as stream:
        for block, digest in enumerate(digests):
            if zlib.crc32(stream.read(BLOCK_BYTES)) != digest:
                return block * BLOCK_BYTES
    return min(n_bytes, len(digests) * BLOCK_BYTES)


def verify_beginning(file: Path, length: int, last_digest: int) -> None:
    """Compare the beginning of a stream with its digests; what came later does not count.

    Parameters
    ----------
    file : Path
        The stream.
    length : int
        Of the beginning, in bytes.
    last_digest : int
        The digest of the last block of the beginning, if that is not a whole one.

    Raises
    ------
    DamageError
        If the stream is shorter, or a block was damaged.
    """
    if size_of(file) < length:
        raise DamageError(file, f"has {size_of(file)} of {length} bytes")
    whole = length // BLOCK_BYTES
    digests = read_digests(file)[:whole]
    if len(digests) < whole:
        raise DamageError(digest_file(file), f"has {len(digests)} of {whole} digests")
    if length % BLOCK_BYTES:
        digests = np.append(digests, np.uint32(last_digest))
    verify_blocks(file, digests, length, 0, length)


def cut(file: Path, length: int, last_digest: int) -> None:
    """Cut a stream off, and its digests.

    Parameters
    ----------
    file : Path
        The stream, which is longer, or as long.
    length : int
        In bytes.
    last_digest : int
        The digest of its last block, if that is not a whole one.

    Raises
    ------
    DamageError
        If it is no ordinary file, or one that is somewhere else, too.
    """
    whole, rest = divmod(length, BLOCK_BYTES)
    _truncate(file, length)
    tail = np.array([last_digest], dtype=_DIGEST).tobytes() if rest else b""
    _truncate(digest_file(file), whole * _DIGEST.itemsize, tail)


def _truncate(file: Path, length: int, then: bytes = b"") -> None:
    """Cut a file off and write to its end; links are not followed."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DamageError(file, f"cannot be opened: {error.strerror}") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise DamageError(file, "is a link or no file, and is left alone")
        os.ftruncate(descriptor, length)
        os.pwrite(descriptor, then, length)
    finally:
        os.close(descriptor)

"""Errors of the operating system about files and disks, told in one line."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import BrainsleepError, DirectoryError, reason

#: A disk with fewer free bytes is taken for full, where an error does not say what it is.
_NEARLY_FULL = 2**16

#: Most characters of a path in a message.
_MOST_SHOWN = 200


@contextmanager
def plain_disk_errors(doing: str, path: Path, advice: str = "") -> Iterator[None]:
    """Turn errors of the operating system into one line that names the file and its disk.

    Parameters
    ----------
    doing : str
        What failed, such as ``"cannot write"``; the file follows.
    path : Path
        The file, or the directory it is in; an error that names a file itself wins.
    advice : str, optional
        What to do, in place of the usual advice.

    Raises
    ------
    DirectoryError
        With the `errno` of the error.
    """
    try:
        yield
    except BrainsleepError:
        raise
    except OSError as error:
        raise disk_error(error, doing, path, advice) from error


def disk_error(
    error: OSError, doing: str = "cannot write", path: Path | None = None, advice: str = ""
) -> DirectoryError:
    """Return an error that says in one line what the operating system would not do, and why.

    Parameters
    ----------
    error : OSError
        What it said; NumPy's has no number where a disk was full.
    doing, path, advice
        As in :func:`plain_disk_errors`.
    """
    named = error.filename if isinstance(error.filename, (str, os.PathLike)) else None
    file = Path(named if named is not None else path if path is not None else ".")
    number = error.errno
    if number is None and free_bytes(file) < _NEARLY_FULL:
        number = errno.ENOSPC
    fault, usual = _fault(number, error, file)
    told = DirectoryError(f"{doing} {shown(file)}: {fault}; {advice or usual}.")
    told.errno = number
    return told


def is_there(path: Path) -> bool:
    """Tell whether there is something at a path; a DirectoryError if this user may not look."""
    with plain_disk_errors("cannot look for", path):
        return path.exists()


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder at a path; a DirectoryError if this user may not look."""
    with plain_disk_errors("cannot look for", path):
        return path.is_dir()


def disk_of(path: Path) -> Path:
    """Return where the disk is mounted that a path lies on, whether the path exists or not."""
    place = Path(os.path.realpath(path))
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return place


def free_bytes(path: Path) -> int:
    """Return how many bytes are free on the disk that a path lies on."""
    try:
        return shutil.disk_usage(disk_of(path)).free
    except OSError:
        return 0


def shown(path: Path) -> str:
    """Return a path as messages show it: on one line, and not without end."""
    text = "".join(one if one.isprintable() else "?" for one in str(path))
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def _fault(number: int | None, error: OSError, file: Path) -> tuple[str, str]:
    """Say what is wrong, and what is usually done about it."""
    disk = f"the disk at {shown(disk_of(file))}"
    elsewhere = "choose a place on another disk"
    if number == errno.ENOSPC:
        left = f"{free_bytes(file) / 1e6:.1f} MB are left"
        return f"{disk} is full ({left})", f"free some space there, or {elsewhere}"
    if number == errno.EDQUOT:
        return f"your quota on {disk} is used up", f"free some space there, or {elsewhere}"
    if number == errno.EFBIG:
        return f"{disk}, or a limit (ulimit -f), allows no file as long", elsewhere
    if number == errno.EROFS:
        return f"{disk} is read-only", elsewhere
    if number in (errno.EACCES, errno.EPERM):
        return "this user may not", "choose a place of your own, or change its permissions (chmod)"
    if number == errno.EIO:
        return f"{disk} reports an input/output error", "it may be failing; save what is on it"
    if number == errno.ENAMETOOLONG:
        return "the name is too long for its disk", "choose a shorter one"
    if number == errno.ENOENT:
        return "there is no such file or directory", "something may have removed it meanwhile"
    return reason(OSError(error.strerror or str(error))), "choose another place"

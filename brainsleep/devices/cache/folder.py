"""The folder of compiled programs, and how many bytes they may take."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_dir

from ...errors import BrainsleepError, DirectoryError
from ...support.cache_folders import open_cache_folder, require_own_cache_folder, size_setting
from ...support.disk import disk_error, free_bytes

#: Programs take up to this many bytes together, unless BRAINSLEEP_CACHE_SIZE says otherwise.
DEFAULT_SIZE_LIMIT = 2**30

#: What the name of a program's folder looks like.
KEY = "[0-9a-f]{32}"

#: What messages call the folder, and the variable that names another.
_NAMED = ("the build folder", "BRAINSLEEP_CACHE")

_ADVICE = "set BRAINSLEEP_CACHE to a folder that can be written"


def cache_path() -> Path:
    """Return where compiled programs are kept, ``$BRAINSLEEP_CACHE`` or the platform's own."""
    chosen = os.environ.get("BRAINSLEEP_CACHE")
    return Path(chosen) if chosen else Path(user_cache_dir("brainsleep")) / "programs"


def cache_directory() -> Path:
    """Return the folder of compiled programs, and create it if necessary.

    Raises
    ------
    DirectoryError
        If it cannot be created or written, if another user could have put programs into it, or if
        none can be run from it.
    """
    directory = open_cache_folder(cache_path(), *_NAMED)
    if os.statvfs(directory).f_flag & os.ST_NOEXEC:
        raise DirectoryError(
            f"the build folder {directory} lies on a file system from which no program may be "
            "run (noexec); set BRAINSLEEP_CACHE to a folder elsewhere."
        )
    return directory


def require_own_cache(directory: Path) -> None:
    """Raise unless nobody else can put a program into the folder of compiled programs.

    Parameters
    ----------
    directory : Path
        The folder, resolved.

    Raises
    ------
    DirectoryError
        Naming the folder that is another user's, or that others can write, and how to mend it.
    """
    require_own_cache_folder(directory, *_NAMED)


def size_limit() -> int:
    """Return how many bytes all programs may take: ``$BRAINSLEEP_CACHE_SIZE``, else 1 GiB.

    Raises
    ------
    ParameterError
        If the variable is not a size.
    """
    return size_setting("BRAINSLEEP_CACHE_SIZE", DEFAULT_SIZE_LIMIT)


@contextmanager
def plain_errors(root: Path) -> Iterator[None]:
    """Turn errors of the operating system while a program is built into one line.

    Parameters
    ----------
    root : Path
        The folder of compiled programs.

    Raises
    ------
    DirectoryError
        Naming the folder, and what to do.
    """
    try:
        yield
    except BrainsleepError:
        raise
    except OSError as error:
        raise _build_error(error, root) from error


def _build_error(error: OSError, root: Path) -> DirectoryError:
    """Return the error of a build that failed for want of space, or for another such reason."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return disk_error(error, "cannot build in the folder", root, _ADVICE)
    temporary = Path(tempfile.gettempdir())  # Brian2 writes there, and names no file
    if error.filename is None and free_bytes(temporary) < free_bytes(root):
        return disk_error(error, "cannot write to", temporary, "set TMPDIR to a folder elsewhere")
    advice = "free some space, or set BRAINSLEEP_CACHE to a folder elsewhere"
    return disk_error(error, "cannot build in the folder", root, advice)

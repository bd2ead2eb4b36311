"""The folder of compiled programs, and how many bytes they may take."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_dir

from ...errors import BrainsleepError, DirectoryError, ParameterError, brief
from ...support.disk import disk_error, free_bytes
from ...support.ownership import make_private_folder, require_own_folder

#: Programs take up to this many bytes together, unless BRAINSLEEP_CACHE_SIZE says otherwise.
DEFAULT_SIZE_LIMIT = 2**30

#: What the name of a program's folder looks like.
KEY = "[0-9a-f]{32}"

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("kmgt", start=1)}
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
    directory = cache_path()
    try:
        make_private_folder(directory)
        directory = directory.resolve()
        require_own_cache(directory)
        writable = os.access(directory, os.W_OK | os.X_OK)
        runnable = not os.statvfs(directory).f_flag & os.ST_NOEXEC
    except DirectoryError:
        raise
    except OSError as error:
        raise DirectoryError(
            f"cannot create the build folder {directory} ({error.strerror}); {_ADVICE}."
        ) from None
    if not writable:
        raise DirectoryError(f"cannot write to the build folder {directory}; {_ADVICE}.")
    if not runnable:
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
    require_own_folder(
        directory, "the build folder", "set BRAINSLEEP_CACHE to a folder of your own"
    )


def size_limit() -> int:
    """Return how many bytes all programs may take: ``$BRAINSLEEP_CACHE_SIZE``, else 1 GiB.

    Raises
    ------
    ParameterError
        If the variable is not a size.
    """
    text = os.environ.get("BRAINSLEEP_CACHE_SIZE", "").strip()
    if not text:
        return DEFAULT_SIZE_LIMIT
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]i?)?b?", text, re.IGNORECASE)
    if match is None:
        raise ParameterError(
            f"BRAINSLEEP_CACHE_SIZE must be a size such as '500 MB' or '2 GiB', not {brief(text)}."
        )
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


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

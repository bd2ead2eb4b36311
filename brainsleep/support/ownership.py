"""Folders and files of this user alone: whose they are, who else may write them.

What is run, and what is written with this user's rights, must lie where nobody else can put
something in its place. A folder is safe if it belongs to this user, nobody else may write to it,
and the same holds for each folder above it, up to the root; those may belong to root, too, and may
be written by others if they are sticky (as ``/tmp`` is), so that nobody can rename what is
another's. Files in a safe folder cannot change between being checked and being used.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..errors import DirectoryError
from .disk import shown

#: Of a file, or a folder, that only its owner may read and write.
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone.

    Raises
    ------
    OSError
        If it cannot be made, or is something else than a folder.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def require_own_folder(folder: Path, what: str, advice: str) -> None:
    """Raise unless a folder is this user's, and nobody else can write to it or replace it.

    Parameters
    ----------
    folder : Path
        The folder, resolved.
    what : str
        What messages call it, such as ``"the build folder"``.
    advice : str
        What else can be done, such as ``"set BRAINSLEEP_CACHE to a folder of your own"``.

    Raises
    ------
    DirectoryError
        Naming the folder, whose it is or who may write to it, and how to mend it.
    """
    status = folder.lstat()
    fault = owner_fault(status)
    if fault is not None:
        raise DirectoryError(f"{what} {shown(folder)} {fault}, and is not used; {advice}.")
    if _others_may_write(status):
        raise DirectoryError(
            f"{what} {shown(folder)} can be written by others {_mode(status)}, and is not used; "
            f"run chmod go-w {shown(folder)}, or {advice}."
        )
    require_safe_place(folder.parent, what, folder, advice)


def require_safe_place(place: Path, what: str, folder: Path, advice: str) -> None:
    """Raise unless a place is one in which nobody can replace what is this user's.

    Parameters
    ----------
    place : Path
        A folder, resolved.
    what, advice
        As in :func:`require_own_folder`.
    folder : Path
        What lies in the place, for messages.

    Raises
    ------
    DirectoryError
        Naming the folder on the way to the place that others can write, and how to mend it.
    """
    for above in (place, *place.parents):
        status = above.lstat()
        if status.st_uid not in _trusted():
            fault, mend = f"belongs to {_name(status.st_uid)}", advice
        elif _others_may_write(status) and not status.st_mode & stat.S_ISVTX:
            fault = f"can be written by others {_mode(status)}"
            mend = f"run chmod go-w {shown(above)} (or chmod +t, as /tmp has it), or {advice}"
        else:
            continue
        where = "" if above == folder else f" lies in {shown(above)}, which"
        raise DirectoryError(f"{what} {shown(folder)}{where} {fault}, and is not used; {mend}.")


def owner_fault(status: os.stat_result) -> str | None:
    """Say whose a file or a folder is, if not this user's.

    Nobody runs what is another's, root least of all: a program that root runs may do anything.
    """
    if status.st_uid == os.geteuid():
        return None
    return f"belongs to {_name(status.st_uid)}, not to {_name(os.geteuid())}"


def file_fault(status: os.stat_result) -> str | None:
    """Say why an open file may hold what others have written, if it may."""
    if not stat.S_ISREG(status.st_mode):
        return "is no file"
    return owner_fault(status) or _writers_fault(status)


def folder_fault(status: os.stat_result) -> str | None:
    """Say why others may have put something into a folder, if they may."""
    if not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    return owner_fault(status) or _writers_fault(status)


def open_own(file: Path, flags: int = os.O_RDONLY, *, any_mode: bool = False) -> int:
    """Open a file of this user, and no link to another; return its descriptor.

    What is open is looked at, not what lies at the name: so nothing can change in between.

    Parameters
    ----------
    file : Path
        The file; with ``os.O_CREAT`` in `flags` it is made for this user alone.
    flags : int
        As for `os.open`.
    any_mode : bool
        Whether others may have the right to write it, for files whose content does not matter.

    Raises
    ------
    OSError
        If it cannot be opened; `ELOOP` for links, `EPERM` for what others own or can write.
    """
    always = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # the last for pipes, which would block
    descriptor = os.open(file, flags | always, PRIVATE_FILE)
    status = os.fstat(descriptor)
    fault = file_fault(status)
    if fault is not None and any_mode and stat.S_ISREG(status.st_mode):
        fault = owner_fault(status)
    if fault is None:
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, fault, str(file))


def read_own(file: Path) -> bytes:
    """Read a file of this user, and no link to another; raises as :func:`open_own` does."""
    with os.fdopen(open_own(file), "rb") as stream:
        return stream.read()


def _trusted() -> set[int]:
    """Return whose folders may lie above ours: whoever owns the root can replace anything.

    In some containers root's own files seem to be nobody's, the root folder among them.
    """
    return {os.geteuid(), 0, Path("/").lstat().st_uid}


def _writers_fault(status: os.stat_result) -> str | None:
    if not _others_may_write(status):
        return None
    return f"can be written by others {_mode(status)}"


def _others_may_write(status: os.stat_result) -> bool:
    """Tell whether anyone but its owner may write a file or a folder."""
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_alone_in_group(status)


def _is_alone_in_group(status: os.stat_result) -> bool:
    """Tell whether a group is its owner's own, as many systems give every user one."""
    import grp
    import pwd

    try:
        owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    return status.st_gid != 0 and group.gr_name == owner and set(group.gr_mem) <= {owner}


def _name(user: int) -> str:
    """Return a user's name, if there is one, and number."""
    import pwd

    try:
        return f"user {pwd.getpwuid(user).pw_name!r} (uid {user})"
    except KeyError:
        return f"uid {user}"


def _mode(status: os.stat_result) -> str:
    return f"(mode {stat.S_IMODE(status.st_mode):03o})"

"""Folders that belong to a process; those of processes that are gone are found and removed.

The process locks its folder, so that the system knows whether it is still there: numbers of
processes, which come again, need not be compared. The lock may say nothing about processes of other
machines that see the same folder, so the name of the machine is part of the folder's name.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from .system_locks import Lock, is_open_file, lock_file


def make_owned_folder(parent: Path, name: str) -> tuple[Path, int]:
    """Make a folder that belongs to this process.

    Parameters
    ----------
    parent : Path
        Where to make it.
    name : str
        How its name begins.

    Returns
    -------
    path : Path
        The folder, which only this user may enter.
    descriptor : int
        Close it when the folder is gone or is nobody's. A child process that inherits it owns the
        folder, too.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    while True:
        path = parent / f"{name}-{_machine()}-{secrets.token_hex(8)}"
        path.mkdir(mode=0o700)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # swept before it was locked
        lock = lock_file(descriptor, exclusive=True, wait=False)
        if lock is not Lock.BUSY and is_open_file(descriptor, path):
            return path, descriptor
        os.close(descriptor)


def sweep_owned_folders(parent: Path, name: str) -> None:
    """Remove the folders that :func:`make_owned_folder` made for processes that are gone.

    Folders of other users and of other machines stay, and so do all where the file system has no
    locks. Many processes may sweep at the same time.
    """
    pattern = re.compile(rf"{re.escape(name)}-{re.escape(_machine())}-[0-9a-f]{{16}}")
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_left(Path(entry.path))


def _remove_if_left(path: Path) -> None:
    """Remove a folder of this user that no process holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if (
            os.fstat(descriptor).st_uid == os.geteuid()
            and lock_file(descriptor, exclusive=True, wait=False) is Lock.HELD
            and is_open_file(descriptor, path)
        ):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def _machine() -> str:
    """Return the name of this machine, as it may stand in the name of a file."""
    return re.sub(r"[^A-Za-z0-9]", "_", platform.node())[:32]

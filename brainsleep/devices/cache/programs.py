"""What a finished program is: its files, the record of them, and whether they are intact."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ...errors import brief
from ...support import key_locks
from ...support.ownership import folder_fault, open_own, read_own
from .folder import KEY
from .signing import is_signed, signed

#: What a finished build consists of, besides files that its program reads.
MANIFEST, PROGRAM, RECORD = "manifest.json", "main", "build.json"

#: The generated code, a fifth of the program's size: it shows exactly what was run.
SOURCES = "sources.tar.gz"
SOURCE_SUFFIXES = (".cpp", ".cu", ".h", ".o")

T = TypeVar("T")


class Program:
    """A finished program, which no process removes while this object exists.

    Parameters
    ----------
    directory : Path
        Its folder.
    descriptor : int
        The open and locked program file; closed with this object.

    Attributes
    ----------
    release : callable
        Closes the file before this object ceases to exist.
    """

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.directory = directory
        self._descriptor = descriptor
        self.release = weakref.finalize(self, os.close, descriptor)


class DamagedError(Exception):
    """A program's folder is not as it was recorded; says why."""


def hold(directory: Path) -> Program | None:
    """Keep a program from being removed; return None if there is none.

    Raises
    ------
    DamagedError
        If there is something else, or what another user can have put there.
    """
    file = directory / PROGRAM
    try:
        descriptor = open_own(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedError(f"{PROGRAM} {error.strerror}") from None
    program = Program(directory, descriptor)
    key_locks.lock_file(descriptor, exclusive=False, wait=True)  # for as long as removing takes
    if key_locks.is_open_file(descriptor, file):
        return program
    program.release()
    return None


def read_intact(directory: Path, read: Callable[[Path], T]) -> T:
    """Check the files of a program and return what `read` makes of them.

    Raises
    ------
    DamagedError
        If a file is not as it was recorded, or `read` cannot make anything of them.
    """
    fault = _fault(directory)
    if fault is not None:
        raise DamagedError(fault)
    try:
        return read(directory)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise DamagedError(f"{type(error).__name__}: {brief(str(error))}") from error


def is_intact(directory: Path, read: Callable[[Path], object]) -> bool:
    """Tell whether the files of a program are as they were recorded."""
    try:
        read_intact(directory, read)
    except DamagedError:
        return False
    return True


def pack(directory: Path, description: Mapping[str, str]) -> None:
    """Pack the sources of a finished build, and record what it consists of.

    Parameters
    ----------
    directory : Path
        The folder of the build.
    description : mapping of str to str
        What was built, for people.
    """
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    sources = [path for path in files if path.suffix in SOURCE_SUFFIXES]
    with tarfile.open(directory / SOURCES, "w:gz", compresslevel=6) as archive:
        for path in sources:
            if path.suffix != ".o":
                archive.add(path, arcname=str(path.relative_to(directory)))
    for path in sources:
        path.unlink()
    folders = [path for path in directory.rglob("*") if path.is_dir()]
    for folder in sorted(folders, reverse=True):  # the innermost first
        with suppress(OSError):
            folder.rmdir()  # only if it is empty
    sign(directory, description)


def sign(directory: Path, description: Mapping[str, str]) -> None:
    """Record what a program's folder consists of, as it is now.

    Parameters
    ----------
    directory : Path
        The program's folder.
    description : mapping of str to str
        What was built, for people.
    """
    files: dict[str, tuple[int, str]] = {}
    for path in sorted(directory.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)  # whatever umask the compiler had
        if path.is_file() and path.name not in (SOURCES, RECORD):
            content = path.read_bytes()
            files[str(path.relative_to(directory))] = (len(content), _digest(content))
    record = {"description": dict(description), "built": time.time(), "files": files}
    record = signed(record, _name(directory), directory.parent)
    file = directory / RECORD
    file.write_text(json.dumps(record, indent=1))
    file.chmod(0o644)


def _fault(directory: Path) -> str | None:
    """Say what is wrong with the files of a program; return None if nothing is.

    What is found to be right here is so when it is run, too: the folder and all above it belong to
    this user (or root), and nobody else can write there, so nobody can change files in between.
    """
    try:
        for folder in (directory, *(path for path in directory.rglob("*") if path.is_dir())):
            fault = folder_fault(folder.lstat())
            if fault is not None:
                return f"the folder {folder.name} {fault}"
        record = json.loads(read_own(directory / RECORD))
        files = record["files"]
        if not is_signed(record, _name(directory), directory.parent):
            return f"{RECORD} is not signed by this user"
        for name, (size, digest) in files.items():
            content = read_own(directory / name)
            if len(content) != size:
                return f"{name} has {len(content)} bytes, not {size}"
            if _digest(content) != digest:
                return f"{name} was changed"
        if PROGRAM not in files:
            return "no program"
    except OSError as error:
        return f"{Path(error.filename or directory).name}: {error.strerror}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{RECORD} is not what was written"
    if not os.access(directory / PROGRAM, os.X_OK):
        return f"{PROGRAM} may not be run"
    return None


def _name(directory: Path) -> str:
    """Return the name of the program in a folder, which may still be one of a build."""
    found = re.search(KEY, directory.name)
    return found[0] if found is not None else directory.name


def _digest(content: bytes) -> str:
    """Return the digest by which a file's content is recognised."""
    return hashlib.sha256(content).hexdigest()

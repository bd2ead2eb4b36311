"""Directories and files that appear whole or not at all; text files that are not too long."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import BrainsleepError, DataError, DirectoryError, reason
from .disk import disk_error, plain_disk_errors, shown
from .memory import in_words
from .owned_folders import make_owned_folder, sweep_owned_folders

#: The content of a JSON or TOML file, or of a table in it.
JsonObject: TypeAlias = dict[str, Any]
JsonMapping: TypeAlias = Mapping[str, Any]

#: How the names of files end that are being written.
PARTIAL = ".partial"

#: Characters of a name that the name of its unfinished copy begins with.
_KEPT = 64

#: Most bytes of a text file: JSON and TOML take some thirty times as much memory when read.
LONGEST_TEXT = 2**24

#: Where the model files lie that come with the package.
SHIPPED_MODELS = Path(__file__).parents[1] / "models"


@contextmanager
def publish_directory(target: Path) -> Iterator[Path]:
    """Fill a new directory beside its place, and move it there when it is complete.

    What a process that was killed left beside the place is removed.

    Parameters
    ----------
    target : Path
        Must not exist, or be an empty directory.

    Yields
    ------
    Path
        Where to write meanwhile.

    Raises
    ------
    DirectoryError
        If something is there already, or it cannot be written.
    """
    require_free(target)
    name = f".{target.name[:_KEPT]}"
    with plain_disk_errors("cannot write", target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep_owned_folders(target.parent, name)
        work, owner = make_owned_folder(target.parent, name)
    try:
        with _errors_name(target, meanwhile=work):
            work.chmod(0o755)  # it was private
            yield work
            work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        os.close(owner)


def require_free(target: Path, or_else: str = "") -> None:
    """Raise a DirectoryError if `target` exists and is not an empty directory.

    `or_else` says what else can be done than to choose another.
    """
    try:
        is_taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise disk_error(error, "cannot read", target) from error
    if is_taken:
        raise DirectoryError(
            f"{target} exists already, and nothing was overwritten; choose another{or_else}."
        )


@contextmanager
def replacing(target: Path, *, sync_folder: bool = True) -> Iterator[Path]:
    """Write a file so that a reader finds the old content or the new, never a part.

    It is on the disk when this returns. The partial file is made anew, with a name that no other
    process uses or can know: no link that lies there is written through. One that a killed process
    left is removed by `remove_partial_files`.

    Parameters
    ----------
    target : Path
        The file.
    sync_folder : bool
        Whether its name is on the disk, too; else :func:`sync` brings those of a folder there.

    Yields
    ------
    Path
        An empty file to write meanwhile, beside the target.

    Raises
    ------
    DirectoryError
        If it cannot be written; the target is then as it was.
    """
    partial = target.with_name(f".{target.name[:_KEPT]}.{secrets.token_hex(8)}{PARTIAL}")
    try:
        with _errors_name(target, meanwhile=partial):
            partial.touch(exist_ok=False)
            yield partial
            sync(partial)
            partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink()
    if sync_folder:
        with suppress(OSError):  # of file systems that cannot
            sync(target.parent)


def make_parents(file: Path) -> None:
    """Make the missing directories of a file that the user names.

    Raises
    ------
    DirectoryError
        If they cannot be made.
    """
    with plain_disk_errors("cannot write", file):
        file.parent.mkdir(parents=True, exist_ok=True)


def write_atomically(file: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old content or the new; see :func:`replacing`.

    Raises
    ------
    DirectoryError
        If it cannot be written; the file is then as it was.
    """
    with replacing(file) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def is_partial(file: Path) -> bool:
    """Tell whether a file is one that :func:`replacing` has not finished."""
    return re.fullmatch(rf"\..+\.[0-9a-f]{{16}}{re.escape(PARTIAL)}", file.name) is not None


def remove_partial_files(directory: Path) -> None:
    """Remove what :func:`replacing` left when it was killed; call it when no one else writes."""
    for file in filter(is_partial, directory.glob(f".*{PARTIAL}")):
        with suppress(OSError):
            file.unlink()


def sync(path: Path) -> None:
    """Bring a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bytes(file: Path, most: int = LONGEST_TEXT) -> bytes:
    """Read a file, unless it is longer than any such file has reason to be.

    Parameters
    ----------
    file : Path
        The file; of a device or a pipe no more than `most` is read.
    most : int, optional
        Bytes.

    Raises
    ------
    DataError
        Naming the file, if it is longer.
    OSError
        If it is not there, or cannot be read.
    """
    with file.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        size = file.stat().st_size
        has = in_words(size) if size > most else "no end in sight"
        raise DataError(f"{shown(file)}: has {has}; no such file has more than {in_words(most)}.")
    return content


def read_text(file: Path, most: int = LONGEST_TEXT) -> str:
    """Read a text file, unless it is longer than any such file has reason to be.

    Parameters
    ----------
    file, most
        As in :func:`read_bytes`.

    Raises
    ------
    DataError
        Naming the file, if it is longer, or no text in UTF-8.
    OSError
        If it is not there, or cannot be read.
    """
    try:
        return read_bytes(file, most).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{shown(file)}: is no text in UTF-8: {reason(error)}.") from None


@contextmanager
def _errors_name(target: Path, *, meanwhile: Path) -> Iterator[None]:
    """Let errors name what the user knows rather than what it is called meanwhile."""
    try:
        yield
    except BrainsleepError as error:
        error.args = tuple(str(one).replace(str(meanwhile), str(target)) for one in error.args)
        raise
    except OSError as error:
        if error.filename is not None:
            error.filename = str(error.filename).replace(str(meanwhile), str(target))
        raise disk_error(error, path=target) from error

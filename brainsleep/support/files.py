"""Directories and files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import DirectoryError
from .owned_folders import make_owned_folder, sweep_owned_folders

#: The content of a JSON or TOML file, or of a table in it.
JsonObject: TypeAlias = dict[str, Any]
JsonMapping: TypeAlias = Mapping[str, Any]

#: How the names of files end that are being written.
PARTIAL = ".partial"

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
    name = f".{target.name[:100]}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep_owned_folders(target.parent, name)
        work, owner = make_owned_folder(target.parent, name)
    except OSError as error:
        raise DirectoryError(f"cannot write to {target.parent}: {error.strerror}.") from None
    try:
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
        raise DirectoryError(f"cannot read {target}: {error.strerror}.") from None
    if is_taken:
        raise DirectoryError(
            f"{target} exists already, and nothing was overwritten; choose another{or_else}."
        )


def write_atomically(file: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part.

    It is on the disk when this returns. The partial file has a name that no other process uses; one
    that a killed process left is removed by `remove_partial_files`.

    Raises
    ------
    DirectoryError
        If the file cannot be written.
    """
    partial = file.with_name(f".{file.name}.{secrets.token_hex(8)}{PARTIAL}")
    try:
        with partial.open("xb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
        _sync_directory(file.parent)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise DirectoryError(f"cannot write {file}: {error.strerror}.") from None
        raise


def remove_partial_files(directory: Path) -> None:
    """Remove what `write_atomically` left when it was killed; call it when no one else writes."""
    for partial in directory.glob(f".*{PARTIAL}"):
        with suppress(OSError):
            partial.unlink()


def _sync_directory(directory: Path) -> None:
    """Bring names in a directory to the disk."""
    with suppress(OSError):  # of file systems that cannot
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

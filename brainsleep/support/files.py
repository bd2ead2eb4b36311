"""Directories that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import DirectoryError

#: The content of a JSON or TOML file, or of a table in it.
JsonObject: TypeAlias = dict[str, Any]
JsonMapping: TypeAlias = Mapping[str, Any]

#: Where the model files lie that come with the package.
SHIPPED_MODELS = Path(__file__).parents[1] / "models"


@contextmanager
def publish_directory(target: Path) -> Iterator[Path]:
    """Fill a new directory beside its place, and move it there when it is complete.

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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise DirectoryError(f"cannot write to {target.parent}: {error.strerror}.") from None
    try:
        work.chmod(0o755)  # mkdtemp makes it private
        yield work
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


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


def write_atomically(file: Path, text: str) -> None:
    """Write a text file so that a reader finds the old content or the new, never a part."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(text)
    partial.replace(file)

"""Where compiled programs are kept, and how a finished one gets there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from platformdirs import user_cache_dir

from ..errors import DirectoryError

#: What a finished build consists of.
MANIFEST, PROGRAM = "manifest.json", "main"


def cache_directory() -> Path:
    """Return the folder of compiled programs: ``$BRAINSLEEP_CACHE``, else the platform's own.

    Raises
    ------
    DirectoryError
        If it cannot be created or written.
    """
    chosen = os.environ.get("BRAINSLEEP_CACHE")
    directory = Path(chosen) if chosen else Path(user_cache_dir("brainsleep")) / "programs"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        writable = os.access(directory, os.W_OK | os.X_OK)
    except OSError as error:
        raise DirectoryError(
            f"cannot create the build folder {directory} ({error.strerror}); "
            "set BRAINSLEEP_CACHE to a folder that can be written."
        ) from None
    if not writable:
        raise DirectoryError(
            f"cannot write to the build folder {directory}; "
            "set BRAINSLEEP_CACHE to a folder that can be written."
        )
    return directory.resolve()


def publish(finished: Path, target: Path) -> None:
    """Move a finished build to its place in one step, so that no half build is ever found.

    If another process was faster, its build is as good and stays; a damaged one is replaced.
    """
    staged = finished.with_name(finished.name + "-done")
    shutil.copytree(finished, staged)
    try:
        if target.exists() and not is_complete(target):
            shutil.rmtree(target)
        staged.rename(target)
    except OSError:
        shutil.rmtree(staged)
        if not is_complete(target):
            raise


def is_complete(directory: Path) -> bool:
    """Tell whether a folder holds a finished build."""
    return (directory / MANIFEST).exists() and (directory / PROGRAM).exists()

"""Folders in which things are kept between runs: whose they are, and how large they may get.

An environment variable names the folder, another one how many bytes may lie there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import DirectoryError, ParameterError, brief
from .ownership import make_private_folder, require_own_folder

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("kmgt", start=1)}


def open_cache_folder(folder: Path, what: str, variable: str) -> Path:
    """Return a folder of this user's, resolved, and make it if necessary.

    Parameters
    ----------
    folder : Path
        The folder.
    what : str
        What messages call it, such as ``"the build folder"``.
    variable : str
        The environment variable that names another.

    Raises
    ------
    DirectoryError
        If it cannot be made or written, or others could put something there.
    """
    advice = f"set {variable} to a folder that can be written"
    try:
        make_private_folder(folder)
        folder = folder.resolve()
        require_own_cache_folder(folder, what, variable)
        is_writable = os.access(folder, os.W_OK | os.X_OK)
    except DirectoryError:
        raise
    except OSError as error:
        raise DirectoryError(
            f"cannot create {what} {folder} ({error.strerror}); {advice}."
        ) from None
    if not is_writable:
        raise DirectoryError(f"cannot write to {what} {folder}; {advice}.")
    return folder


def require_own_cache_folder(folder: Path, what: str, variable: str) -> None:
    """Raise a DirectoryError if others could put something into a folder, which is resolved."""
    require_own_folder(folder, what, f"set {variable} to a folder of your own")


def size_setting(variable: str, default: int) -> int:
    """Return how many bytes an environment variable allows; the default where it is not set.

    Raises
    ------
    ParameterError
        If it is not a size.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]i?)?b?", text, re.IGNORECASE)
    if match is None:
        raise ParameterError(
            f"{variable} must be a size such as '500 MB' or '2 GiB', not {brief(text)}."
        )
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])

"""Packages that only some uses need: imported where they are used, and named where missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import MissingPackageError


def import_optional(name: str, use: str, extra: str) -> Any:
    """Return a module of a package that need not be installed.

    Parameters
    ----------
    name : str
        The module.
    use : str
        What needs it, in the plural, for the message.
    extra : str
        The extra of brainsleep that installs it.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise MissingPackageError(
            f"{use} need the package {package}: pip install 'brainsleep[{extra}]'."
        ) from None

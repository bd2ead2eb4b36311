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
        raise missing_package(name.partition(".")[0], use, extra) from None


def missing_package(package: str, use: str, extra: str) -> MissingPackageError:
    """Return the error that names a package, what needs it, and the extra that installs it."""
    return MissingPackageError(
        f"{use} need the package {package}: pip install 'brainsleep[{extra}]'."
    )

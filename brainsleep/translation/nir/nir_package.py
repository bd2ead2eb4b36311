"""The package `nir`, which only NIR graphs need."""

from __future__ import annotations

import inspect
from types import ModuleType

from ...errors import MissingPackageError
from ...support.optional_packages import import_optional


class NirWarning(UserWarning):
    """A NIR graph can be read or written, but means something else to some who read it."""


def import_nir() -> ModuleType:
    """Return the package nir.

    Raises
    ------
    MissingPackageError
        If it is not installed, or too old; the message says how to install it.
    """
    nir: ModuleType = import_optional("nir", "NIR graphs", "nir")
    if "type_check" not in inspect.signature(nir.read).parameters:
        version = getattr(nir, "__version__", "that is installed")
        raise MissingPackageError(
            f"the package nir {version} is too old: pip install -U 'brainsleep[nir]'."
        )
    return nir

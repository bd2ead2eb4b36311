"""The package `nir`, which only NIR graphs need."""

from __future__ import annotations

from types import ModuleType

from ...errors import MissingPackageError


def import_nir() -> ModuleType:
    """Return the package nir.

    Raises
    ------
    MissingPackageError
        If it is not installed; the message says how to install it.
    """
    try:
        import nir
    except ImportError:
        raise MissingPackageError(
            "NIR graphs need the package nir: pip install 'brainsleep[nir]'."
        ) from None
    return nir

"""The package `nir`, which only this room needs."""

from __future__ import annotations

from typing import Any

from ...errors import MissingPackageError

INSTALL_HINT = "NIR graphs need the package nir: pip install 'brainsleep[nir]'."


def import_nir() -> Any:
    """Import nir, or say in one line how to get it."""
    try:
        import nir
    except ImportError:
        raise MissingPackageError(INSTALL_HINT) from None
    return nir

"""Let matplotlib be imported without the documentation that it writes meanwhile.

For each kind of artist it looks up all properties, and writes the signature and the docstring of a
method `set` that takes them: half the time of its import. The methods do the same without.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_ARTISTS = "matplotlib.artist"


def leave_out_docstrings() -> None:
    """Import matplotlib without them, when it is imported; no more than once in a process."""
    if _ARTISTS not in sys.modules and not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the module of artists where it is, and takes out what writes documentation."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import the module of artists; None for all other modules."""
        if fullname != _ARTISTS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                artist: Any = getattr(module, "Artist", None)
                if hasattr(artist, "_update_set_signature_and_docstring"):
                    artist._update_set_signature_and_docstring = classmethod(lambda cls: None)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

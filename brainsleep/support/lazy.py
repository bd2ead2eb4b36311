"""Names of a package that are imported when they are first used.

The one list of them is what type checkers read: imports under ``if TYPE_CHECKING:`` in the
package's ``__init__.py``. The same idea as in scientific-python's ``lazy_loader``, which reads it
from a stub file.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ..errors import suggest_nearest
from .fork_safe import fork_safe_lock

#: Held by the thread that imports: packages that import each other in a circle, as torch and Brian2
#: do, are found half imported by a second thread.
_importing = fork_safe_lock()


def lazy_names(init_file: str, registries: Sequence[str] = ()) -> dict[str, str]:
    """Return where each name of a package lives.

    Parameters
    ----------
    init_file : str
        The package's ``__init__.py``; names are those it imports under ``if TYPE_CHECKING:``.
    registries : sequence of str
        Modules within it in which every import is a name, too, as in ``"neurons.neuron_registry"``.

    Returns
    -------
    dict of str to str
        Module by name, relative to the package, as in ``{"sleep": ".night.sleep"}``.
    """
    init = Path(init_file)
    names: dict[str, str] = {}
    for statement in _parsed(init):
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            names |= _imported(statement.body, ".")
    for module in registries:
        package = module.rpartition(".")[0]
        file = init.parent.joinpath(*module.split(".")).with_suffix(".py")
        names |= _imported(_parsed(file), f".{package}.")
    return names


def load_name(package: str, name: str, names: dict[str, str]) -> object:
    """Import one of a package's names.

    Raises
    ------
    AttributeError
        If there is no such name, with the nearest one.
    """
    if name not in names:
        hint = "" if name.startswith("_") else suggest_nearest(name, names)
        raise AttributeError(f"module {package!r} has no attribute {name!r}.{hint}", name=name)
    home = names[name]
    with _importing:
        if home != ".":
            module = import_module(home, package)
            if hasattr(module, name):
                return getattr(module, name)
        return import_module(f"{home.rstrip('.')}.{name}", package)  # the name is that of a module


def _parsed(file: Path) -> list[ast.stmt]:
    return ast.parse(file.read_text(encoding="utf-8")).body


def _imported(statements: list[ast.stmt], prefix: str) -> dict[str, str]:
    """Return the names that statements import, and the module of each."""
    return {
        alias.asname or alias.name: f"{prefix}{statement.module or ''}"
        for statement in statements
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.name != "*"
    }

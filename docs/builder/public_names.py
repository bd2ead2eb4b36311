"""What the package offers by name, and on which page of the reference each name is."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import brainsleep as bs
from brainsleep.neurons import NEURONS
from brainsleep.plasticity import RULES
from brainsleep.stimuli import Stimulus

TOP = "brainsleep"


@dataclass(frozen=True)
class PublicName:
    """A name that users type.

    Attributes
    ----------
    module : str
        The package it is in, as users call it: ``"brainsleep.measures"``.
    name : str
        The name.
    value : object
        What it stands for.
    """

    module: str
    name: str
    value: object

    @property
    def full(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}"

    @property
    def directive(self) -> str:
        """The directive of autodoc that describes it."""
        if inspect.isclass(self.value):
            return "autoexception" if issubclass(self.value, BaseException) else "autoclass"
        return "autofunction" if inspect.isroutine(self.value) else "autodata"


def modules() -> dict[str, ModuleType]:
    """Return the package and its public subpackages, by the names that users type."""
    found: dict[str, ModuleType] = {TOP: importlib.import_module(TOP)}
    for name in dir(bs):
        value = getattr(bs, name)
        if isinstance(value, ModuleType):
            found[f"{TOP}.{name}"] = value
    return found


def names_of(module: ModuleType) -> list[str]:
    """Return the public names of a package, without those of modules."""
    if hasattr(module, "__all__"):
        names = list(module.__all__)
    else:
        names = [name for name in dir(module) if not name.startswith("_")]
    return sorted(name for name in names if _is_offered(name, getattr(module, name)))


def _is_offered(name: str, value: object) -> bool:
    """Whether a name is one of the package's own: no module, and nothing from elsewhere."""
    if isinstance(value, ModuleType) or name.startswith("__"):
        return False
    home = getattr(value, "__module__", None) if callable(value) else None
    return name.isupper() if home is None else home.partition(".")[0] == TOP


@cache
def public_names() -> tuple[PublicName, ...]:
    """Return all names, those of each package in alphabetical order."""
    return tuple(
        PublicName(path, name, getattr(module, name))
        for path, module in modules().items()
        for name in names_of(module)
    )


@cache
def described_names() -> dict[int, PublicName]:
    """Return under which of its names each object is described, by the object's identity.

    The top level comes first; else the package that it is defined in, the innermost.
    """
    chosen: dict[int, PublicName] = {}
    for one in sorted(public_names(), key=_preference):
        chosen.setdefault(id(one.value), one)
    return chosen


def _preference(one: PublicName) -> tuple[int, int]:
    """Return what orders the names of one object, the best first."""
    if one.module == TOP:
        return (0, 0)
    home = str(getattr(one.value, "__module__", ""))
    package = modules()[one.module].__name__
    return (1, -len(package)) if home.startswith(package) else (2, len(package))


def aliases() -> Iterator[tuple[PublicName, PublicName]]:
    """Yield each name that is described under another one, with that one."""
    for one in public_names():
        described = described_names()[id(one.value)]
        if described is not one:
            yield one, described


def stimuli() -> dict[str, type]:
    """Return the classes of stimuli that can be made, by name."""
    return {
        one.name: one.value
        for one in public_names()
        if one.module == "brainsleep.stimuli"
        and inspect.isclass(one.value)
        and issubclass(one.value, Stimulus)
        and not inspect.isabstract(one.value)
    }


def models() -> dict[str, dict[str, type]]:
    """Return the models that have pages of their own: by page, then by name."""
    return {
        "neurons": {model.__name__: model for model in NEURONS.values()},
        "rules": {model.__name__: model for model in RULES.values()},
        "stimuli": stimuli(),
    }

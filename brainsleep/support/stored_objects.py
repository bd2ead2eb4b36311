"""Objects as data: models, stimuli and the like to JSON and back, with arrays beside it.

An object is stored as the name of its class and the arguments that make it again: the fields of a
dataclass, or what its method `arguments` returns. Only classes of a table that the reader brings
are made; nothing is imported or run that a file names. Quantities are a value in SI base units and
their dimensions, arrays are references into an `ArrayStore`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeAlias

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_or_create_dimension

from ..errors import BrainsleepError, DataError, brief, reason
from .array_store import ArrayStore
from .files import JsonObject

#: Classes by the names under which their objects are stored.
Classes: TypeAlias = Mapping[str, type]

#: The seven dimensions of SI, in Brian2's order, by the names of their units.
BASE_UNITS = ("metre", "kilogram", "second", "ampere", "kelvin", "mole", "candle")


@dataclass(frozen=True)
class Foreign:
    """Stands for an object of a class that is not the package's, which was not stored.

    Attributes
    ----------
    name : str
        Name of the class.
    """

    name: str


def _nothing_instead(value: object) -> object:
    """Return what is stored in place of an object of a foreign class: only its name."""
    return Foreign(type(value).__name__)


@dataclass(frozen=True)
class Writer:
    """Turns objects into JSON.

    Attributes
    ----------
    classes : mapping of str to type
        The classes whose objects are stored.
    store : ArrayStore
        Where arrays go.
    instead : callable
        Takes an object of any other class, and returns what is stored in its place.
    """

    classes: Classes
    store: ArrayStore
    instead: Callable[[Any], object] = _nothing_instead

    def content(self, value: Any) -> object:
        """Return an object as `json` writes it."""
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float) and not isinstance(value, np.ndarray):
            return float(value) if math.isfinite(value) else {"number": str(float(value))}
        if isinstance(value, Quantity):
            return self._quantity(value)
        if isinstance(value, np.generic):
            return self.content(value.item())
        if hasattr(value, "detach") and hasattr(value, "cpu"):  # of torch
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return self.store.put(value)
        if isinstance(value, (list, range, np.ndarray)):
            return [self.content(each) for each in value]
        if isinstance(value, (tuple, frozenset)):
            kind = "tuple" if isinstance(value, tuple) else "set"
            ordered = value if isinstance(value, tuple) else sorted(value)
            return {kind: [self.content(each) for each in ordered]}
        if isinstance(value, Mapping):
            return {"table": [[self.content(k), self.content(v)] for k, v in value.items()]}
        return self._object(value)

    def _quantity(self, value: Quantity) -> JsonObject:
        exponents = [value.dim.get_dimension(name) for name in BASE_UNITS]
        unit = {n: float(e) for n, e in zip(BASE_UNITS, exponents, strict=True) if e}
        bare = np.asarray(value)
        number = self.content(float(bare)) if bare.ndim == 0 else self.content(bare)
        return {"quantity": number, "unit": unit}

    def _object(self, value: Any) -> JsonObject:
        name = type(value).__name__
        if isinstance(value, Foreign):
            return {"foreign": value.name}
        if self.classes.get(name) is not type(value):
            instead = self.instead(value)
            is_stored = self.classes.get(type(instead).__name__) is type(instead)
            return self._object(instead if is_stored else _nothing_instead(value))
        given = {key: self.content(one) for key, one in arguments_of(value).items()}
        inner = foreign_in(given)
        return {"class": name, "arguments": given} if inner is None else {"foreign": inner}


@dataclass(frozen=True)
class Reader:
    """Makes objects again of what a `Writer` made of them.

    Attributes
    ----------
    classes, store
        As of the `Writer`.
    """

    classes: Classes
    store: ArrayStore

    def value(self, content: Any) -> Any:
        """Return an object.

        Raises
        ------
        DataError
            If the content is none that a `Writer` makes, or an array is missing or damaged.
        OSError
            If an array is not there, or cannot be read.
        """
        if content is None or isinstance(content, (bool, int, float, str)):
            return content
        if isinstance(content, list):
            return [self.value(each) for each in content]
        if not isinstance(content, dict):
            raise DataError(f"it holds {brief(content)}, which stands for nothing.")
        match content:
            case {"array": _} | {"since": _} | {"rounded": _}:
                return self.store.get(content)
            case {"number": ("nan" | "inf" | "-inf") as text}:
                return float(text)
            case {"quantity": number, "unit": dict(unit)}:
                return self._quantity(number, unit)
            case {"tuple": list(values)}:
                return tuple(map(self.value, values))
            case {"set": list(values)}:
                return frozenset(map(self.value, values))
            case {"table": list(rows)} if all(type(r) is list and len(r) == 2 for r in rows):
                return {self.value(key): self.value(value) for key, value in rows}
            case {"foreign": str(name)}:
                return Foreign(name)
            case {"class": str(name), "arguments": dict(given)}:
                return self._object(name, given)
        raise DataError(f"it holds {brief(content)}, which stands for nothing.")

    def _quantity(self, number: object, unit: dict[str, Any]) -> Quantity:
        if not all(k in BASE_UNITS and isinstance(v, (int, float)) for k, v in unit.items()):
            raise DataError(f"it holds a quantity in {brief(unit)}.")
        dim = get_or_create_dimension([unit.get(name, 0) for name in BASE_UNITS])
        value = self.value(number)
        if not isinstance(value, (float, np.ndarray)):
            raise DataError(f"it holds a quantity of {brief(value)}.")
        return Quantity(value, dim=dim)

    def _object(self, name: str, given: dict[str, Any]) -> Any:
        if name not in self.classes:
            raise DataError(f"it holds a {brief(name)}, which this version of brainsleep has not.")
        arguments = {key: self.value(value) for key, value in given.items()}
        try:
            return self.classes[name](**arguments)
        except (BrainsleepError, TypeError, ValueError) as error:
            raise DataError(f"it holds no {name} that could be ({reason(error)}).") from None


def foreign_in(content: object) -> str | None:
    """Return the name of a foreign class of which JSON of a `Writer` holds an object, or None."""
    if isinstance(content, dict):
        name = content.get("foreign")
        if isinstance(name, str):
            return name
        content = list(content.values())
    inner = map(foreign_in, content) if isinstance(content, list) else ()
    return next((name for name in inner if name is not None), None)


def arguments_of(value: Any) -> dict[str, Any]:
    """Return the arguments of its class by which an object is made again."""
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value) if one.init}
    return dict(value.arguments())

"""Names, lists, tables, paths and shapes that users give: read, reported in the same words."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ..errors import KindError, ParameterError, UnknownNameError, brief, reason, suggest
from .checks import whole_number

Kind = TypeVar("Kind")

#: NumPy's arrays have at most this many dimensions.
_MOST_DIMENSIONS = 64
#: The longest name of one file, on the file systems that are in use.
_LONGEST_NAME = 255
#: More values than this are no input of a network.
_MOST_VALUES = 2**31 - 1


class ByName(dict[str, Kind]):
    """A dict by name that says which name may have been meant by one that is not there."""

    def __missing__(self, name: object) -> Kind:
        raise UnknownNameError(f"there is no {brief(name)}.{suggest(name, self)}")


def known_names(
    value: object, field: str, names: Collection[str], kind: str = "layer"
) -> list[str]:
    """Read one name or several, each of which must be one of some.

    Parameters
    ----------
    value : str or iterable of str
        What the user wrote.
    field : str
        What messages call it.
    names : collection of str
        What would be right.
    kind : str, optional
        What the names are those of.

    Returns
    -------
    list of str
        The names, in the user's order.

    Raises
    ------
    KindError
        If it is something else.
    ParameterError
        If nothing has one of the names, suggesting the nearest.
    """
    given = [value] if isinstance(value, str) else items(value, field, f"names of {kind}s")
    for name in given:
        if not isinstance(name, str):
            raise KindError(f"{field} must be names of {kind}s, but holds {brief(name)}.")
        if name not in names:
            raise ParameterError(
                f"{field}: no {kind} is called {brief(name)}.{suggest(name, names)}"
            )
    return [str(name) for name in given]


def items(value: object, field: str, wanted: str, *, most: int = 100_000) -> list[object]:
    """Return what is in a list, a tuple, a generator or the like.

    Parameters
    ----------
    value : iterable
        What the user gave.
    field : str
        What messages call it.
    wanted : str
        What it should hold.
    most : int, optional
        More are too many: a generator may have no end.

    Raises
    ------
    KindError
        If it is no such list.
    ParameterError
        If it holds too many.
    """
    if isinstance(value, (str, bytes, bytearray, Mapping, type)) or not isinstance(value, Iterable):
        raise KindError(f"{field} must be {wanted}, not {brief(value)}.")
    try:
        found = list(islice(value, most + 1))
    except Exception as error:  # of a class of the user's: a generator, a tensor, a file
        raise KindError(
            f"{field} must be {wanted}, but {brief(value)} cannot be read ({reason(error)})."
        ) from None
    if len(found) > most:
        raise ParameterError(f"{field} holds more than {most} values.")
    return found


def objects(value: object, field: str, kind: type[Kind], wanted: str) -> list[Kind]:
    """Return what is in a list of objects of one class.

    Parameters
    ----------
    value : iterable
        What the user gave.
    field : str
        What messages call it.
    kind : type
        The class.
    wanted : str
        What it should be, in words.

    Raises
    ------
    KindError
        If it is something else, or holds something else.
    """
    given = items(value, field, wanted)
    for one in given:
        if not isinstance(one, kind):
            raise KindError(f"{field} must be {wanted}, but holds {brief(one)}.")
    return [one for one in given if isinstance(one, kind)]


def table(value: object, field: str, wanted: str) -> dict[str, Any]:
    """Return what is in a dict whose keys are text.

    Parameters
    ----------
    value : mapping
        What the user gave.
    field : str
        What messages call it.
    wanted : str
        What it should be, in words.

    Raises
    ------
    KindError
        If it is something else, or a key is.
    """
    if not isinstance(value, Mapping):
        raise KindError(f"{field} must be {wanted}, not {brief(value)}.")
    for name in value:
        if not isinstance(name, str):
            raise KindError(f"{field}: names are text, but one is {brief(name)}.")
    return dict(value)


def text(value: object, field: str) -> str:
    """Return text as it is.

    Raises
    ------
    KindError
        If it is something else.
    ParameterError
        If it is longer than any name or title.
    """
    if not isinstance(value, str):
        raise KindError(f"{field} must be text, not {brief(value)}.")
    if len(value) > _LONGEST_NAME:
        raise ParameterError(f"{field} must have at most {_LONGEST_NAME} characters.")
    return value


def read_path(value: object, field: str) -> Path:
    """Read the name of a file or directory.

    Raises
    ------
    KindError
        If it is neither text nor a path.
    ParameterError
        If no file can have this name.
    """
    if isinstance(value, type) or not isinstance(value, (str, os.PathLike)):
        raise KindError(f"{field} must be a path, not {brief(value)}.")
    try:
        text = os.fspath(value)
    except Exception:  # of a class of the user's
        text = None
    if not isinstance(text, str):
        raise KindError(f"{field} must be a path, not {brief(value)}.")
    if not _can_be_a_path(text):
        raise ParameterError(f"{field}: no file can be called {brief(text)}.")
    return Path(text)


def _can_be_a_path(text: str) -> bool:
    """Tell whether a file system takes this as a path."""
    try:
        parts = [os.fsencode(part) for part in text.split(os.sep)]
    except UnicodeError:
        return False
    return bool(text) and "\0" not in text and all(len(part) <= _LONGEST_NAME for part in parts)


def read_shape(value: object, field: str) -> tuple[int, ...]:
    """Read a shape: one or more whole numbers, each at least 1.

    Raises
    ------
    KindError
        If it is something else.
    ParameterError
        If there is no number, one is below 1, or the shape has more places than memory.
    """
    given = items(value, field, "a shape like (1, 28, 28)", most=_MOST_DIMENSIONS)
    shape = tuple(whole_number(size, f"{field}: each size", minimum=1) for size in given)
    if not shape:
        raise ParameterError(f"{field} must have at least one size, as in (784,).")
    if math.prod(shape) > _MOST_VALUES:
        raise ParameterError(f"{field}: {brief(shape)} has more values than fit into memory.")
    return shape

"""Names, paths and shapes that users give: read and checked, reported in the same words."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path

from ..errors import KindError, ParameterError, brief, suggest
from .checks import whole_number

#: NumPy's arrays have at most this many dimensions.
_MOST_DIMENSIONS = 64
#: The longest name of one file, on the file systems that are in use.
_LONGEST_NAME = 255
#: More values than this are no input of a network.
_MOST_VALUES = 2**31 - 1


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
    if isinstance(value, str):
        given: list[object] = [value]
    elif isinstance(value, Iterable) and not isinstance(value, (type, bytes, bytearray)):
        given = items(value, field, f"names of {kind}s")
    else:
        raise KindError(f"{field} must be names of {kind}s, not {brief(value)}.")
    for name in given:
        if not isinstance(name, str):
            raise KindError(f"{field} must be names of {kind}s, but holds {brief(name)}.")
        if name not in names:
            raise ParameterError(
                f"{field}: no {kind} is called {brief(name)}.{suggest(name, names)}"
            )
    return [str(name) for name in given]


def items(value: Iterable[object], field: str, wanted: str, *, most: int = 100_000) -> list[object]:
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
        If it cannot be gone through.
    ParameterError
        If it holds too many.
    """
    try:
        found = list(islice(value, most + 1))
    except Exception as error:  # of a class of the user's: a generator, a tensor, a file
        raise KindError(
            f"{field} must be {wanted}, but {brief(value)} cannot be read ({brief(error)})."
        ) from None
    if len(found) > most:
        raise ParameterError(f"{field} holds more than {most} values.")
    return found


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
    parts = text.split(os.sep)
    if not text or "\0" in text or any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
        raise ParameterError(f"{field}: no file can be called {brief(text)}.")
    return Path(text)


def read_shape(value: object, field: str) -> tuple[int, ...]:
    """Read a shape: one or more whole numbers, each at least 1.

    Raises
    ------
    KindError
        If it is something else.
    ParameterError
        If there is no number, one is below 1, or the shape has more places than memory.
    """
    if isinstance(value, (str, bytes, Mapping, type)) or not isinstance(value, Iterable):
        raise KindError(f"{field} must be a shape like (1, 28, 28), not {brief(value)}.")
    given = items(value, field, "a shape like (1, 28, 28)", most=_MOST_DIMENSIONS)
    shape = tuple(whole_number(size, f"{field}: each size", minimum=1) for size in given)
    if not shape:
        raise ParameterError(f"{field} must have at least one size, as in (784,).")
    if math.prod(shape) > _MOST_VALUES:
        raise ParameterError(f"{field}: {brief(shape)} has more values than fit into memory.")
    return shape

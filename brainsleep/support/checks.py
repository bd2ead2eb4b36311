"""Bare numbers and names, read and checked in one place and reported in the same words.

Knows nothing of units beyond telling that a value has some, and does not import Brian2;
quantities are read by `brainsleep.support.quantities`.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import SupportsFloat

import numpy as np

from ..errors import KindError, ParameterError, UnitsError, brief, suggest

#: The largest number of anything: steps, neurons, images.
LARGEST_COUNT = 2**31 - 1
#: The largest seed that all generators of random numbers take.
LARGEST_SEED = 2**63 - 1


def number(
    value: object,
    field: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    exclusive_minimum: bool = False,
    exclusive_maximum: bool = False,
) -> float:
    """Read one finite real number without units.

    Parameters
    ----------
    value : object
        Any real type, NumPy's included; truth values are not numbers.
    field : str
        What messages call it.
    minimum, maximum : float, optional
        Smallest and largest value allowed.
    exclusive_minimum, exclusive_maximum : bool, optional
        Whether `minimum` or `maximum` itself is refused.

    Returns
    -------
    float
        The number.

    Raises
    ------
    UnitsError
        If it has units.
    KindError
        If it is not a number.
    ParameterError
        If it is NaN, infinite or out of range.
    """
    if not getattr(value, "is_dimensionless", True):  # as Brian2's quantities say it
        raise UnitsError(f"{field} has no units, but {brief(value)} was given.")
    result = _as_float(value)
    if result is None:
        raise KindError(f"{field} must be a number, not {brief(value)}.")
    check_range(
        result,
        field,
        minimum=minimum,
        maximum=maximum,
        exclusive_minimum=exclusive_minimum,
        exclusive_maximum=exclusive_maximum,
    )
    return result


def whole_number(
    value: object, field: str, *, minimum: int = 0, maximum: int = LARGEST_COUNT
) -> int:
    """Read one whole number.

    Parameters
    ----------
    value : object
        Any integer type, NumPy's included; truth values and floats are not whole numbers.
    field : str
        What messages call it.
    minimum : int, optional
        Smallest value allowed.
    maximum : int, optional
        Largest value allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    KindError
        If it is not a whole number.
    ParameterError
        If it is out of range.
    """
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise KindError(f"{field} must be a whole number, not {brief(value)}.")
    if value < minimum:
        raise ParameterError(f"{field} must be at least {minimum}, but is {brief(int(value))}.")
    if value > maximum:
        raise ParameterError(f"{field} must be at most {maximum}, but is {brief(int(value))}.")
    return int(value)


def read_seed(value: object, field: str = "seed") -> int:
    """Read the seed of random numbers: a whole number from 0 to 2^63 - 1.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    return whole_number(value, field, maximum=LARGEST_SEED)


def truth(value: object, field: str) -> bool:
    """Read a truth value.

    Raises
    ------
    KindError
        If it is neither True nor False.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise KindError(f"{field} must be True or False, not {brief(value)}.")
    return bool(value)


def check_range(
    value: float,
    field: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    exclusive_minimum: bool = False,
    exclusive_maximum: bool = False,
    unit: str = "",
) -> None:
    """Check that a number is finite and in a range.

    Parameters
    ----------
    value : float
        The number.
    field : str
        What messages call it.
    minimum, maximum, exclusive_minimum, exclusive_maximum : optional
        As in :func:`number`.
    unit : str, optional
        What messages put after numbers.

    Raises
    ------
    ParameterError
        If it is NaN, infinite or out of range.
    """
    if not math.isfinite(value):
        raise ParameterError(f"{field} must be finite, but is {value}.")
    if value < minimum or (exclusive_minimum and value == minimum):
        bound = f"{'greater than' if exclusive_minimum else 'at least'} {minimum:g}{unit}"
    elif value > maximum or (exclusive_maximum and value == maximum):
        bound = f"{'less than' if exclusive_maximum else 'at most'} {maximum:g}{unit}"
    else:
        return
    raise ParameterError(f"{field} must be {bound}, but is {value:g}{unit}.")


def known_name(value: object, field: str, names: Collection[str]) -> str:
    """Read a name that must be one of several.

    Parameters
    ----------
    value : object
        What the user wrote.
    field : str
        What messages call it.
    names : collection of str
        What would be right; a table's keys, if it is a mapping.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ParameterError
        If it is none of them; the message suggests the nearest, or lists all.
    """
    if not isinstance(value, str) or value not in names:
        raise ParameterError(f"unknown {field} {brief(value)}.{suggest(value, names)}")
    return value


#: They can be made floats, but are no real numbers.
_NOT_REAL = (bool, np.bool_, str, bytes, np.complexfloating, np.timedelta64, np.datetime64)


def _as_float(value: object) -> float | None:
    """Return one real number as a float, or None if the value is not one."""
    if isinstance(value, _NOT_REAL) or not isinstance(value, SupportsFloat):
        return None
    if getattr(value, "ndim", 0) != 0 or "bool" in str(getattr(value, "dtype", "")):
        return None
    try:  # torch warns where a gradient would be lost
        return float(getattr(value, "detach", lambda: value)())
    except OverflowError:  # a whole number too large for a float
        return math.inf
    except Exception:  # of a class of the user's, or of torch
        return None

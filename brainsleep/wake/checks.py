"""Numbers that the waking side takes from its users, read and checked in one place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real

from ..errors import ParameterError

_SEED_LIMIT = 2**63  # what torch and NumPy both take


def whole_number(value: object, field: str, low: int, high: int | None = None) -> int:
    """Read a whole number.

    Parameters
    ----------
    value : object
        Any integer type, NumPy's included; truth values are not numbers.
    field : str
        What the message calls it.
    low, high : int
        The smallest and the largest number allowed; no `high`, no upper limit.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ParameterError
        If it is none, or out of range.
    """
    allowed = f"{low} or more" if high is None else f"from {low} to {high}"
    message = f"{field}={value!r}: expected a whole number, {allowed}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ParameterError(message)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise ParameterError(message)
    return number


def real_number(value: object, field: str, expected: str = "a finite number") -> float:
    """Read a finite real number.

    Parameters
    ----------
    value : object
        Any real type, NumPy's included; truth values are not numbers.
    field, expected : str
        What the message calls it, and what it says should have been there.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ParameterError
        If it is none, or infinite or NaN.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ParameterError(f"{field}={value!r}: expected {expected}")
    return float(value)


def class_numbers(classes: Iterable[int], field: str) -> tuple[int, ...]:
    """Read some class numbers.

    Raises
    ------
    ParameterError
        If it is no list, or not all are whole numbers, 0 or more.
    """
    message = f"{field}={classes!r}: expected a list of class numbers, as in [0, 1]"
    try:
        members = list(classes)
    except TypeError:
        raise ParameterError(message) from None
    if any(isinstance(c, bool) or not isinstance(c, Integral) or int(c) < 0 for c in members):
        raise ParameterError(message)
    return tuple(int(label) for label in members)


def checked_seed(seed: object) -> int:
    """Read a seed.

    Raises
    ------
    ParameterError
        If it is not a whole number in [0, 2**63).
    """
    return whole_number(seed, "seed", 0, _SEED_LIMIT - 1)

"""Seeds and class numbers that users give, read and checked in one place."""

from __future__ import annotations

from ..support.checks import whole_number
from ..support.names import items

_LARGEST_SEED = 2**63 - 1  # torch and NumPy take both this one and all below


def checked_seed(seed: int) -> int:
    """Read a seed.

    Parameters
    ----------
    seed : int
        In [0, 2**63).

    Returns
    -------
    int
        The seed.

    Raises
    ------
    KindError
        If it is not a whole number.
    ParameterError
        If it is out of range.
    """
    return whole_number(seed, "seed", minimum=0, maximum=_LARGEST_SEED)


def class_numbers(classes: object, field: str) -> tuple[int, ...]:
    """Read some class numbers.

    Parameters
    ----------
    classes : iterable of int
        Each 0 or more.
    field : str
        What messages call it.

    Returns
    -------
    tuple of int
        In the order given.

    Raises
    ------
    KindError
        If it is not an iterable of whole numbers.
    ParameterError
        If a number is below 0.
    """
    members = items(classes, field, "a list of class numbers, as in [0, 1]")
    return tuple(whole_number(label, f"{field}: class number") for label in members)

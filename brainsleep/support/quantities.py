"""Quantities: numbers with units, read and checked in one place, reported in the same words."""

from __future__ import annotations

import math
import re
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from brian2.units import (
    Hz,
    Quantity,
    Unit,
    have_same_dimensions,
    ms,
    mV,
    nA,
    nF,
    nS,
    pA,
    pF,
    second,
    uS,
    volt,
)
from brian2.units.fundamentalunits import get_unit

from ..errors import KindError, ParameterError, UnitsError, brief, suggest
from .checks import check_range, number

#: Units that a model file may use, by the name it writes.
UNITS: dict[str, Unit] = {
    "s": second,
    "second": second,
    "ms": ms,
    "us": ms / 1000,
    "V": volt,
    "mV": mV,
    "Hz": Hz,
    "kHz": 1000 * Hz,
    "nA": nA,
    "pA": pA,
    "nF": nF,
    "pF": pF,
    "uS": uS,
    "nS": nS,
}


#: One quantity: ``20*ms`` or ``"20 ms"``.
Time: TypeAlias = Quantity | str


_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*\*?\s*([A-Za-z]+)\s*")
_PERCENTAGE = re.compile(rf"\s*({_NUMBER})\s*%\s*")


def quantity(
    value: Any,
    unit: Unit,
    field: str,
    *,
    bare_unit: Unit | None = None,
    minimum: float = -math.inf,
    exclusive_minimum: bool = False,
) -> float:
    """Read one quantity with units and return its value in SI base units.

    Parameters
    ----------
    value : Quantity, str or number
        ``20*ms``, ``"20 ms"``, or, where `bare_unit` is given, a bare number.
    unit : Unit
        What its dimensions must be, and what messages are written in.
    field : str
        The parameter's name, for error messages.
    bare_unit : Unit, optional
        The unit of a bare number; without one, a bare number is an error.
    minimum : float, optional
        Smallest value allowed, in `unit`.
    exclusive_minimum : bool, optional
        Whether `minimum` itself is refused.

    Returns
    -------
    float
        The value, in SI base units.

    Raises
    ------
    UnitsError
        If the units do not fit or are missing.
    ParameterError
        If the value is NaN, infinite or too small.
    """
    if isinstance(value, str):
        value = _parse_quantity(value, field)
    elif not isinstance(value, Quantity):
        if bare_unit is None:
            raise UnitsError(f"{field} needs units, as in 20*{unit}; {brief(value)} has none.")
        value = number(value, field) * bare_unit
    if np.ndim(value) != 0:
        raise KindError(f"{field} must be a single quantity, not {brief(value)}.")
    if not have_same_dimensions(value, unit):
        wrong = get_unit(value.dim)
        raise UnitsError(f"{field} must be in {unit}, but {brief(value)} is in {wrong}.")
    if np.asarray(value).dtype.kind not in "biuf":
        raise KindError(f"{field} must be a real number of {unit}, not {brief(value)}.")
    in_unit = float(value / unit)
    check_range(
        in_unit,
        field,
        minimum=minimum,
        exclusive_minimum=exclusive_minimum,
        unit=f" {unit}",
    )
    return float(value)


def is_percentage(value: object) -> TypeGuard[str]:
    """Tell whether a value is meant as a percentage: a text that ends with the sign."""
    return isinstance(value, str) and value.rstrip().endswith("%")


def percentage(
    value: str, field: str, *, minimum: float = -math.inf, exclusive_minimum: bool = False
) -> float:
    """Read a percentage and return it as a fraction: ``"1.5 %"`` is 0.015.

    Parameters
    ----------
    value : str
        A text for which :func:`is_percentage` holds.
    field : str
        The parameter's name, for error messages.
    minimum, exclusive_minimum
        As in :func:`quantity`, as a fraction.

    Raises
    ------
    ParameterError
        If it is no percentage, or out of range.
    """
    match = _PERCENTAGE.fullmatch(value)
    if match is None:
        raise ParameterError(f"{field}: {brief(value)} is no percentage; write it like '1.5 %'.")
    percent = float(match[1])
    bound = 100 * minimum
    check_range(percent, field, minimum=bound, exclusive_minimum=exclusive_minimum, unit=" %")
    return percent / 100


def _parse_quantity(text: str, field: str) -> Quantity:
    """Read ``"20 ms"`` as a quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitsError(f"{field}: {brief(text)} is not a quantity; write it like '20 ms'.")
    magnitude, unit_name = match.groups()
    if unit_name not in UNITS:
        raise UnitsError(f"{field}: unknown unit {brief(unit_name)}.{suggest(unit_name, UNITS)}")
    return float(magnitude) * UNITS[unit_name]

"""Numbers, with and without units: read and checked in one place, reported in the same words."""

from __future__ import annotations

import math
import re
from typing import Any, TypeAlias

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

from ..errors import ParameterError, UnitsError, brief, show_own_errors_plainly, suggest

# Here, because this is where the package first imports Brian2.
show_own_errors_plainly()

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


_QUANTITY = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*\*?\s*([A-Za-z]+)\s*")


def number(
    value: Any,
    field: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    exclusive_minimum: bool = False,
) -> float:
    """Check one dimensionless, finite number.

    Raises
    ------
    UnitsError
        If `value` is not a number, or has units.
    ParameterError
        If it is NaN, infinite or out of range.
    """
    if isinstance(value, Quantity) and not have_same_dimensions(value, 1):
        raise UnitsError(f"{field} has no units, but {brief(value)} was given.")
    if isinstance(value, (bool, str)) or np.ndim(value) != 0:
        raise UnitsError(f"{field} must be a number, not {brief(value)}.")
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise UnitsError(f"{field} must be a number, not {brief(value)}.") from None
    _check_range(result, field, minimum, maximum, exclusive_minimum, unit="")
    return result


def whole_number(value: Any, field: str, *, minimum: int = 0) -> int:
    """Check one whole number (any integer type, but no bool and no float)."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise UnitsError(f"{field} must be a whole number, not {brief(value)}.")
    if value < minimum:
        raise ParameterError(f"{field} must be at least {minimum}, but is {value}.")
    return int(value)


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
    if not have_same_dimensions(value, unit):
        wrong = get_unit(value.dim)
        raise UnitsError(f"{field} must be in {unit}, but {brief(value)} is in {wrong}.")
    if np.ndim(value) != 0:
        raise UnitsError(f"{field} must be a single quantity, not {brief(value)}.")
    in_unit = float(value / unit)
    _check_range(in_unit, field, minimum, math.inf, exclusive_minimum, unit=f" {unit}")
    return float(value)


def _parse_quantity(text: str, field: str) -> Quantity:
    """Read ``"20 ms"`` as a quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitsError(f"{field}: {text!r} is not a quantity; write it like '20 ms'.")
    magnitude, unit_name = match.groups()
    if unit_name not in UNITS:
        raise UnitsError(f"{field}: unknown unit {unit_name!r}.{suggest(unit_name, UNITS)}")
    return float(magnitude) * UNITS[unit_name]


def _check_range(
    value: float, field: str, minimum: float, maximum: float, exclusive: bool, unit: str
) -> None:
    """Raise a ParameterError for a NaN, an infinity, or a value outside the range."""
    if not math.isfinite(value):
        raise ParameterError(f"{field} must be finite, but is {value}.")
    if value < minimum or (exclusive and value == minimum):
        bound = "greater than" if exclusive else "at least"
        raise ParameterError(f"{field} must be {bound} {minimum:g}{unit}, but is {value:g}{unit}.")
    if value > maximum:
        raise ParameterError(f"{field} must be at most {maximum:g}{unit}, but is {value:g}{unit}.")

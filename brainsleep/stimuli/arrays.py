"""Arrays of bare numbers that users give: read and checked, reported in the same words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity

from ..errors import ParameterError, UnitsError, brief


def as_array(
    values: npt.ArrayLike, field: str, dtype: npt.DTypeLike | None = None, *, hint: str = ""
) -> np.ndarray:
    """Read an array of bare numbers or truth values.

    Parameters
    ----------
    values : array_like or Tensor
        Without units, or dimensionless.
    field : str
        What messages call it.
    dtype : dtype, optional
        Type of the array; that of `values` unless given.
    hint : str, optional
        What to do instead, for the end of the message that refuses units.

    Returns
    -------
    ndarray
        Not a copy where none is needed.

    Raises
    ------
    UnitsError
        If `values` have units or are not an array.
    """
    if isinstance(values, Quantity) and not values.is_dimensionless:
        raise UnitsError(f"{field} must be numbers without units, not {brief(values)}.{hint}")
    try:
        return np.asarray(_of_torch(values), dtype=dtype)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: torch's
        raise UnitsError(f"{field}: cannot be read as an array ({error}).") from None


def _of_torch(values: Any) -> Any:
    """Return a tensor without its gradient, on the CPU and in a type that NumPy knows."""
    if not hasattr(values, "requires_grad") or isinstance(values, type):
        return values
    tensor = values.detach().cpu()
    return tensor.float() if "bfloat16" in str(tensor.dtype) else tensor


def finite_numbers(
    values: npt.ArrayLike,
    field: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
) -> npt.NDArray[np.float64]:
    """Read one or more finite real numbers without units.

    Parameters
    ----------
    values : array_like
        Numbers of any shape; truth values count as 0 and 1.
    field : str
        What messages call them.
    minimum, maximum : float, optional
        Smallest and largest value allowed.

    Returns
    -------
    ndarray of float64
        A copy, of the shape of `values`.

    Raises
    ------
    UnitsError
        If they have units or are not numbers.
    ParameterError
        If there are none, or one is NaN, infinite or out of range.
    """
    array = as_array(values, field)
    if array.dtype.kind not in "biuf":
        raise UnitsError(f"{field} must be numbers, not {brief(values)}.")
    numbers = np.array(array, dtype=np.float64)
    check_values(numbers, field, minimum=minimum, maximum=maximum)
    return numbers


def check_values(
    values: np.ndarray, field: str, *, minimum: float = -math.inf, maximum: float = math.inf
) -> None:
    """Check that there are numbers, all finite and in a range.

    Parameters
    ----------
    values : ndarray
        Real numbers.
    field : str
        What messages call them.
    minimum, maximum : float, optional
        Smallest and largest value allowed.

    Raises
    ------
    ParameterError
        If there are none, or one is NaN, infinite or out of range.
    """
    if values.size == 0:
        raise ParameterError(f"{field}: is empty.")
    if not np.isfinite(values).all():
        raise ParameterError(f"{field}: holds NaN or infinite values.")
    smallest, largest = values.min(), values.max()
    if smallest < minimum or largest > maximum:
        raise ParameterError(
            f"{field} must {_bounds(minimum, maximum)}; the values given range from "
            f"{smallest:g} to {largest:g}."
        )


def _bounds(minimum: float, maximum: float) -> str:
    """Put a range into words."""
    if math.isinf(maximum):
        return f"be at least {minimum:g}"
    if math.isinf(minimum):
        return f"be at most {maximum:g}"
    return f"lie in [{minimum:g}, {maximum:g}]"

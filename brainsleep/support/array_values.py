"""Arrays that users give, of whatever library: read and checked before anything is copied."""

from __future__ import annotations

import math
import os
from collections.abc import Sized
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BrainsleepError, KindError, ParameterError, UnitsError, brief, reason

#: Lists within lists are looked through this deep: NumPy's arrays have no more dimensions.
_DEEPEST = 64


def read_array(values: object, field: str, *, hint: str = "") -> np.ndarray:
    """Read an array of whatever kind: of NumPy, torch or pandas, a list of numbers, a number.

    Parameters
    ----------
    values : array_like or Tensor
        Without units, or dimensionless.
    field : str
        What messages call it.
    hint : str, optional
        What to do instead, for the end of the message that refuses units.

    Returns
    -------
    ndarray
        Not a copy where none is needed.

    Raises
    ------
    UnitsError
        If `values` have units.
    KindError
        If they are not an array, or one without values: masked, sparse, on torch's meta device.
    ParameterError
        If they do not fit into memory.
    """
    if _has_units(values):
        raise UnitsError(f"{field} must be numbers without units, not {brief(values)}.{hint}")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise KindError(f"{field}: some values are masked; fill them, or leave them out.")
    try:
        check_memory(_n_values(values), field)
        return np.asarray(_of_torch(values, field))
    except BrainsleepError:
        raise
    except Exception as error:  # of NumPy, torch or a class of the user's
        raise KindError(
            f"{field}: {brief(values)} cannot be read as an array ({reason(error)})."
        ) from None


def numbers(
    values: object,
    field: str,
    *,
    shape: tuple[int | None, ...] | None = None,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    dtype: type[np.floating[Any]] = np.float64,
    empty: bool = False,
    nan: bool = False,
    hint: str = "",
) -> npt.NDArray[Any]:
    """Read an array of finite real numbers.

    Parameters
    ----------
    values, field, hint
        As in :func:`read_array`; truth values count as 0 and 1.
    shape : tuple of int or None, optional
        What it must be; None stands for any size of at least 1. Any shape unless given.
    minimum, maximum : float, optional
        Smallest and largest value allowed.
    dtype : type, optional
        `numpy.float32` or `numpy.float64`.
    empty : bool, optional
        Whether there may be none.
    nan : bool, optional
        Whether some may be NaN.

    Returns
    -------
    ndarray of dtype
        The caller's own array, where it is of this type.

    Raises
    ------
    KindError, UnitsError
        If they are something else.
    ParameterError
        If the shape is another, or one is NaN, infinite or out of range.
    """
    array = read_array(values, field, hint=hint)
    if array.dtype.kind not in "biuf":
        raise KindError(f"{field} must be numbers, not {brief(values)}.")
    if array.size == 0 and empty:
        return np.zeros(array.shape, dtype)
    check_shape(array, field, shape)
    if array.size == 0:
        raise ParameterError(f"{field}: is empty.")
    with np.errstate(over="ignore"):  # of numbers with more digits: infinite, and refused
        result = array.astype(dtype, copy=False)
    least, most = (np.fmin, np.fmax) if nan else (np.minimum, np.maximum)  # these pass NaN on
    lowest, highest = least.reduce(result, axis=None), most.reduce(result, axis=None)
    if np.isinf(lowest) or np.isinf(highest) or (np.isnan(lowest) and not nan):
        raise ParameterError(f"{field}: holds {'' if nan else 'NaN or '}infinite values.")
    if lowest < minimum or highest > maximum:
        raise ParameterError(
            f"{field} must {_in_words(minimum, maximum)}; the values given range from "
            f"{lowest:g} to {highest:g}."
        )
    return result


def check_shape(array: np.ndarray, field: str, shape: tuple[int | None, ...] | None) -> None:
    """Raise a ParameterError unless an array has a shape; None stands for any size."""
    if shape is None:
        return
    fits = array.ndim == len(shape) and all(
        size > 0 if wanted is None else size == wanted
        for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if size is None else str(size) for size in shape)
        comma = "," if len(shape) == 1 else ""
        raise ParameterError(
            f"{field} must have shape ({wanted}{comma}), not {brief(array.shape)}."
        )


def check_memory(n_values: int, field: str, bytes_each: int = 8) -> None:
    """Raise a ParameterError if so many values do not fit into this machine's memory.

    Parameters
    ----------
    n_values : int
        How many are to be made or copied.
    field : str
        What messages call the argument that asks for them.
    bytes_each : int, optional
        Of one value.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if n_values * bytes_each > memory:
        raise ParameterError(
            f"{field}: {n_values * bytes_each / 1e9:.3g} GB of values are more than this machine's "
            f"memory of {memory / 1e9:.3g} GB."
        )


def _has_units(values: object, depth: int = 0) -> bool:
    """Tell whether values are quantities, or a list that holds one."""
    if isinstance(values, (list, tuple)):
        return depth < _DEEPEST and any(_has_units(one, depth + 1) for one in values)
    return not getattr(values, "is_dimensionless", True)


def _n_values(values: Any) -> int:
    """Return how many values an array has, nominally; of others, how long they are."""
    size = getattr(values, "size", None)
    if hasattr(values, "numel"):  # of torch
        size = values.numel()
    if not isinstance(size, (int, np.integer)):
        size = len(values) if isinstance(values, Sized) and not isinstance(values, type) else 1
    return int(size)


def _of_torch(values: Any, field: str) -> Any:
    """Return a tensor's values on the CPU in a type that NumPy knows; anything else as it is."""
    if not hasattr(values, "requires_grad") or isinstance(values, type):
        return values
    if values.is_meta:
        raise KindError(f"{field}: a tensor on the meta device holds no values.")
    if "strided" not in str(values.layout):
        raise KindError(f"{field}: pass a sparse tensor as .to_dense().")
    if values.is_quantized:
        raise KindError(f"{field}: pass a quantised tensor as .dequantize().")
    tensor = values.detach().cpu().resolve_conj().resolve_neg()
    return tensor.float().numpy() if "bfloat16" in str(tensor.dtype) else tensor.numpy()


def _in_words(minimum: float, maximum: float) -> str:
    """Put a range into words."""
    if math.isinf(maximum):
        return f"be at least {minimum:g}"
    if math.isinf(minimum):
        return f"be at most {maximum:g}"
    return f"lie in [{minimum:g}, {maximum:g}]"

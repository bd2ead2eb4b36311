"""Numbers of NIR nodes, checked: whatever is wrong with them is told by the node's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import TranslationError, brief

if TYPE_CHECKING:
    import nir

#: Values that differ by less than this part of themselves count as equal: files hold float32.
CLOSE = 1e-6


def kind_of(node: nir.NIRNode) -> str:
    """Return the kind of a node, as NIR calls it."""
    return type(node).__name__


def values(name: str, node: nir.NIRNode, field: str) -> NDArray[np.float64]:
    """Return the numbers of one field of a node, which are finite.

    Raises
    ------
    TranslationError
        Naming node and field.
    """
    raw = getattr(node, field, None)
    if isinstance(raw, torch.Tensor):  # tools put their own into graphs
        raw = raw.detach().cpu()
    try:
        found = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise TranslationError(
            f"node {name!r}: {field} must be numbers, not {brief(raw)}."
        ) from None
    if not np.isfinite(found).all():
        raise TranslationError(f"node {name!r}: {field} has values that are NaN or infinite.")
    return found


def common(array: NDArray[np.float64]) -> float | None:
    """Return the value that all numbers of an array share; None if they differ, or are none."""
    if array.size == 0:
        return None
    low, high = float(array.min()), float(array.max())
    return low if high - low <= CLOSE * max(abs(low), abs(high)) else None


def one_value(name: str, field: str, array: NDArray[np.float64]) -> float:
    """Return the value that all neurons of a node share.

    Raises
    ------
    TranslationError
        If they differ.
    """
    shared = common(array)
    if shared is None:
        span = f" ({array.min():g} to {array.max():g})" if array.size else ""
        raise TranslationError(
            f"node {name!r}: {field} differs between neurons{span}; all neurons of a layer need "
            "the same, so split the node."
        )
    return shared


def whole_numbers(
    name: str, node: nir.NIRNode, field: str, n: int, minimum: int
) -> tuple[int, ...]:
    """Return a field that holds one whole number, or `n`, as `n` of them.

    Raises
    ------
    TranslationError
        Naming node and field.
    """
    found = values(name, node, field).ravel()
    if len(found) not in (1, n) or (found != np.rint(found)).any() or (found < minimum).any():
        raise TranslationError(
            f"node {name!r}: {field} must be {n} whole numbers from {minimum} on, not "
            f"{brief(getattr(node, field))}."
        )
    return tuple(int(value) for value in np.broadcast_to(found, (n,)))


def metadata_of(node: nir.NIRNode) -> dict[str, Any]:
    """Return the metadata of a node; none where they are something else than a dict."""
    metadata = getattr(node, "metadata", None)
    return metadata if isinstance(metadata, dict) else {}


def metadata_number(node: nir.NIRNode, key: str) -> float | None:
    """Return a number above 0 of a node's metadata; None if there is none."""
    value = metadata_of(node).get(key)
    if isinstance(value, (int, float, np.number)) and np.isfinite(value) and value > 0:
        return float(value)
    return None


def subtracts(node: nir.NIRNode) -> bool:
    """Tell whether the metadata of neurons say that a spike takes the threshold from them."""
    return isinstance(reset := metadata_of(node).get("reset"), str) and reset == "subtract"

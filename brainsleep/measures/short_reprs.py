"""Results of measures that fit a line when they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from brian2.units import Quantity

#: Arrays of at most so many values are shown whole.
_MOST_SHOWN = 4


class ShortRepr:
    """A dataclass whose repr says how many values arrays have, and between which they lie."""

    def __repr__(self) -> str:
        values = ", ".join(
            f"{field.name}={_short(getattr(self, field.name))}"
            for field in fields(self)  # type: ignore[arg-type]  # of a dataclass
        )
        return f"{type(self).__name__}({values})"


def _short(value: object) -> str:
    """Return the repr of a value; of many values what they are."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {_short(one)}" for name, one in value.items()) + "}"
    if isinstance(value, tuple) and len(value) > _MOST_SHOWN:
        return f"<{len(value)} entries>"
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return str(value) if isinstance(value, Quantity) else repr(value)
    if value.size <= _MOST_SHOWN and value.ndim == 1:
        return str(value) if isinstance(value, Quantity) else repr(value.tolist())
    shape = " × ".join(f"{n:,}" for n in value.shape)
    if value.dtype == bool:
        return f"<{shape} values, {int(value.sum()):,} True>"
    known = value[~np.isnan(np.asarray(value))]
    if not known.size:
        return f"<{shape} values, no number>"
    return f"<{shape} values, {_number(known.min())} to {_number(known.max())}>"


def _number(value: object) -> str:
    """Return a number to four digits, with its unit if it has one."""
    return value.in_best_unit(4) if isinstance(value, Quantity) else f"{value:.4g}"

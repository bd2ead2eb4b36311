"""Time axes in the unit that fits."""

from __future__ import annotations

#: Units of a time axis: from how many seconds on it is used, seconds in one, and its name.
_UNITS = (
    (2 * 3600.0, 3600.0, "h"),
    (120.0, 60.0, "min"),
    (2.0, 1.0, "s"),
    (0.0, 1e-3, "ms"),
)


def time_unit(seconds: float) -> tuple[float, str]:
    """Return the unit that fits a time axis of this length: seconds in one unit, and its name."""
    return next((scale, name) for least, scale, name in _UNITS if seconds >= least)

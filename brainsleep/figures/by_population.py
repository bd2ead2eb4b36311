"""What several populations have in one panel: one result, or results by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..errors import KindError, ParameterError, brief
from ..support.names import table
from .canvas import COLOURS, Axes

Result = TypeVar("Result")


def by_label(
    data: Result | Mapping[str, Result], kind: type[Result], field: str
) -> dict[str, Result]:
    """Read one result, or several by the label of their population.

    Returns
    -------
    dict of str to result
        One that was given alone has an empty label.

    Raises
    ------
    KindError
        If something else was given.
    ParameterError
        If there is none.
    """
    wanted = f"{kind.__name__}, or several by label"
    found = {"": data} if isinstance(data, kind) else table(data, field, wanted)
    if not found:
        raise ParameterError(f"{field}: there is none to draw.")
    for label, one in found.items():
        if not isinstance(one, kind):
            raise KindError(f"{field} of {label!r} must be {kind.__name__}, not {brief(one)}.")
    return found


def colour_of(number: int) -> str:
    """Return the colour of a population: the last ones begin again with the first."""
    return COLOURS[number % len(COLOURS)]


def add_legend(ax: Axes, labels: Mapping[str, object]) -> None:
    """Add a legend, unless the only result has no label."""
    if any(labels):
        ax.legend()

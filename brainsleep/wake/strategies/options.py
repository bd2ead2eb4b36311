"""Parameters of strategies: each says what it means and which values it takes, in one place."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ...support.checks import known_name, number, whole_number
from ...support.names import text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Option:
    """What a parameter of a strategy takes.

    Attributes
    ----------
    meaning : str
        What it is, with its unit.
    kind : type
        `int`, `float` or `str`.
    minimum, maximum : float
        Smallest and largest value allowed.
    above : bool
        Whether `minimum` itself is refused.
    choices : collection of str
        The only values allowed; any, if it is empty.
    """

    meaning: str
    kind: type
    minimum: float = -math.inf
    maximum: float = math.inf
    above: bool = False
    choices: Collection[str] = ()

    def check(self, value: object, name: str) -> None:
        """Raise a ParameterError for a value that makes no sense."""
        if self.choices:
            known_name(value, name, self.choices)
        elif self.kind is str:
            text(value, name)
        elif self.kind is int:
            whole_number(value, name, minimum=int(self.minimum))
        else:
            number(
                value,
                name,
                minimum=self.minimum,
                maximum=self.maximum,
                exclusive_minimum=self.above,
            )


def option(
    default: float | str,
    meaning: str,
    *,
    minimum: float = 0,
    maximum: float = math.inf,
    above: bool = False,
    choices: Collection[str] = (),
) -> Any:
    """Declare a parameter: its default, whose kind its values must be of, and its bounds.

    Parameters
    ----------
    default : int, float or str
        Its value unless given.
    meaning, minimum, maximum, above, choices
        As in :class:`Option`.

    Returns
    -------
    dataclasses.Field
    """
    declared = Option(meaning, type(default), minimum, maximum, above, choices)
    return field(default=default, metadata={"option": declared})


def declared_options(strategy: DataclassInstance | type[DataclassInstance]) -> dict[str, Option]:
    """Return what a strategy (or its class) declares of its parameters, by their names."""
    return {one.name: one.metadata["option"] for one in fields(strategy) if one.metadata}

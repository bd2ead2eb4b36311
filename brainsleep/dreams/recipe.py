"""What the recipes of nights have in common: how their constants are checked and shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from inspect import signature
from typing import ClassVar

from ..errors import ParameterError
from ..support.checks import truth, whole_number
from ..support.parameters import ShownSignature, check_parameters


@dataclass(frozen=True, kw_only=True, repr=False)
class Recipe:
    """The constants of a night, one per field.

    Attributes
    ----------
    from_zero : collection of str
        Whole numbers that may be 0; the others are at least 1.
    onsets : mapping of str to str
        Steps of a phase in which something begins, and the length of the phase.
    """

    from_zero: ClassVar[Collection[str]] = ()
    onsets: ClassVar[Mapping[str, str]] = {}

    __signature__: ClassVar[ShownSignature] = ShownSignature()

    def __post_init__(self) -> None:
        check_parameters(self, "recipe")
        for one in fields(self):
            value, label = getattr(self, one.name), f"recipe: {one.name}"
            if type(one.default) is bool:
                truth(value, label)
            elif type(one.default) is int:
                whole_number(value, label, minimum=0 if one.name in self.from_zero else 1)
        for onset, steps in self.onsets.items():
            if getattr(self, onset) >= getattr(self, steps):
                raise ParameterError(
                    f"recipe: {onset} must be below {steps}, {getattr(self, steps)}, but is "
                    f"{getattr(self, onset)}."
                )

    def __repr__(self) -> str:
        """Show what differs from the defaults."""
        usual = {name: one.default for name, one in signature(type(self)).parameters.items()}
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, value in usual.items()
            if getattr(self, name) != value
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

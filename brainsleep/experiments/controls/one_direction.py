"""Controls of the rule's direction: weights that can only rise in a night, or only fall.

What a rule does beside its two directions stays: the leak of `ASP`, regulation around a rule.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import brief
from ..model_files.sleep_sections import SleepSection
from .control import Control, NotInModelError

#: What rules call their directions.
_UP = ("increase", "potentiation", "pair_potentiation", "triplet_potentiation")
_DOWN = ("decrease", "depression", "pair_depression", "triplet_depression")


def _without(section: SleepSection, names: tuple[str, ...]) -> SleepSection:
    """Return a night whose rule lacks some parameters: they are 0."""
    rule = section.plasticity
    _require_signs(rule.build(), rule.kind)
    changed = rule
    for name in names:
        changed = changed.with_value(name, 0.0) or changed
    either = " or ".join(map(repr, names[:2]))
    if changed is rule:
        raise NotInModelError(f"the rule {rule.kind!r} has no parameter {either}")
    if _is_zero(rule.build(), names):
        raise NotInModelError(f"the rule {rule.kind!r} has {either} = 0 anyway")
    if _is_zero(changed.build(), (*_UP, *_DOWN)):
        raise NotInModelError(f"nothing would be left of the rule {rule.kind!r}")
    return section.model_copy(update={"plasticity": changed})


def _is_zero(rule: object, names: tuple[str, ...]) -> bool:
    """Tell whether all of these parameters that a rule has, or a rule within it, are 0."""
    if rule is None:
        return True
    own = [getattr(rule, name, 0.0) for name in names]
    return all(map(is_zero, own)) and _is_zero(getattr(rule, "rule", None), names)


def is_zero(value: object) -> bool:
    """Tell whether a parameter is 0 in all layers."""
    return all(one == 0 for one in _numbers(value))


def _require_signs(rule: object, kind: str) -> None:
    """Raise if a direction is turned round by a number below 0, here or in a rule within."""
    while rule is not None:
        for name in (*_UP, *_DOWN):
            value = getattr(rule, name, 0.0)
            if any(str(one).lstrip().startswith("-") for one in _numbers(value)):
                raise NotInModelError(
                    f"the rule {kind!r} has {name} = {brief(value)}, turned round"
                )
        rule = getattr(rule, "rule", None)


def _numbers(value: object) -> Iterable[object]:
    """Return the numbers of a parameter: of all layers, by layer, or by name."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else [value]


def _without_decrease(section: SleepSection) -> SleepSection:
    return _without(section, _DOWN)


def _without_increase(section: SleepSection) -> SleepSection:
    return _without(section, _UP)


INCREASE_ONLY = Control(
    name="increase_only",
    label="sleep, increase only",
    question="Does it help to strengthen what is replayed?",
    change=_without_decrease,
)
DECREASE_ONLY = Control(
    name="decrease_only",
    label="sleep, decrease only",
    question="Is it enough to weaken what the stimulus does not support?",
    change=_without_increase,
)

"""What models declare of their parameters, in words: unit, default, bounds, meaning, source."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brian2.units import Hz, Quantity, Unit
from brian2.units.fundamentalunits import get_unit
from numpydoc.docscrape import NumpyDocString

from brainsleep.support.parameters import Parameter, declared_parameters

#: A symbol in the description of a parameter.
SYMBOL = re.compile(r":math:`([^`]+)`")
#: Symbols at the beginning of a description.
LEADING = re.compile(r"^(?::math:`[^`]+`, )+")
#: Authors and year at the beginning of a reference.
AUTHORS = re.compile(r"[^;]*?\b(?:19|20)\d\d\b")
#: "As in :class:`LIF`": a description that stands elsewhere.
ELSEWHERE = re.compile(r"As (?:in|of|for) :class:`[~.\w]*?(\w+)`[,.]?\s*")


@dataclass(frozen=True)
class Described:
    """A parameter of a model, a stimulus or a function, for a row of a table.

    Attributes
    ----------
    name, symbol, unit, default, allowed, meaning : str
        reStructuredText of one line; empty where there is nothing to say.
    """

    name: str
    symbol: str
    unit: str
    default: str
    allowed: str
    meaning: str


@dataclass(frozen=True)
class Meaning:
    """What a docstring says of a parameter.

    Attributes
    ----------
    text, symbol : str
        reStructuredText of one line; empty where there is nothing to say.
    """

    text: str = ""
    symbol: str = ""


def docstring(value: object) -> NumpyDocString:
    """Return the parsed docstring."""
    return NumpyDocString(inspect.getdoc(value) or "")


def summary(value: object) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join(docstring(value)["Summary"])


def sources(value: object) -> list[str]:
    """Return authors and years of the references of a docstring."""
    text = " ".join(" ".join(docstring(value)["References"]).split())
    matches = (AUTHORS.match(one.strip()) for one in text.split(";"))
    return [match[0] for match in matches if match]


def meanings(value: object, others: Mapping[str, type] | None = None) -> dict[str, Meaning]:
    """Return what a docstring says of parameters.

    Where it says "as in" another model, it is that model's description.
    """
    parsed = docstring(value)
    found: dict[str, Meaning] = {}
    for one in [*parsed["Parameters"], *parsed["Other Parameters"], *parsed["Attributes"]]:
        text = " ".join(" ".join(one.desc).split())
        names = [name.strip().lstrip("*") for name in one.name.split(",")]
        symbols = _symbols(text, len(names))
        rest = LEADING.sub("", text) if any(symbols) else text
        rest = rest[:1].upper() + rest[1:] if rest != text else text
        for name, symbol in zip(names, symbols, strict=True):
            found[name] = _completed(Meaning(rest, symbol), name, value, others or {})
    return found


def _symbols(text: str, n_names: int) -> list[str]:
    """Return the symbols that a description of so many parameters begins with, in their order."""
    found = SYMBOL.findall(text)
    if n_names > 1 and len(found) == 1:  # all in one formula
        found = found[0].split(",")
    if len(found) < n_names:
        return [""] * n_names
    return [f":math:`{one.strip()}`" for one in found[:n_names]]


def _completed(own: Meaning, name: str, value: object, others: Mapping[str, type]) -> Meaning:
    """Return a description; in place of "as in" a model, what that model says."""
    match = ELSEWHERE.match(own.text)
    other = others.get(match[1]) if match else None
    if match is None or other is None or other is value:
        return own
    found = meanings(other, others).get(name, own)
    rest = own.text[match.end() :].rstrip(".")
    return replace(found, text=f"{found.text.rstrip('.')} ({rest}).") if rest else found


def parameters(value: Any, others: Mapping[str, type] | None = None) -> list[Described]:
    """Return all that a class or function takes, as it declares and describes it."""
    described = meanings(value, others)
    declared = declared_parameters(value) if dataclasses.is_dataclass(value) else {}
    taken = [
        _with_default(one, value)
        for one in inspect.signature(value).parameters.values()
        if one.name != "self" and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    return [
        _described(one, declared.get(one.name), described.get(one.name, Meaning()), value)
        for one in taken
    ]


def _with_default(one: inspect.Parameter, owner: Any) -> inspect.Parameter:
    """Return a parameter with its default, where a dataclass makes one for each object."""
    if dataclasses.is_dataclass(owner):
        for field in dataclasses.fields(owner):
            if field.name == one.name and field.default_factory is not dataclasses.MISSING:
                return one.replace(default=field.default_factory())
    return one


def _described(
    one: inspect.Parameter, declared: Parameter | None, meaning: Meaning, owner: Any
) -> Described:
    return Described(
        name=f"``{one.name}``",
        symbol=meaning.symbol,
        unit=_unit(one, declared, owner),
        default=shown(one.default, declared.unit if declared else None),
        allowed=allowed(declared) if declared else "",
        meaning=meaning.text,
    )


def _unit(one: inspect.Parameter, declared: Parameter | None, owner: Any) -> str:
    """Return the unit of a parameter; gains and thresholds have that of the model."""
    if declared is not None:
        if declared.of_weight:
            return "weight, or %"
        return str(declared.unit) if declared.unit is not None else "1"
    if one.name == "gain" and hasattr(owner, "gain_unit"):
        return str(owner.gain_unit or "1")
    if one.name in ("threshold", "bias_gain") and hasattr(owner, "constants_unit"):
        return str(owner.constants_unit or "1")
    if one.name == "target_rate":
        return "Hz"
    return _unit_of(one.default)


def _unit_of(default: object) -> str:
    """Return the unit of a default, where it shows one."""
    if isinstance(default, Quantity):
        return str(get_unit(default.dim))
    return ""


def shown(default: object, unit: Unit | None = None) -> str:
    """Return a default as users would write it."""
    if default is inspect.Parameter.empty:
        return ""
    if default is None:
        return "–"
    if isinstance(default, (str, bool)):
        return f"``{default!r}``"
    if isinstance(default, Quantity):
        if unit is None or abs(float(default / unit)) >= 1e4:
            unit = Hz if default.dim == Hz.dim else default.get_best_unit()
        return f"``{float(default / unit):g} {unit}``"
    text = repr(default)
    return f"``{text}``" if len(text) < 60 else "…"


def allowed(declared: Parameter) -> str:
    """Return what values a parameter takes."""
    if declared.choices:
        return ", ".join(f"``{choice!r}``" for choice in declared.choices)
    unit = f" {declared.unit}" if declared.unit is not None else ""
    bounds = []
    if declared.minimum > -math.inf:
        sign = ">" if declared.exclusive_minimum else "≥"
        bounds.append(f"{sign} {_number(declared.minimum, declared.unit)}")
    if declared.maximum < math.inf:
        bounds.append(f"≤ {_number(declared.maximum, declared.unit)}")
    return " and ".join(bounds) + (unit if bounds else "")


def _number(value: float, unit: Unit | None) -> str:
    return f"{float(value):g}"

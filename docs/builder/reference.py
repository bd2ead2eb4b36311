"""Pages of the reference that are made from the package: its names, and its models."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from brainsleep.plasticity import SRC, WEIGHT_FACTORS
from brainsleep.stimuli.images import ImageStimulus

from .declared import Described, parameters, summary
from .public_names import TOP, PublicName, aliases, described_names, models, modules, names_of
from .rst import code, heading, table, toctree

TITLES = {"neurons": "Neuron models", "rules": "Plasticity rules", "stimuli": "Stimuli"}
INTRODUCTIONS = {
    "neurons": "What a neuron of each layer does in a time step. A model is data: Brian2 "
    "equations, and the numbers of each layer. A model of your own: :doc:`/CONTRIBUTING`.",
    "rules": "What spikes do to a synapse. A rule is data, as a neuron model is.",
    "stimuli": "What drives the input of a night. Codes from numbers to spikes: "
    ":mod:`brainsleep.codes`.",
}
#: A row of a table.
Row: TypeAlias = tuple[str, ...]
HEAD = ("parameter", "symbol", "unit", "default", "allowed", "meaning")
#: A variable in Brian2 equations: name, unit, and the comment behind it.
VARIABLE = re.compile(
    r"^\s*(?:d(\w+)/dt|(\w+))\s*(?:=[^:]*)?:\s*(\w+)\s*(\([^)]*\))?\s*(?:#(.*))?$"
)


def pages() -> dict[str, str]:
    """Return the pages by their paths in the reference, without the ending."""
    found = {page: model_page(page, owners) for page, owners in models().items()}
    found |= {f"api/{path}": package_page(path) for path in modules()}
    return found


def rows(described: list[Described]) -> list[Row]:
    """Return the rows of a table of parameters."""
    return [dataclasses.astuple(one) for one in described]


def filled(head: Row, rows: list[Row]) -> tuple[Row, list[Row]]:
    """Return a table without the columns that are empty in all rows."""
    kept = [number for number in range(len(head)) if any(row[number] for row in rows)]
    return tuple(head[k] for k in kept), [tuple(row[k] for k in kept) for row in rows]


def model_page(page: str, owners: Mapping[str, type]) -> str:
    """Return the page of all neuron models, rules or stimuli: a section each."""
    parts = [heading(TITLES[page]), INTRODUCTIONS[page], ""]
    others = {**owners, "ImageStimulus": ImageStimulus}  # what "as in" may mean
    overview = [(f":class:`~{full_name(model)}`", summary(model)) for model in owners.values()]
    parts.append(table(("model", "what it is"), overview))
    for name, model in owners.items():
        parts += [heading(name, "-"), f".. autoclass:: {full_name(model)}", ""]
        parts += ["**Parameters in short**", ""]
        parts.append(table(*filled(HEAD, rows(parameters(model, others))), name="parameters"))
        parts += [_equations(model)] if hasattr(model, "equations") else []
    if page == "rules":
        parts += [heading("Weight factors", "-"), "The factor g(w) of :class:`SRC`.", ""]
        factors = [
            (f"``{one.name!r}``", f"``{one.expression}``", one.source)
            for one in WEIGHT_FACTORS.values()
        ]
        parts.append(table(("name", "g(w)", "source"), factors))
    return "\n".join(parts)


def full_name(value: object) -> str:
    """Return the name under which an object is described."""
    return described_names()[id(value)].full


def _equations(model: Any) -> str:
    """Return the equations of a model as Brian2 gets them, and their variables."""
    equations = _example(model).equations()
    lines, variables = [], []
    for one in dataclasses.fields(equations):
        value = getattr(equations, one.name)
        if not value:
            continue
        text = "\n".join(value) if _is_statements(value) else str(value)
        text = "\n".join(line.strip() for line in text.strip().splitlines())
        lines.append(f"{one.name}:\n" + "\n".join(f"    {line}" for line in text.splitlines()))
        if one.name.endswith("model"):
            variables += _variables(text)
    parts = ["**Equations, as they run in Brian2**", "", code("\n".join(lines))]
    if variables:
        parts += ["**Variables**", "", table(("variable", "unit", "what it is"), variables)]
    return "\n".join(parts)


def _example(model: Any) -> Any:
    """Return a model with its defaults; one that regulates another rule is given one."""
    required = [one.name for one in fields_of(model) if one.default is one.empty]
    return model(**{name: SRC() for name in required})


def fields_of(model: Any) -> list[inspect.Parameter]:
    """Return what a model takes."""
    return list(inspect.signature(model).parameters.values())


def _is_statements(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _variables(text: str) -> list[tuple[str, str, str]]:
    """Return the variables of equations that are no parameters: name, unit, comment."""
    found = []
    for line in text.splitlines():
        match = VARIABLE.match(line)
        if match and "constant" not in (match[4] or ""):
            found.append((f"``{match[1] or match[2]}``", match[3], (match[5] or "").strip()))
    return found


def package_page(path: str) -> str:
    """Return the page of a package: what it is for, its names in short, then each."""
    module = modules()[path]
    own = [one for one in map(described_names().get, _ids(path)) if one and one.module == path]
    on_pages = {id(model): page for page, owners in models().items() for model in owners.values()}
    here = [one for one in own if id(one.value) not in on_pages]
    elsewhere = [one for one in own if id(one.value) in on_pages]
    parts = [heading(path), f".. automodule:: {path}", "   :no-members:", ""]
    if path != module.__name__:
        parts += [f"Defined in ``{module.__name__}``.", ""]
    if here:
        short = [(f":obj:`~{one.full}`", in_short(one)) for one in here]
        parts.append(table(("name", "what it is"), short))
    links = [f":obj:`{one.name} <{one.full}>`" for one in elsewhere]
    links += [
        f":obj:`{alias.name} <{target.full}>`"
        for alias, target in aliases()
        if alias.module == path
    ]
    if links:
        parts += ["Described elsewhere: " + ", ".join(sorted(links)) + ".", ""]
    parts += [_description(one) for one in here]
    return "\n".join(parts)


def in_short(one: PublicName) -> str:
    """Return the first sentences of what is said of a name."""
    return comment_of(one) if one.directive == "autodata" else summary(one.value)


def _ids(path: str) -> list[int]:
    module = modules()[path]
    return [id(getattr(module, name)) for name in names_of(module)]


def _description(one: PublicName) -> str:
    """Return the directive that describes a name."""
    if one.directive == "autodata":
        text = comment_of(one)
        return f".. py:data:: {one.name}\n   :module: {one.module}\n\n   {text}\n"
    lines = [f".. {one.directive}:: {one.full}"]
    if inspect.isclass(one.value):
        lines += ["   :members:"]
    return "\n".join([*lines, ""])


@cache
def _comments() -> dict[str, str]:
    """Return the ``#:`` comments above constants of the package, by the constants' names."""
    root = Path(importlib.import_module(TOP).__file__ or "").parent
    found: dict[str, str] = {}
    pattern = re.compile(r"((?:^#: .*\n)+)^(\w+)\b", re.MULTILINE)
    for file in sorted(root.rglob("*.py")):
        for match in pattern.finditer(file.read_text(encoding="utf-8")):
            found[match[2]] = " ".join(match[1].replace("#: ", " ").split())
    return found


def comment_of(one: PublicName) -> str:
    """Return what the source says of a constant."""
    return _comments().get(one.name, "")


def index(other_pages: list[str]) -> str:
    """Return the first page of the reference."""
    packages = [f"api/{path}" for path in modules()]
    lines = [
        heading("Reference"),
        "Made from the package: what it offers by name, and every model with its equations and the",
        "parameters that it declares.",
        "",
        toctree([*TITLES, *other_pages], hidden=False),
        heading("By package", "-"),
        toctree(packages, hidden=False),
    ]
    return "\n".join(lines)

"""What docstrings write in short: names without their package, pages by their files.

A Sphinx extension. A reference that Sphinx does not find as it stands is looked up by its last
part; a name of an argument in single backticks is shown as code; a page of ``docs/`` is a link.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from brian2.units import Hz, allunits
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

#: A page as docstrings name it: in backticks, or bare.
PAGE = re.compile(r"`{0,2}\b(docs/[\w/]+)\.md\b`{0,2}")
#: A quantity as Brian2 shows it: ``20. * msecond``.
QUANTITY = re.compile(r"(-?\d+\.?\d*) \* (\w+)")
#: A word in single backticks.
WORD = re.compile(r"(?<![`:\w])`(\w+)`(?![`_])")


def process(
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Rewrite the lines of a docstring."""
    arguments = _arguments(value)
    for number, line in enumerate(lines):
        line = PAGE.sub(r":doc:`\1.md </\1>`", line)
        lines[number] = WORD.sub(
            lambda match: f"``{match[1]}``" if match[1] in arguments else match[0], line
        )


def process_signature(
    app: Sphinx, what: str, name: str, value: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Write quantities as users do: ``20 * ms``."""
    if not signature:
        return None
    return in_units(signature), returns


def in_units(text: str) -> str:
    """Return a text in which quantities have their units in short."""
    return QUANTITY.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    unit = getattr(allunits, match[2], None)
    if unit is None:
        return match[0]
    if unit.dim == Hz.dim:
        return f"{float(match[1]) * float(unit):g} * Hz"
    return f"{float(match[1]):g} * {unit}"


def _arguments(value: object) -> set[str]:
    """Return the names of what a function or class takes."""
    try:
        return set(inspect.signature(value).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return set()


def find(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Return a link to the one object whose name ends as the reference does, if there is one."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].lstrip(".~")
    objects: dict[str, Any] = env.domains.python_domain.objects
    wanted = {target, target.removeprefix("bs.")}
    last = "." + target.rpartition(".")[2]
    found = [
        name
        for name in objects
        if name in wanted or name.endswith(tuple(f".{one}" for one in wanted))
    ]
    if not found and "." in target:  # an inner module, or a name by the module that defines it
        found = [name for name in objects if name.endswith(last)] or _packages(target, objects)
    if node.get("reftype") == "obj" and "." not in target:
        found = [name for name in found if objects[name].objtype != "module"]
    if len({objects[name].node_id for name in found}) != 1:
        return None
    entry = objects[found[0]]
    builder = app.builder
    return make_refnode(builder, node["refdoc"], entry.docname, entry.node_id, content, found[0])


def _packages(target: str, objects: dict[str, Any]) -> list[str]:
    """Return the innermost package that is described and holds a name."""
    while "." in target:
        target = target.rpartition(".")[0]
        if target in objects and target != "brainsleep":
            return [target]
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect both to Sphinx; docstrings before numpydoc reads them."""
    app.connect("autodoc-process-docstring", process, priority=100)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Pieces of reStructuredText."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence


def heading(text: str, underline: str = "=") -> str:
    """Return a heading."""
    return f"{text}\n{underline * len(text)}\n"


def code(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f".. code-block:: {language}\n\n{textwrap.indent(text, '   ')}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = "") -> str:
    """Return a table; cells are reStructuredText of one line."""
    lines = [".. list-table::", "   :header-rows: 1"]
    lines += [f"   :class: {name}"] * bool(name)
    lines.append("")
    for row in [head, *rows]:
        lines += [f"   {'*' if number == 0 else ' '} - {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def toctree(pages: Iterable[str], *, hidden: bool = True, caption: str = "") -> str:
    """Return a table of contents."""
    lines = [".. toctree::", *["   :hidden:"] * hidden, "   :maxdepth: 1"]
    lines += [f"   :caption: {caption}"] * bool(caption)
    return "\n".join([*lines, "", *(f"   {page}" for page in pages)]) + "\n"

"""The gallery: scripts of ``analyses/`` with the pictures that they draw."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from .rst import code, heading

ROOT = Path(__file__).resolve().parents[2]
#: Where the pictures lie, each named as its script, if there are several with more words after a
#: hyphen; those that pages show lie in its parent.
PICTURES = ROOT / "docs" / "figures" / "gallery"


def scripts() -> dict[str, str]:
    """Return the docstrings of the scripts, by name; those that can be run."""
    found = {}
    for file in sorted((ROOT / "analyses").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if '__name__ == "__main__"' in text:
            found[file.stem] = ast.get_docstring(ast.parse(text)) or ""
    return found


def pictures() -> dict[str, list[Path]]:
    """Return the pictures by the names of their scripts."""
    found: dict[str, list[Path]] = {}
    for folder in (PICTURES.parent, PICTURES):
        for file in sorted(folder.glob("*.*")):
            found.setdefault(file.stem.partition("-")[0], []).append(file)
    return found


def page() -> str:
    """Return the page: scripts with pictures first, then those that print tables."""
    shown = pictures()
    drawing = {name: text for name, text in scripts().items() if name in shown}
    printing = {name: text for name, text in scripts().items() if name not in shown}
    parts = [
        heading("Gallery"),
        "Scripts of ``analyses/``, which work on any run directory or make their own runs, and",
        "what they draw. ``brainsleep run`` leaves some of these pictures in ``figures/`` of its",
        "run. ``analyses/README.md`` says which figure of which publication each stands for.",
        "",
    ]
    for name, text in drawing.items():
        parts.append(_section(name, text))
        for file in shown[name]:
            parts += [f".. image:: /{file.relative_to(ROOT)}", f"   :alt: What {name}.py draws", ""]
    parts += [heading("Scripts that print tables", "-")] if printing else []
    parts += [f"{_section(name, text, '~')}" for name, text in printing.items()]
    return "\n".join(parts)


def _section(name: str, text: str, underline: str = "-") -> str:
    """Return the heading and the words of a script; its command is shown as code."""
    title, _, rest = text.partition("\n")
    words, _, command = title.partition(": python ")
    body = [heading(f"{name}.py", underline), f"{words.rstrip('.')}.", ""]
    body += [code(f"python {command.rstrip('.')}", "text")] if command else []
    return "\n".join([*body, _with_code(rest), ""])


def _with_code(text: str) -> str:
    """Return the paragraphs of a docstring; indented lines become code."""
    found = []
    for one in text.split("\n\n"):
        is_code = one.strip("\n").startswith("    ")
        found.append(code(textwrap.dedent(one.strip("\n"))) if is_code else one.strip())
    return "\n\n".join(found)

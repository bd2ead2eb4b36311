"""Gathers what Sphinx reads: the pages as they lie, executed notebooks, and generated pages.

The folder that is made has the layout of the repository, so that links between pages hold in both.
"""

from __future__ import annotations

import re
from pathlib import Path

from . import gallery, reference, values
from .notebooks import executed_copies

ROOT = Path(__file__).resolve().parents[2]
#: Files that are taken as they are, by patterns.
TAKEN = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*/*.md",
    "docs/figures/**/*.*",
    "benchmarks/*.md",
    "benchmarks/*.png",
)
#: Where the page of each section of docs/README.md lies.
FOLDERS = {
    "Start here": "docs/start",
    "Tutorials": "notebooks",
    "How-to guides": "docs/how_to",
    "Explanation": "docs/explanation",
    "Results": "docs/results",
    "Development": "docs/development",
}
#: A section of docs/README.md: its title, and what is listed in it.
SECTION = re.compile(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([\w./]+)\)")


def stage(folder: Path, *, execute: bool) -> None:
    """Make the folder that Sphinx reads; files that are the same keep their times."""
    wanted: dict[str, bytes] = {}
    for pattern in TAKEN:
        for file in sorted(ROOT.glob(pattern)):
            wanted[str(file.relative_to(ROOT))] = file.read_bytes()
    wanted |= {f"notebooks/{path.name}": path.read_bytes() for path in executed_copies(execute)}
    for name, text in generated().items():
        wanted[name] = text.encode()
    _write(folder, wanted)


def generated() -> dict[str, str]:
    """Return the pages that are made, by their paths."""
    sections = section_pages()
    made = {f"docs/reference/{path}.rst": text for path, text in reference.pages().items()}
    made |= {f"docs/reference/{path}.rst": text for path, text in values.pages().items()}
    made["docs/reference/index.rst"] = reference.index(list(values.pages()))
    made["docs/gallery.rst"] = gallery.page()
    made |= sections
    order = [*sections]
    here = order.index("docs/results/index.md")
    order[here:here] = ["docs/reference/index.rst", "docs/gallery.rst"]
    made["docs/README.md"] = (
        f"---\norphan: true\n---\n\n{(ROOT / 'docs' / 'README.md').read_text()}"
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = "\n".join(["```{toctree}", ":hidden:", "", *order, "```"])
    made["index.md"] = f"{readme}\n{tree}\n"
    return made


def section_pages() -> dict[str, str]:
    """Return a page for each section of docs/README.md, in its order."""
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    found = {}
    for title, body in SECTION.findall(text):
        links = LINK.findall(body)
        at = FOLDERS[title]
        local = LINK.sub(lambda match: f"](/{_from_root(match[1])})", body)
        tree = ["```{toctree}", ":hidden:", "", *(f"/{_from_root(link)}" for link in links), "```"]
        found[f"{at}/index.md"] = "\n".join([f"# {title}", "", local, *tree, ""])
    return found


def _from_root(link: str) -> str:
    """Return the path of a page that docs/README.md links to, from the root."""
    return link.removeprefix("../") if link.startswith("../") else f"docs/{link}"


def _write(folder: Path, wanted: dict[str, bytes]) -> None:
    """Write files where they differ, and remove all others."""
    for name, content in wanted.items():
        file = folder / name
        if not file.exists() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    for file in folder.rglob("*"):
        if file.is_file() and str(file.relative_to(folder)) not in wanted:
            file.unlink()

"""What is checked of a finished site: links within it, public names, notebooks."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.util.inventory import InventoryFile

from .notebooks import NOTEBOOKS
from .public_names import described_names


class Page(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the anchor of an element, and its link."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and tag != "base":
                self.links.add(value)


def problems(site: Path) -> list[str]:
    """Return what is wrong with a site, a line each."""
    return [*broken_links(site), *missing_names(site), *missing_notebooks(site)]


def broken_links(site: Path) -> list[str]:
    """Return the links within a site that lead to no file, or to no place in it."""
    files = [file for file in sorted(site.rglob("*.html")) if "_static" not in file.parts]
    pages = {file: Page(file) for file in files}
    found = []
    for file, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.exists():
                found.append(f"{file.relative_to(site)}: {link} does not exist")
            elif parts.fragment and target in pages:
                if unquote(parts.fragment) not in pages[target].anchors:
                    found.append(f"{file.relative_to(site)}: {link} has no such place")
    return found


def missing_names(site: Path) -> list[str]:
    """Return the public names that no page describes."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    entries = {
        name for kind, names in inventory.data.items() if kind[:3] == "py:" for name in names
    }
    wanted = sorted(one.full for one in described_names().values())
    return [f"{name} is on no page" for name in wanted if name not in entries]


def missing_notebooks(site: Path) -> list[str]:
    """Return the notebooks that are not among the tutorials."""
    links = Page(site / "notebooks" / "index.html").links
    return [
        f"notebooks/{path.name} is not in the tutorials of docs/README.md"
        for path in NOTEBOOKS
        if f"{path.stem}.html" not in links
    ]

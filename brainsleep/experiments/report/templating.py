"""HTML from templates: everything is in the one file, and what users wrote is escaped.

The page forbids itself to ask for anything elsewhere, and to run any script but its own two, which
it names by their digests (its Content-Security-Policy). So a name with ``<script>`` in it stays a
name, even if a template should forget to escape it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ... import __version__
from ...support.memory import in_words

_HERE = Path(__file__).parent

#: The plotting library (MIT licence, beside it), and what draws with it.
_SCRIPTS = ("assets/uPlot.iife.min.js", "templates/page.js")
_STYLES = ("assets/uPlot.min.css", "templates/page.css")

#: What stands where there is no value.
NOTHING = "–"


@dataclass(frozen=True)
class HtmlPage:
    """A page.

    Attributes
    ----------
    html : str
        What the file holds.
    left_out : tuple of str
        What is not on it, and why: a line each.
    """

    html: str
    left_out: tuple[str, ...] = ()


def render(template: str, *, problems: Sequence[str] = (), **values: object) -> HtmlPage:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file in ``templates/``.
    problems : sequence of str
        What is left out, and why; the page says so.
    **values
        What else it shows; all text is escaped.
    """
    scripts, styles = map(_texts, (_SCRIPTS, _STYLES))
    html = (
        _environment()
        .get_template(template)
        .render(
            version=__version__,
            scripts=[Markup(text) for text in scripts],
            script_digests=[_digest(text) for text in scripts],
            styles=[Markup(text) for text in styles],
            problems=problems,
            **values,
        )
    )
    return HtmlPage(html, tuple(problems))


def percent(value: float | None, digits: int = 1) -> str:
    """Return a fraction in percent, without the sign; a dash for none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{100 * value:.{digits}f}".replace("-", "−")


def short(value: float | None) -> str:
    """Return a number with three or four digits; a dash for none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return (f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


def correlation(value: float | None) -> str:
    """Return a correlation with two digits; a dash for none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.2f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Return a difference of fractions in percentage points, with its sign; a dash for none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{100 * value:+.1f}".replace("-", "−")


@functools.cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "percent": percent,
        "correlation": correlation,
        "short": short,
        "signed": signed,
        "size": in_words,
    }
    return found


def _texts(names: tuple[str, ...]) -> list[str]:
    return [(_HERE / name).read_text(encoding="utf-8") for name in names]


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

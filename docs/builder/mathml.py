"""Formulas as MathML, which browsers show without a script and without the network.

docutils translates LaTeX; a formula that it cannot translate is a warning.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

LOG = logging.getLogger(__name__)
#: What LaTeX's align needs around lines of a formula; Sphinx's directive allows them bare.
ALIGNED = r"\begin{{aligned}}{}\end{{aligned}}"


#: An accent over what has an index: docutils would set the index below both.
ACCENT = re.compile(r"\\(bar|hat|tilde|dot|vec)\s*(\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z])(?=[_^])")


def translated(node: nodes.Node, *, block: bool) -> str:
    """Return the MathML of a formula."""
    text = re.sub(r"\\dots\b", r"\\ldots", node.astext())  # docutils knows the latter
    text = ACCENT.sub(r"{\\\1{\2}{}}", text)
    if block and (r"\\" in text or "&" in text) and r"\begin{align" not in text:
        text = ALIGNED.format(text)
    try:
        return latex2mathml.tex2mathml(text, as_block=block)
    except MathError as error:
        LOG.warning("formula %r: %s", node.astext(), error, location=node)
        return f"<code>{node.astext()}</code>"


def visit_inline(writer: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(translated(node, block=False))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula of its own."""
    writer.body.append(f'<div class="formula">{translated(node, block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer to Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

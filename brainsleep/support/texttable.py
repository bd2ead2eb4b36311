"""Rows of text as a table, on a terminal and in a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence

Rows = Sequence[Sequence[str]]


def plain(rows: Rows, n_left: int = 1) -> str:
    """Write rows, a heading first: the first columns flush left, the others right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < n_left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def filled(rows: Rows) -> str:
    """Write rows as :func:`plain`, those that are too short ending in empty cells."""
    n_columns = max(map(len, rows))
    return plain([[*row, *[""] * (n_columns - len(row))] for row in rows])


def indented(text: str) -> str:
    """Move all lines to the right by two spaces."""
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())


def as_html(rows: Rows) -> str:
    """Write rows, a heading first, as an HTML table."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{line(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"


def without_empty_columns(rows: Rows) -> list[list[str]]:
    """Leave out the columns that say nothing."""
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    return [[row[column] for column in kept] for row in rows]

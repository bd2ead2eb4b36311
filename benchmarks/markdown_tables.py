"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def line(cells: Iterable[str]) -> str:
    """Return cells as a line of a table."""
    return "| " + " | ".join(cells) + " |"


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()
) -> list[str]:
    """Return the lines of a table; none, if it has no rows.

    Parameters
    ----------
    head, rows : sequences of str
        Cells.
    right : collection of int
        Numbers of the columns that are aligned to the right.
    """
    lines = [line(row) for row in rows]
    aligned = "".join("|---:" if number in right else "|---" for number in range(len(head)))
    return [line(head), f"{aligned}|", *lines] if lines else []

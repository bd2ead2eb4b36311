"""Rows of text as tables in Markdown and in LaTeX, whatever characters they hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: What LaTeX gives a meaning to, and how it is printed.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # a row that begins with one, or with a star, would be taken as an option
    "]": "{]}",
    "*": "{*}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "−": "$-$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "µ": r"$\mu$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "\u2018": "`",
    "\u2019": "'",
    "\u201c": "``",
    "\u201d": "''",
    "°": r"$^\circ$",
}

#: Greek letters that look like Latin ones have no command of their own.
_LATIN = {"Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M"}
_LATIN |= {"Ν": "N", "Ο": "O", "ο": "o", "Ρ": "P", "Τ": "T", "Χ": "X"}


def markdown(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str], n_left: int) -> str:
    """Return a table in Markdown.

    Parameters
    ----------
    title : str
        Above it.
    rows : sequence of sequence of str
        A heading first.
    notes : sequence of str
        Below it, each a paragraph.
    n_left : int
        How many columns are flush left; the others are flush right.
    """
    heading, *body = [[_escaped_markdown(cell) for cell in row] for row in rows]
    rule = ["---" if column < n_left else "---:" for column in range(len(heading))]
    lines = ["| " + " | ".join(row) + " |" for row in (heading, rule, *body)]
    return "\n\n".join([f"**{_escaped_markdown(title)}**", "\n".join(lines), *notes]) + "\n"


def latex(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str], n_left: int) -> str:
    """Return a table in LaTeX, with the rules of booktabs; see :func:`markdown`."""
    heading, *body = [" & ".join(map(escaped_latex, row)) + r" \\" for row in rows]
    columns = "l" * n_left + "r" * (len(rows[0]) - n_left)
    return "\n".join(
        [
            r"% in the preamble: \usepackage{booktabs}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped_latex(title)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            heading,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\smallskip{{\footnotesize {escaped_latex(note)}\par}}" for note in notes),
            r"\end{table}",
            "",
        ]
    )


def escaped_latex(text: str) -> str:
    """Return a text as LaTeX prints it, on one line.

    Greek letters and some signs become mathematics; what has no way in plain LaTeX becomes a
    question mark.
    """
    return "".join(map(_letter, re.sub(r"\s+", " ", text)))


def _letter(one: str) -> str:
    if one in _SPECIAL:
        return _SPECIAL[one]
    if one in _LATIN:
        return _LATIN[one]
    if one.isascii():
        return one if one.isprintable() else "?"
    name = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(one, ""))
    if name is not None:
        word = name[2].lower().replace("lamda", "lambda")
        return f"$\\{word if name[1] == 'SMALL' else word.capitalize()}$"
    return one if unicodedata.name(one, "").startswith("LATIN") and ord(one) < 0x180 else "?"


def _escaped_markdown(text: str) -> str:
    """Return a text for a cell: what would end it or format it is escaped."""
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", re.sub(r"\s+", " ", text))

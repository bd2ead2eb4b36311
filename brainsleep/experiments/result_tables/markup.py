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

#: A line of LaTeX's article class in points; how wide a letter and the space beside a column are.
_LINE, _LETTER, _BESIDE = 345.0, 5.0, 12.0

#: What makes tables narrower: a size, how wide its letters are, and the space beside a column.
_NARROWER = ((r"\small", 0.9, 8.0), (r"\footnotesize", 0.8, 6.0))

#: The part of a line that a column of labels gets at least.
_LEAST = 0.2

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
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    size, of_labels = _narrowed(widths)
    heading, *body = [_latex_row(row, is_narrow=bool(size)) for row in rows]
    columns = "l" * n_left + "r" * (len(rows[0]) - n_left)
    if size:
        columns = rf"p{{{of_labels:.2f}\linewidth}}{columns[1:]}"
    return "\n".join(
        [
            r"% in the preamble: \usepackage{booktabs}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped_latex(title)}}}",
            r"\smallskip",
            *([size] if size else []),
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            heading,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *map(_latex_note, notes),
            r"\end{table}",
            "",
        ]
    )


def escaped_latex(text: str) -> str:
    """Return a text as LaTeX prints it, on one line.

    Greek letters and some signs become mathematics; what has no way in plain LaTeX becomes a
    question mark. Quotation marks that begin a word open, others close.
    """
    text = re.sub(r"\s+", " ", text)
    for mark, opening, closing in (("'", "\u2018", "\u2019"), ('"', "\u201c", "\u201d")):
        text = re.sub(rf"(?<![^\s(\[]){mark}", opening, text).replace(mark, closing)
    return "".join(map(_letter, text))


def _narrowed(widths: Sequence[int]) -> tuple[str, float]:
    """Return what makes a table fit a line, and the part of it for labels; nothing if it fits."""
    if sum(_LETTER * width + _BESIDE for width in widths) <= _LINE:
        return "", 0.0
    of_sizes = []
    for size, letters, beside in _NARROWER:
        others = sum(letters * _LETTER * width + beside for width in widths[1:])
        of_labels = (_LINE - others - beside) / _LINE
        of_sizes.append((rf"{size}\setlength{{\tabcolsep}}{{{beside / 2:g}pt}}", of_labels))
    fitting = [one for one in of_sizes if one[1] >= _LEAST]
    return fitting[0] if fitting else (of_sizes[-1][0], _LEAST)


def _latex_row(row: Sequence[str], *, is_narrow: bool) -> str:
    """Return a row; lines of a label that is broken hang."""
    first, *others = map(escaped_latex, row)
    if is_narrow and first:
        first = rf"\raggedright\hangindent=1em {first}"
    return " & ".join([first, *others]) + r" \\"


def _latex_note(note: str) -> str:
    return rf"\par\smallskip{{\footnotesize\raggedright {escaped_latex(note)}\par}}"


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

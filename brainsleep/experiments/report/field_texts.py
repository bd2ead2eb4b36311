"""What parameters are, in words: read from the docstrings of the classes that hold them."""

from __future__ import annotations

import inspect
import re
import unicodedata

#: Sections of a docstring that list parameters.
_LISTS = ("Parameters", "Attributes")


def field_texts(owner: type) -> dict[str, str]:
    """Return what the docstrings of a class and of its bases say of its fields, as plain text.

    Parameters
    ----------
    owner : type
        Its docstring is in NumPy's style.

    Returns
    -------
    dict of str to str
        By field, one paragraph each; empty if Python runs without docstrings.
    """
    texts: dict[str, str] = {}
    for one in reversed(owner.__mro__):
        for title in _LISTS:
            texts |= _entries(_section(one, title))
    return texts


def references_of(owner: type) -> list[str]:
    """Return the references that the docstring of a class gives, one per line."""
    text = _section(owner, "References")
    return [_plain(paragraph) for paragraph in text.split("\n\n") if paragraph.strip()]


def _section(owner: type, title: str) -> str:
    """Return the text of a section of a docstring; empty if it is not there."""
    doc = inspect.cleandoc(owner.__dict__.get("__doc__") or "")
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.M | re.S)
    return found[1].strip("\n") if found else ""


def _entries(section: str) -> dict[str, str]:
    """Return the entries of a list of parameters, by name."""
    texts = {}
    for block in re.split(r"^(?=\S)", section, flags=re.M):
        heading, _, text = block.partition("\n")
        for name in heading.partition(" : ")[0].split(","):
            if name.strip():
                texts[name.strip()] = _plain(text)
    return texts


def _plain(text: str) -> str:
    """Return a text without its markup, on one line; Greek letters of formulas as such."""
    text = re.sub(r":\w+:`([^`]*)`", lambda found: _formula(found[1]), text)
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()


def _formula(text: str) -> str:
    """Return a short formula in plain letters."""
    text = re.sub(r"\\mathrm\{([^}]*)\}", r"\1", text)
    return re.sub(r"\\([A-Za-z]+)", lambda found: _greek(found[1]), text).lstrip("~")


def _greek(name: str) -> str:
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    letter = "LAMDA" if name.lower() == "lambda" else name.upper()
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {letter}")
    except KeyError:
        return name

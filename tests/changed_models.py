"""Model files made small for tests: copies with other text in some places."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def changed_model(model: Path, changes: Mapping[str, str], file: Path) -> Path:
    """Write a copy of a model file in which some text is other text, and return where it is.

    Each text must be there: a shipped model that has changed would make a test run for minutes.
    """
    content = model.read_text()
    for old, new in changes.items():
        assert old in content, f"{model} has no {old!r}"
        content = content.replace(old, new)
    file.write_text(content)
    return file

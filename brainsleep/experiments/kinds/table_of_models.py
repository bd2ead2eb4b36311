"""The table of model files that come with the package: what each of them is."""

from __future__ import annotations

import tomllib

from ..model_files.shipped import shipped_models
from .experiment_kinds import kind_of_content


def table_of_models() -> str:
    """Return the shipped model files as a table: what they are, one line each."""
    rows = [("name", "neuron, rule", "data", "network", "takes")]
    for name, file in shipped_models().items():
        content = tomllib.loads(file.read_text())
        rows.append((name, *kind_of_content(content).in_short(content)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )

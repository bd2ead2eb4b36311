"""Executed copies of the notebooks.

Tests execute every notebook and leave copies here; the site takes those whose notebook has not
changed since, and executes the others. ``docs/_build/executed`` can be removed at any time.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXECUTED = ROOT / "docs" / "_build" / "executed"


def executed_copies(execute: bool) -> list[Path]:
    """Return an executed copy of each notebook; without `execute`, the notebook where none is."""
    return [copy_of(path) or (run(path) if execute else path) for path in NOTEBOOKS]


def copy_of(path: Path) -> Path | None:
    """Return the executed copy of a notebook as it is now, if there is one."""
    copy = EXECUTED / path.name
    if not copy.exists():
        return None
    kept = nbformat.read(copy, as_version=4).metadata.get("executed_from")
    return copy if kept == digest(path) else None


def digest(path: Path) -> str:
    """Return what tells a notebook from all others."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def keep(path: Path, notebook: nbformat.NotebookNode) -> Path:
    """Keep the executed copy of a notebook."""
    notebook.metadata["executed_from"] = digest(path)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    copy = EXECUTED / path.name
    nbformat.write(notebook, copy)
    return copy


def run(path: Path) -> Path:
    """Execute a notebook in a folder of its own, and keep the copy."""
    print(f"executing notebooks/{path.name}", flush=True)
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    return keep(path, notebook)

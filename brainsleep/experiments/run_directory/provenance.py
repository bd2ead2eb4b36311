"""Where results come from: versions, the commit of the model file, the machine."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ...support.files import JsonObject
from ...support.memory import available_memory

if TYPE_CHECKING:
    from ..kinds.experiment_kind import ExperimentKind


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of some packages, for ``metrics.json``."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def with_origin(measured: JsonObject, kind: ExperimentKind, *, model: str, seed: int) -> JsonObject:
    """Return results with what ``metrics.json`` says whatever the kind of experiment.

    Parameters
    ----------
    measured : dict
        What the run measured; it may name a ``"scenario"`` of its own.
    kind : ExperimentKind
        The kind; its name is the ``"scenario"`` otherwise.
    model : str
        Name of the experiment.
    seed : int
        Of the run.
    """
    return {
        "scenario": kind.name,
        "model": model,
        "seed": seed,
        **measured,
        "versions": versions(kind.packages),
    }


@functools.cache
def commit_of(folder: Path) -> str | None:
    """Return the commit that a folder is at, with ``-dirty`` if files differ; None without git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


@functools.cache
def machine() -> JsonObject:
    """Return what is noted of the machine."""
    return {
        "name": platform.node(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(available_memory() / 1e9, 1),
    }

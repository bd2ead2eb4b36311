"""Run directories: how they are opened, resumed and read back.

A run directory holds

- ``model.toml`` - the model file, as given; ``run.json`` - seed and everything overridden;
- ``progress.json`` - what is done so far; ``network.npz`` - the network as it last woke up;
- ``nights/K/`` - the night after task K, readable by `brainsleep.Night.load`;
- ``metrics.json`` - results, written when all is done;
- ``figures/`` - pictures.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from torch import nn

from ..errors import DirectoryError
from ..support.files import JsonObject, require_free, write_atomically
from .run_request import RunRequest


@dataclass
class LearnedTask:
    """One task learned and slept on.

    Attributes
    ----------
    before, after : list of float or None
        Accuracy on each task before and after the night; None for tasks not yet seen.
    timings : dict
        The night's.
    rates : dict of str to float
        Mean firing rate of each population in Hz.
    weight_change : dict of str to float
        Mean absolute change of each layer's weights.
    findings : list of dict
        What is seldom wanted of a night, as the fields of `brainsleep.night.Finding`.
    """

    before: list[float | None]
    after: list[float | None]
    timings: JsonObject
    rates: dict[str, float]
    weight_change: dict[str, float]
    findings: list[JsonObject] = field(default_factory=list)


@dataclass
class Progress:
    """What a run has done so far; kept in ``progress.json``."""

    baselines: dict[str, float] = field(default_factory=dict)
    tasks: list[LearnedTask] = field(default_factory=list)
    controls: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    directory : Path
        Where everything lies.
    metrics : dict
        The content of ``metrics.json``.
    """

    directory: Path
    metrics: JsonObject


def load_run(directory: str | Path) -> Run:
    """Read a finished run.

    Raises
    ------
    DirectoryError
        If there is none.
    """
    folder = Path(directory)
    try:
        return Run(folder, json.loads((folder / "metrics.json").read_text()))
    except FileNotFoundError:
        raise DirectoryError(f"{folder} holds no finished run: metrics.json is missing.") from None
    except (OSError, json.JSONDecodeError) as error:
        raise DirectoryError(f"{folder}: cannot read metrics.json: {error}.") from None


def open_run_directory(request: RunRequest, name: str) -> Path:
    """Make the run directory of an experiment of this name, or find the one to resume."""
    out, model_file = request.out, request.model_file
    if request.resume:
        directory = Path(out) if out is not None else Path("runs") / name
        _check_resumable(directory, model_file, request.settings)
        return directory
    directory = Path(out) if out is not None else free_directory(Path("runs") / name)
    require_free(directory, ", or resume it")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "model.toml").write_bytes(model_file.read_bytes())
        (directory / "run.json").write_text(json.dumps(request.settings, indent=2))
    except OSError as error:
        raise DirectoryError(f"cannot write to {directory}: {error.strerror}.") from None
    if not os.access(directory, os.W_OK):
        raise DirectoryError(f"cannot write to {directory}.")
    return directory


def _check_resumable(directory: Path, model_file: Path, settings: JsonObject) -> None:
    """Raise a DirectoryError unless the run in a directory is this very one."""
    try:
        same_model = (directory / "model.toml").read_bytes() == model_file.read_bytes()
        before = json.loads((directory / "run.json").read_text())
    except (OSError, json.JSONDecodeError):
        raise DirectoryError(f"{directory} holds no run to resume.") from None
    if not same_model:
        raise DirectoryError(f"{directory} holds a run of another model file than {model_file}.")
    for name, value in settings.items():
        if before.get(name) != value:
            raise DirectoryError(
                f"{directory} holds a run with {name} = {before.get(name)!r}, not {value!r}."
            )


def free_directory(wanted: Path) -> Path:
    """Return the directory, or with a number appended when it is taken."""
    number, candidate = 1, wanted
    while candidate.exists():
        number += 1
        candidate = wanted.with_name(f"{wanted.name}-{number}")
    return candidate


def load_progress(directory: Path) -> Progress:
    """Read what a run has done so far."""
    file = directory / "progress.json"
    if not file.exists():
        return Progress()
    content = json.loads(file.read_text())
    tasks = [LearnedTask(**task) for task in content.pop("tasks")]
    return replace(Progress(**content), tasks=tasks)


def save_state(file: Path, network: nn.Module) -> None:
    """Write a network's parameters, all at once."""
    state = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **state)
    partial.replace(file)


def load_state(file: Path) -> dict[str, np.ndarray]:
    """Read a network's parameters."""
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def save_progress(directory: Path, progress: Progress) -> None:
    """Note what a run has done so far."""
    write_atomically(directory / "progress.json", json.dumps(asdict(progress), indent=2))


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of some packages, for ``metrics.json``."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }

"""Run directories: how they are opened, resumed and read back.

A run directory holds

- ``model.toml`` - the model file, as given; ``run.json`` - seed and everything overridden, the
  network's table made complete, what was in the user's files that were executed, where the data
  lay, and where it began: machine and commit;
- ``progress.json`` - what is done so far; ``networks/K.json`` - the network as it woke up after
  task K, or after block K of learning;
- ``training/`` - while networks are trained: how far that has come;
- ``nights/K/`` - the night after task K, readable by `brainsleep.Night.load`;
- ``arrays/`` - weights, spikes and images of all of them, by digest: what did not change is there
  once;
- ``figures/`` - pictures;
- ``metrics.json`` - results, written when all is done; ``seconds.json`` - how long the parts of
  the last process that worked there took;
- ``.lock`` - while a process works there.

JSON files carry a digest of what they say, and name those of the model file and the networks.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...errors import DataError, DirectoryError, brief
from ...support.array_store import ARRAYS
from ...support.directory_lock import LOCK, directory_lock
from ...support.disk import disk_error, is_folder
from ...support.files import (
    JsonObject,
    is_partial,
    read_bytes,
    remove_partial_files,
    require_free,
    write_atomically,
)
from ...support.json_files import read_json, write_json
from ...wake import Dataset, Task
from ..model_files.run_request import RunRequest
from .provenance import commit_of

#: Name of the folder that tells how far training has come.
TRAINING = "training"

#: What to do where a directory holds another run.
_ELSEWHERE = "what is asked for now needs a directory of its own (another --out)"

#: What runs of earlier versions had, which do not say so.
_EARLIER: JsonObject = {"changes": {}, "code": {}}


@contextmanager
def open_run_directory(request: RunRequest, name: str, data_sha256: str = "") -> Iterator[Path]:
    """Work in the run directory of an experiment of this name: a new one, or the one to resume.

    A directory that a run has left which was killed while it began counts as a new one.

    Parameters
    ----------
    request : RunRequest
        What is asked for.
    name : str
        Names the directory unless `request` does.
    data_sha256 : str, optional
        Of all images and labels, as of :func:`digest_of`; the run may only go on with the same.

    Yields
    ------
    Path
        The directory, in which no other process works meanwhile.

    Raises
    ------
    DirectoryError
        If it cannot be written, holds something else, or another process works there.
    """
    directory = _place(request, name)
    with directory_lock(directory):
        if not (directory / "run.json").exists() and _is_at_its_beginning(directory, request):
            _begin(directory, request, data_sha256)
        elif request.resume:
            check_same_run(directory, request, data_sha256)
        else:
            require_free(directory, ", or resume it")
        for folder in ("", "networks", "figures", ARRAYS, TRAINING):
            remove_partial_files(directory / folder)
        for one in (directory / TRAINING).glob("*/"):
            remove_partial_files(one)
        yield directory


def _place(request: RunRequest, name: str) -> Path:
    """Return the directory of a run, and make it if the run is a new one."""
    wanted = Path("runs") / name if request.out is None else Path(request.out)
    if request.resume:
        if not is_folder(wanted):
            raise DirectoryError(f"{wanted} holds no run to resume; begin one without --resume.")
        return wanted
    try:
        if request.out is None:
            return _make_free_directory(wanted)
        wanted.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        require_free(wanted, ", or resume it")
    except OSError as error:
        raise disk_error(error, "cannot write to", wanted) from error
    if not _is_at_its_beginning(wanted, request):
        require_free(wanted, ", or resume it")
    return wanted


def _make_free_directory(wanted: Path) -> Path:
    """Make the directory, or one with a number appended when it is taken."""
    number, candidate = 1, wanted
    while True:
        try:
            candidate.mkdir(parents=True)
            return candidate
        except FileExistsError:
            number += 1
            candidate = wanted.with_name(f"{wanted.name}-{number}")


def _is_at_its_beginning(directory: Path, request: RunRequest) -> bool:
    """Tell whether a directory is empty but for what a run of this model file writes first."""
    try:
        for path in directory.iterdir():
            if path.name == "model.toml":
                if not read_bytes(request.model_file).startswith(read_bytes(path)):
                    return False
            elif path.name != LOCK and not is_partial(path):
                return False
    except OSError as error:
        raise disk_error(error, "cannot read", directory) from error
    return True


def _begin(directory: Path, request: RunRequest, data_sha256: str) -> None:
    """Write down what is asked for; ``run.json`` last, as it says that a run is there."""
    model = read_bytes(request.model_file)
    write_atomically(directory / "model.toml", model)
    digests = {"model_sha256": _digest(model), "data_sha256": data_sha256}
    where = {"machine": platform.node(), "commit": commit_of(request.model_file.parent)}
    write_json(directory / "run.json", {**request.noted, **_settings(request), **digests, **where})


def _settings(request: RunRequest) -> JsonObject:
    """Return what decides the results beside the model file and the data."""
    return {**request.settings, "brainsleep": version("brainsleep")}


def check_same_run(directory: Path, request: RunRequest, data_sha256: str | None = None) -> None:
    """Compare the run in a directory with what is asked for.

    Runs of earlier versions do not say everything.

    Parameters
    ----------
    directory : Path
        A run directory.
    request : RunRequest
        What is asked for.
    data_sha256 : str, optional
        As of :func:`digest_of`; the data are not compared without it.

    Raises
    ------
    DirectoryError
        Unless it is this very run.
    """
    file, model_file = directory / "run.json", request.model_file
    if not file.exists():
        raise DirectoryError(f"{directory} holds no run to resume: run.json is missing.")
    advice = "its nights and metrics.json can still be read"
    before = read_json(file, advice)
    try:
        kept = _digest(read_bytes(directory / "model.toml"))
    except (OSError, DataError):
        kept = None
    wanted, given = before.get("model_sha256", kept), _digest(read_bytes(model_file))
    if wanted is not None and given != wanted:
        raise DirectoryError(
            f"{directory} holds a run of another model file than {model_file}; {_ELSEWHERE}."
        )
    if given != kept:
        raise DirectoryError(
            f"{directory / 'model.toml'} is missing or damaged; copy {model_file} over it."
        )
    asked = _settings(request)
    if data_sha256 is not None:
        asked["data_sha256"] = data_sha256
    for name, value in asked.items():
        had = before.get(name, _EARLIER.get(name, value))
        if name == "dataset" and data_sha256 is not None and _are_paths(had, value):
            continue  # files may have been moved: their content counts
        if name == "code" and had != value:
            raise DirectoryError(
                f"{directory} holds a run of {_other_code(had or {}, value)}; {_ELSEWHERE}."
            )
        if had != value:
            raise DirectoryError(
                f"{directory} holds a run with {name} = {brief(had)}, not {brief(value)}; "
                f"{_ELSEWHERE}."
            )


def _are_paths(*names: object) -> bool:
    """Tell whether all of some names of data sets are paths."""
    return all(isinstance(name, str) and os.sep in name for name in names)


def _other_code(had: Mapping[str, str], given: Mapping[str, str]) -> str:
    """Say which of the user's files is not what it was."""
    name = next(one for one in [*had, *given] if had.get(one) != given.get(one))
    before, now = (digests.get(name, "none")[:12] for digests in (had, given))
    return f"another {name}: its SHA-256 was {before}, and is {now}"


def images_of_tasks(tasks: Sequence[Task]) -> list[Dataset]:
    """Return all images of some tasks, those to learn and those to measure on, in order."""
    return [images for task in tasks for images in (task.train, task.test)]


def digest_of(data: Sequence[Dataset]) -> str:
    """Return the SHA-256 of images and labels, in hexadecimal."""
    digest = hashlib.sha256()
    for one in data:
        for values in (one.images, one.labels):
            digest.update(f"{values.dtype.str} {values.shape}".encode())
            digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _digest(content: bytes) -> str:
    """Return the SHA-256 of the content of a file."""
    return hashlib.sha256(content).hexdigest()

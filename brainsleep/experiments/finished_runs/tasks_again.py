"""The tasks of a finished run, made again of the data that it learned, wherever one is."""

from __future__ import annotations

from pathlib import Path

from ...errors import DirectoryError
from ...support.files import JsonMapping
from ...support.user_code import is_function_name
from ...wake import DATASETS, Split, Task
from ...wake.datasets.loading import code_of
from ..model_files.modelfile import ModelFile
from ..run_directory.opening import digest_of, images_of_tasks
from .run_results import Run


def tasks_again(run: Run, *, execute: bool = False) -> tuple[Task, ...]:
    """Make the tasks of a run again, and compare them with the digest of what it learned.

    Data are read where ``run.json`` says they were, or else from the run directory, into which
    they can be copied.

    Parameters
    ----------
    run : Run
        Of tasks.
    execute : bool
        Whether data may come from functions of the user's, which are executed.

    Raises
    ------
    DirectoryError
        If data are no longer there, no longer the same, or come from code that is not to be
        executed.
    """
    model, settings = run.model, run.settings
    if not isinstance(model, ModelFile):
        raise DirectoryError(f"{run.directory} is no run of tasks.")
    seed = run.metrics["seed"]

    def load(name: str) -> Split:
        place, data_dir = _place(run.directory, settings, name)
        if not execute and (is_function_name(place) or code_of(place, run.directory)):
            raise DirectoryError("data are made by code of the user's own.")
        section = model.data.model_copy(update={"dataset": place})
        return section.load(run.directory, data_dir, seed=seed)

    tasks = model.tasks.tasks(load(model.data.dataset), seed, load)
    digest = digest_of(images_of_tasks(tasks))
    if digest != settings.get("data_sha256", digest):
        raise DirectoryError("the images are no longer those that the run learned.")
    return tasks


def _place(directory: Path, settings: JsonMapping, name: str) -> tuple[str, str | None]:
    """Return where data of a run lie now, and the folder of those that are known by name."""
    kept = settings.get("data_paths", {})
    if name in DATASETS:
        return name, kept.get(name, settings.get("data_dir"))
    place = kept.get(name, name)
    if place is None:
        raise DirectoryError("the run was given its data as objects in Python, and keeps none.")
    if is_function_name(place) or code_of(place, directory):
        return place, None
    for path in (directory / place, directory / name, directory / Path(place).name):
        if path.exists():
            return str(path.absolute()), None
    if name in kept or Path(place).is_absolute():
        raise DirectoryError(
            f"data set: there is no file or folder {place} any more; put it back, or copy it into "
            f"{directory}."
        )
    raise DirectoryError(
        f"data set: this run, of an earlier version, does not keep where {place} lies; copy it "
        f"into {directory}."
    )

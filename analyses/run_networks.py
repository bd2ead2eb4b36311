"""The networks and the images of a run, for the scripts of this folder."""

from pathlib import Path
from typing import Any

from torch import nn

import brainsleep as bs
from brainsleep.errors import DataError
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.finished_runs.tasks_again import tasks_again
from brainsleep.experiments.model_files.modelfile import ModelFile
from brainsleep.experiments.model_files.network_sections import build_again
from brainsleep.night import Night
from brainsleep.night.result import with_hidden
from brainsleep.support.json_files import read_json
from brainsleep.translation import write_back
from brainsleep.wake import Dataset, Task, concatenate


def run_of_tasks(directory: Path) -> Run:
    """Read a run whose tasks are learned and slept on one after the other."""
    run = bs.load_run(directory)
    if not isinstance(run.model, ModelFile) or not len(run.nights):
        raise DataError(f"{directory} is no run of tasks with nights; give one that has them.")
    return run


def night_of(run: Run, number: int | None) -> tuple[int, Night]:
    """Return a night and its number, from 0; the last one unless a number is given."""
    index = len(run.nights) - 1 if number is None else number
    if not 0 <= index < len(run.nights):
        raise DataError(f"{run.directory} has {len(run.nights)} nights, numbered from 0.")
    return index, run.nights[index]


def images_of(run: Run) -> Dataset:
    """Return the images that a run was evaluated on, task by task."""
    return concatenate([task.test for task in tasks_of(run)])


def tasks_of(run: Run) -> tuple[Task, ...]:
    """Make the tasks of a run again."""
    return tasks_again(run, execute=True)


def network_before(night: Night) -> nn.Module:
    """Return the network as it fell asleep."""
    return write_back(night.ann, with_hidden(night.weights_before, night.under_masks))


def untrained_network(run: Run) -> nn.Module:
    """Return the network of a run before any training."""
    settings = _settings(run)
    code = settings.get("sources", {}), settings.get("code", {})
    return build_again(settings["network"], run.metrics["seed"], *code)


def learned_classes(run: Run, night: int) -> dict[str, list[int]]:
    """Return the classes learned right before a night, before that, and those not learned yet.

    A class of several tasks, as in domains or noise, counts once: where it comes first here.
    """
    tasks = [list(one["classes"]) for one in run.metrics["tasks"]]
    done, before = run.nights_after[night], run.nights_after[night - 1] if night else 0
    parts = (tasks[before:done], tasks[:before], tasks[done:])
    names = ("learned last", "learned before", "not learned yet")
    groups: dict[str, list[int]] = {}
    for name, part in zip(names, parts, strict=True):
        known = {label for group in groups.values() for label in group}
        new = dict.fromkeys(label for task in part for label in task if label not in known)
        groups[name] = list(new)
    return {name: classes for name, classes in groups.items() if classes}


def _settings(run: Run) -> dict[str, Any]:
    """Return what was asked for."""
    return read_json(run.directory / "run.json")

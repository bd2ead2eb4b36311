"""What ``metrics.json`` says of the tasks of a run, and what accuracy means there."""

from __future__ import annotations

from collections.abc import Sequence

from ...support.files import JsonObject
from ...wake import Task
from ...wake.tasks import share_labels

#: What accuracy means, printed with every table of them: where all classes compete, ...
ALL_CLASSES = (
    "accuracy in %, after the last task: unweighted mean over all classes; "
    "every class competes (argmax over all outputs)"
)
#: ... where tasks share labels, ...
SHARED_LABELS = (
    "accuracy in %, after the last task: unweighted mean over all tasks, which share their labels; "
    "argmax over all outputs"
)
#: ... and where the network is told the task.
TOLD_THE_TASK = (
    "accuracy in %, after the last task: unweighted mean over all tasks; "
    "the outputs of an image's own task compete"
)


def records_of(tasks: Sequence[Task]) -> list[JsonObject]:
    """Return name, labels, candidates and numbers of images of each task."""
    return [
        {
            "name": task.name,
            "classes": list(task.classes),
            "candidates": None if task.candidates is None else list(task.candidates),
            "n_train": len(task.train),
            "n_test": len(task.test),
        }
        for task in tasks
    ]


def accuracy_definition(tasks: Sequence[Task]) -> str:
    """Return what accuracy over all tasks means; see `brainsleep.wake.final_accuracy_of`."""
    if any(task.candidates is not None for task in tasks):
        return TOLD_THE_TASK
    return SHARED_LABELS if share_labels(tasks) else ALL_CLASSES

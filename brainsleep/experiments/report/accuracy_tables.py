"""Accuracy on each task before and after each night, as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...support.files import JsonMapping
from ...wake.evaluation import chances

#: Accuracies by stage and task; None for tasks not yet seen.
Matrix = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class AccuracyTable:
    """A matrix with its margins.

    Attributes
    ----------
    title : str
        Before or after sleep.
    rows : sequence of sequence of float or None
        Accuracy on each task (column) after each task was learned (row); None if not yet seen.
    means : list of float
        Of each row, over the tasks seen.
    """

    title: str
    rows: Matrix
    means: list[float]


def accuracy_tables(metrics: JsonMapping) -> list[AccuracyTable]:
    """Return the tables of a run before and after sleep; none if it has no tasks."""
    scores = metrics["accuracy"]
    titles = {"before_sleep": "before sleep", "after_sleep": "after sleep"}
    return [
        AccuracyTable(title, scores[name], [mean_of(row) for row in scores[name]])
        for name, title in titles.items()
        if name in scores
    ]


def mean_of(row: Sequence[float | None]) -> float:
    """Return the mean over the tasks seen."""
    seen = [value for value in row if value is not None]
    return sum(seen) / len(seen)


def task_names(metrics: JsonMapping) -> list[str]:
    """Return what the columns are called: the tasks' own names, or their numbers."""
    noted = metrics.get("tasks")
    if noted:
        return [str(task["name"]) for task in noted]
    rows = metrics["accuracy"].get("after_sleep", [])
    return [f"task {number}" for number in range(1, len(rows) + 1)]


def chance_level(metrics: JsonMapping) -> float | None:
    """Return the accuracy at the end of guessing, mean over tasks; None if it is not known."""
    tasks = metrics.get("tasks")
    if not tasks:
        return None
    levels = chances(*([task[key] for task in tasks] for key in ("classes", "candidates")))
    return sum(levels) / len(levels)

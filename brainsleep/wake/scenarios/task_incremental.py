"""Task-incremental learning: the network is told the task, whose classes alone compete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...support.calls import public
from ..datasets import Split
from ..tasks import Task
from .class_groups import ClassName, ClassOrder
from .class_incremental import class_incremental


@public
def task_incremental(
    split: Split,
    classes: Iterable[Iterable[ClassName]] | None = None,
    *,
    n_tasks: int | None = None,
    class_order: ClassOrder | None = None,
    seed: int = 0,
) -> tuple[Task, ...]:
    """Cut a data set into tasks by class; only a task's own classes compete.

    The tasks of :func:`class_incremental`, but the network is told which one an image belongs to,
    in training and in testing: outputs of other tasks ("heads") are masked. The hidden layers are
    shared, so a network can still forget, but much less.

    Parameters
    ----------
    split, classes, n_tasks, class_order, seed
        As for :func:`class_incremental`.

    Returns
    -------
    tuple of Task
        Their `candidates` are their classes.

    Raises
    ------
    DataError, ParameterError
        As :func:`class_incremental`.

    References
    ----------
    van de Ven, Tuytelaars, Tolias 2022, Nature Machine Intelligence 4:1185 (task-incremental
    learning); Hsu et al. 2018, arXiv 1810.12488 (incremental task learning).
    """
    tasks = class_incremental(split, classes, n_tasks=n_tasks, class_order=class_order, seed=seed)
    return tuple(replace(task, candidates=task.classes) for task in tasks)

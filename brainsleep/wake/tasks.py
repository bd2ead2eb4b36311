"""Scenarios: which classes are learned when.

Class-incremental learning (the scenario of Tadros et al. 2022): one network with one
output a class learns the classes task by task, and is always asked to choose among *all*
classes, never told which task an image belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import DataError, ParameterError
from .checks import class_numbers
from .datasets import Dataset, Split


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned between two nights.

    Parameters
    ----------
    index : int
        Its place in the sequence, from 0.
    classes : tuple of int
        The classes it brings.
    train, test : Dataset
        The images of these classes only.
    """

    index: int
    classes: tuple[int, ...]
    train: Dataset
    test: Dataset


def class_incremental(
    split: Split,
    classes: Iterable[Iterable[int]] = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9)),
) -> tuple[Task, ...]:
    """Cut a data set into tasks by class.

    Parameters
    ----------
    split : Split
        Where the images come from.
    classes : iterable of iterables of int, optional
        The classes of each task, in the order of learning. Default: five tasks of two
        digits each (Tadros et al. 2022).

    Returns
    -------
    tuple of Task
        Classes that no task names are left out.

    Raises
    ------
    DataError
        If there is no task, or a task has no classes, or a class has no images.
    ParameterError
        If classes are not lists of whole numbers, or one is named twice.
    """
    tasks: list[Task] = []
    owner: dict[int, int] = {}
    if not isinstance(classes, Iterable):
        raise ParameterError(f"classes={classes!r}: expected one list of classes a task")
    for index, chosen in enumerate(classes):
        members = class_numbers(chosen, f"classes of task {index}")
        if not members:
            raise DataError(f"task {index} is empty: it has no classes")
        for label in members:
            if label in owner:
                raise ParameterError(
                    f"class {label} is named twice, in task {owner[label]} and in task {index}: "
                    "a class belongs to one task, once"
                )
            owner[label] = index
            for part, dataset in (("training", split.train), ("test", split.test)):
                if label not in dataset.classes:
                    raise DataError(
                        f"task {index} is empty: {dataset.name} has no {part} images "
                        f"of class {label}"
                    )
        tasks.append(
            Task(index, members, split.train.of_classes(members), split.test.of_classes(members))
        )
    if not tasks:
        raise DataError("there are no tasks: classes is empty")
    return tuple(tasks)

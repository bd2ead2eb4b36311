"""Tasks, and the scenarios that make them of a data set: what is learned when.

Class-incremental learning (the scenario of Tadros et al. 2022): one network with one output per
class learns the classes task by task. It always has to choose among *all* classes, and is never
told which task an image belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import DataError, ParameterError
from ..support.calls import public
from ..support.names import items
from .datasets import Dataset, Split
from .seeds_and_classes import class_numbers


@public
@dataclass(frozen=True, eq=False)
class Task:
    """What is learned between two nights.

    Parameters
    ----------
    index : int
        Its place in the sequence, from 0.
    classes : tuple of int
        The classes that are new in it.
    train, test : Dataset
        The images of these classes only.
    """

    index: int
    classes: tuple[int, ...]
    train: Dataset
    test: Dataset


@public
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
    listed = items(classes, "classes", "a list of classes for each task, as in [[0, 1], [2, 3]]")
    groups = [class_numbers(group, f"classes of task {k}") for k, group in enumerate(listed)]
    if not groups:
        raise DataError("there are no tasks: classes is empty.")
    _check_groups(groups, split)
    return tuple(
        Task(index, group, split.train.of_classes(group), split.test.of_classes(group))
        for index, group in enumerate(groups)
    )


#: A scenario takes a data set and the classes of each task, and returns the tasks in order.
Scenario: TypeAlias = Callable[[Split, Iterable[Iterable[int]]], tuple[Task, ...]]

#: Scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "class-incremental": class_incremental,
}


def _check_groups(groups: Sequence[tuple[int, ...]], split: Split) -> None:
    """Refuse tasks without classes, classes without images, and classes that are named twice."""
    owner: dict[int, int] = {}
    for index, group in enumerate(groups):
        if not group:
            raise DataError(f"task {index} is empty: it has no classes.")
        for label in group:
            if label in owner:
                raise ParameterError(
                    f"class {label} is named twice, in task {owner[label]} and in task {index}: "
                    "a class belongs to one task, once."
                )
            owner[label] = index
            for part, dataset in (("training", split.train), ("test", split.test)):
                if label not in dataset.classes:
                    raise DataError(
                        f"task {index} is empty: {dataset.name} has no {part} images "
                        f"of class {label}."
                    )

"""Domain-incremental learning: every task asks the same question about other images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import ParameterError
from ...support.calls import public
from ..datasets import Dataset, Split
from ..datasets.dataset import in_words
from ..tasks import Task
from .class_groups import ClassName, ClassOrder, class_groups


@public
def domain_incremental(
    split: Split,
    classes: Iterable[Iterable[ClassName]] | None = None,
    *,
    n_tasks: int | None = None,
    class_order: ClassOrder | None = None,
    seed: int = 0,
) -> tuple[Task, ...]:
    """Cut a data set into tasks by class; the label is the class's place in its group.

    With digits in pairs, every task asks whether an image is of the first or of the second digit
    of its pair, in ascending order "even or odd?". All tasks share these outputs, so that the
    network needs not know the task, and is not told.

    Parameters
    ----------
    split, classes, n_tasks, class_order, seed
        As for :func:`class_incremental`, but all groups have the same size.

    Returns
    -------
    tuple of Task
        Labels are 0 to the size of a group less one.

    Raises
    ------
    DataError
        As :func:`class_incremental`.
    ParameterError
        If groups differ in size, and as :func:`class_incremental`.

    References
    ----------
    van de Ven, Tuytelaars, Tolias 2022, Nature Machine Intelligence 4:1185 (domain-incremental
    learning; "split MNIST"); Hsu et al. 2018, arXiv 1810.12488 (incremental domain learning).
    """
    groups = class_groups(split, classes, n_tasks, class_order, seed)
    _require_equal_sizes(groups)
    return tuple(
        Task(
            index,
            tuple(range(len(group))),
            _by_place(split.train, group),
            _by_place(split.test, group),
            name=in_words(group),
        )
        for index, group in enumerate(groups)
    )


def _by_place(dataset: Dataset, group: Sequence[int]) -> Dataset:
    """Return the images of a group of classes, labelled by the place of their class in it."""
    own = dataset.of_classes(group)
    ascending = np.argsort(group)
    places = ascending[np.searchsorted(group, own.labels, sorter=ascending)]
    return Dataset(own.name, own.images, places, own.image_shape)


def _require_equal_sizes(groups: Sequence[tuple[int, ...]]) -> None:
    """Refuse groups of different sizes: a label would mean nothing in some tasks."""
    for index, group in enumerate(groups):
        if len(group) != len(groups[0]):
            raise ParameterError(
                f"task 0 has {len(groups[0])} classes, task {index} {len(group)}: "
                "in domain-incremental learning all tasks have equally many; state classes."
            )

"""Class-incremental learning: all classes compete, and the network is not told the task."""

from __future__ import annotations

from collections.abc import Iterable

from ...support.calls import public
from ..datasets import Split
from ..datasets.dataset import in_words
from ..tasks import Task
from .class_groups import ClassName, ClassOrder, class_groups


@public
def class_incremental(
    split: Split,
    classes: Iterable[Iterable[ClassName]] | None = None,
    *,
    n_tasks: int | None = None,
    class_order: ClassOrder | None = None,
    seed: int = 0,
) -> tuple[Task, ...]:
    """Cut a data set into tasks by class; every class competes at test time.

    One network with one output per class learns the classes task by task. It always has to
    choose among *all* classes, and is never told which task an image belongs to.

    Parameters
    ----------
    split : Split
        Where the images come from.
    classes : iterable of iterables of int or str, optional
        The classes of each task, in the order of learning, by number, or by name where the split
        has `class_names`; groups may differ in size. Default: all classes, in groups of two (five
        tasks of two digits, as in Tadros et al. 2022), the first with three where their number is
        odd.
    n_tasks : int, optional
        In place of `classes`: how many tasks to make of all classes. Sizes differ by one at most.
    class_order : "seed" or iterable of int or str, optional
        The order of classes: drawn by `seed`, or stated. Default: ascending. With `classes`,
        ``"seed"`` exchanges the classes of all groups.
    seed : int, optional
        Of the order.

    Returns
    -------
    tuple of Task
        Classes that no task names are left out.

    Raises
    ------
    DataError
        If there is no task, or a task has no classes, or a class has no images.
    ParameterError
        If classes are not lists of whole numbers, one is named twice, or options contradict each
        other.

    References
    ----------
    van de Ven, Tuytelaars, Tolias 2022, Nature Machine Intelligence 4:1185 (class-incremental
    learning); Hsu et al. 2018, arXiv 1810.12488 (incremental class learning).
    """
    return tuple(
        Task(
            index,
            group,
            split.train.of_classes(group),
            split.test.of_classes(group),
            name=in_words(group),
        )
        for index, group in enumerate(class_groups(split, classes, n_tasks, class_order, seed))
    )

"""Which classes make up which task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Literal, TypeAlias

import numpy as np

from ...errors import DataError, ParameterError, brief, suggest
from ...support.checks import whole_number
from ...support.names import items
from ..datasets import Split
from ..seeds_and_classes import checked_seed, class_numbers
from ..training import training_seed

#: A class: its number, or its name where the data set has names.
ClassName: TypeAlias = int | str
#: In which order classes are learned: drawn by the seed, or stated.
ClassOrder: TypeAlias = Literal["seed"] | Iterable[ClassName]


def class_groups(
    split: Split,
    classes: Iterable[Iterable[ClassName]] | None,
    n_tasks: int | None,
    class_order: ClassOrder | None,
    seed: int,
) -> list[tuple[int, ...]]:
    """Return the classes of each task.

    Parameters
    ----------
    split : Split
        Where the images come from.
    classes : iterable of iterables of int or str, or None
        The groups, if they are stated: numbers, or names where the split has `class_names`.
    n_tasks : int or None
        How many groups to make of all classes; their sizes differ by one at most, and the larger
        ones come first. None: pairs, one group with three where their number is odd.
    class_order : "seed", iterable of int or str, or None
        Which classes come first; None: ascending. ``"seed"`` with stated groups exchanges the
        classes of all groups, whose sizes stay.
    seed : int
        Of the order.

    Raises
    ------
    DataError
        If there is no task, or a task has no classes, or a class has no images.
    ParameterError
        If values are of the wrong kind, contradict each other, or name a class twice.
    """
    order, seed = read_class_order(class_order), checked_seed(seed)
    if isinstance(order, tuple):
        order = _numbers(order, "class_order", split)
    if classes is None:
        groups = _cut(_labels(split, order, seed), n_tasks)
    else:
        _refuse_both(n_tasks is not None, "n_tasks", "how many tasks there are")
        _refuse_both(isinstance(order, tuple), "class_order", "in which order classes come")
        groups = _stated_groups(classes, split)
        if order == "seed":
            drawn = iter(_shuffled(list(chain(*groups)), seed))
            groups = [tuple(islice(drawn, len(group))) for group in groups]
    if not groups:
        raise DataError("there are no tasks: classes is empty.")
    _check_groups(groups, split)
    return groups


def read_class_order(value: object) -> Literal["seed"] | tuple[ClassName, ...] | None:
    """Read the order of classes; raises a ParameterError if it is neither "seed" nor a list.

    Names are kept as they are: which there are is known with the data.
    """
    if value is None:
        return None
    if isinstance(value, list | tuple) and any(isinstance(one, str) for one in value):
        return tuple(value)
    if not isinstance(value, str):
        return class_numbers(value, "class_order")
    if value == "seed":
        return "seed"
    raise ParameterError(
        f"class_order must be 'seed' or a list of class numbers or names, not {brief(value)}."
    )


def _labels(
    split: Split, order: Literal["seed"] | tuple[int, ...] | None, seed: int
) -> Sequence[int]:
    """Return the classes in the order in which they are learned."""
    if isinstance(order, tuple):
        return order
    labels = split.train.classes
    return _shuffled(labels, seed) if order == "seed" else labels


def _shuffled(labels: Sequence[int], seed: int) -> list[int]:
    """Return labels in an order that the seed decides."""
    rng = np.random.default_rng(training_seed(seed, 0, "class order"))
    return [labels[place] for place in rng.permutation(len(labels))]


def _cut(labels: Sequence[int], n_tasks: int | None) -> list[tuple[int, ...]]:
    """Cut the classes into groups, in their order."""
    if n_tasks is None:
        n_tasks = max(1, len(labels) // 2)
    n_tasks = whole_number(n_tasks, "n_tasks", minimum=1)
    if n_tasks > len(labels):
        raise ParameterError(
            f"n_tasks is {n_tasks}, but there are {len(labels)} classes: a task has at least one."
        )
    return [tuple(group.tolist()) for group in np.array_split(np.asarray(labels, int), n_tasks)]


def _stated_groups(classes: Iterable[Iterable[ClassName]], split: Split) -> list[tuple[int, ...]]:
    """Read groups of classes."""
    listed = items(classes, "classes", "a list of classes for each task, as in [[0, 1], [2, 3]]")
    return [_numbers(group, f"classes of task {k}", split) for k, group in enumerate(listed)]


def _numbers(group: object, field: str, split: Split) -> tuple[int, ...]:
    """Read a list of classes, each by its number or its name."""
    if isinstance(group, list | tuple):
        group = [_number(one, field, split) if isinstance(one, str) else one for one in group]
    return class_numbers(group, field)


def _number(name: str, field: str, split: Split) -> int:
    """Return the number of a class that has a name."""
    if not split.class_names:
        raise ParameterError(
            f"{field}: {brief(name)} is a name, but the classes of {split.train.name} have none; "
            "give their numbers."
        )
    if name not in split.class_names:
        near = suggest(name, split.class_names)
        raise ParameterError(f"{field}: no class is called {brief(name)}.{near}")
    return split.class_names.index(name)


def _refuse_both(is_given: bool, field: str, what: str) -> None:
    """Refuse what says the same as `classes`."""
    if is_given:
        raise ParameterError(f"classes and {field} both say {what}; leave one of them out.")


def _check_groups(groups: Sequence[tuple[int, ...]], split: Split) -> None:
    """Refuse tasks without classes, classes without images, and classes that are named twice."""
    owner: dict[int, int] = {}
    parts = {"training": split.train.classes, "test": split.test.classes}
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
            for part, there in parts.items():
                if label not in there:
                    raise DataError(
                        f"task {index} is empty: {split.train.name} has no {part} images "
                        f"of class {label}."
                    )

"""Limited data: fewer training images, and other numbers of them in each task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ...errors import ParameterError
from ...support.calls import public
from ...support.checks import number, whole_number
from ...support.names import items, objects
from ..datasets import Dataset
from ..seeds_and_classes import checked_seed
from ..tasks import Task
from ..training import training_seed

#: A number of images, or a share of them.
Amount = TypeVar("Amount", int, float)


@public
def limit_training(
    tasks: Sequence[Task],
    *,
    train_per_class: int | Sequence[int] | None = None,
    train_share: float | Sequence[float] | None = None,
    seed: int = 0,
) -> tuple[Task, ...]:
    """Leave tasks with some of their training images; test images stay.

    Images are drawn class by class. For one seed, fewer images are always among more of them.

    Parameters
    ----------
    tasks : sequence of Task
        Of any scenario; left as they are.
    train_per_class : int or sequence of int, optional
        How many images of each class: in every task, or in each of them.
    train_share : float or sequence of float, optional
        In its place: which part of the images of each class, above 0 and at most 1, rounded, and
        at least one image.
    seed : int, optional
        Of what is drawn.

    Returns
    -------
    tuple of Task

    Raises
    ------
    ParameterError
        If both are given, numbers make no sense or are not one per task, or a class has fewer
        images.

    References
    ----------
    Bazhenov et al. 2024, arXiv 2410.16154 (sleep after limited and imbalanced data).
    """
    tasks = objects(tasks, "tasks", Task, "a list of tasks, as a scenario returns")
    seed = checked_seed(seed)
    counts, shares = read_per_class(train_per_class), read_share(train_share)
    if counts is not None and shares is not None:
        raise ParameterError("train_per_class and train_share both limit images; give one.")
    if counts is not None:
        limits = _per_task(counts, "train_per_class", len(tasks))
    elif shares is not None:
        limits = _per_task(shares, "train_share", len(tasks))
    else:
        return tuple(tasks)
    return tuple(
        replace(task, train=_drawn(task.train, limit, training_seed(seed, task.index, "limited")))
        for task, limit in zip(tasks, limits, strict=True)
    )


def read_per_class(value: object) -> int | list[int] | None:
    """Read numbers of images; raises a ParameterError if one is not a whole number above 0."""
    return _one_or_several(
        value, "train_per_class", lambda one, field: whole_number(one, field, minimum=1)
    )


def read_share(value: object) -> float | list[float] | None:
    """Read parts of all images; raises a ParameterError if one is not in (0, 1]."""
    return _one_or_several(
        value,
        "train_share",
        lambda one, field: number(one, field, minimum=0, maximum=1, exclusive_minimum=True),
    )


def _one_or_several(
    value: object, field: str, read: Callable[[object, str], Amount]
) -> Amount | list[Amount] | None:
    """Read one number or a list of them."""
    if value is None:
        return None
    if isinstance(value, (list, tuple, np.ndarray)):
        return [read(one, f"{field}: each") for one in items(value, field, "numbers")]
    return read(value, field)


def _per_task(value: Amount | list[Amount], field: str, n_tasks: int) -> Sequence[int | float]:
    """Return one number for each task."""
    if not isinstance(value, list):
        return [value] * n_tasks
    if len(value) != n_tasks:
        raise ParameterError(f"{field} has {len(value)} numbers, but there are {n_tasks} tasks.")
    return value


def _drawn(dataset: Dataset, limit: int | float, seed: int) -> Dataset:
    """Return some images of each class, in their present order: a number, or a share."""
    rng = np.random.default_rng(seed)
    kept = []
    for label in dataset.classes:
        of_class = np.flatnonzero(dataset.labels == label)
        n_kept = limit if isinstance(limit, int) else max(1, round(limit * len(of_class)))
        if n_kept > len(of_class):
            raise ParameterError(
                f"train_per_class={limit}: class {label} of {dataset.name} has only "
                f"{len(of_class)} training images."
            )
        kept.append(rng.permutation(of_class)[:n_kept])
    return dataset.subset(np.sort(np.concatenate(kept)))

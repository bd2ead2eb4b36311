"""Limited data: fewer training images, and other numbers of them in each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...support.calls import public
from ...support.names import objects
from ..datasets import Dataset
from ..datasets.selection import n_kept, read_limits
from ..seeds_and_classes import checked_seed
from ..tasks import Task
from ..training import training_seed


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
    limits = read_limits(train_per_class, train_share, len(tasks), "tasks")
    if limits is None:
        return tuple(tasks)
    return tuple(
        replace(task, train=_drawn(task.train, limit, training_seed(seed, task.index, "limited")))
        for task, limit in zip(tasks, limits, strict=True)
    )


def _drawn(dataset: Dataset, limit: int | float, seed: int) -> Dataset:
    """Return some images of each class, in their present order: a number, or a share."""
    rng = np.random.default_rng(seed)
    kept = []
    for label in dataset.classes:
        of_class = np.flatnonzero(dataset.labels == label)
        number = n_kept(limit, len(of_class), label, dataset.name)
        kept.append(rng.permutation(of_class)[:number])
    return dataset.subset(np.sort(np.concatenate(kept)))

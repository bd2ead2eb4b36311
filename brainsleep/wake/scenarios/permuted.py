"""Permuted pixels: the same classes, seen through another scrambling in each task."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...support.calls import public
from ...support.checks import whole_number
from ..datasets import Dataset, Split
from ..seeds_and_classes import checked_seed
from ..tasks import Task
from ..training import training_seed
from .whole_sets import whole_set_task, with_images


@public
def permuted(split: Split, n_tasks: int = 5, *, seed: int = 0) -> tuple[Task, ...]:
    """Make tasks of one data set by permuting its pixels.

    The first task shows the images as they are. Each further task has a permutation of its own:
    all of its images, of training and test alike, have their pixels in that order. Labels and
    outputs are the same in all tasks, and the network is not told which one it is in: a
    domain-incremental scenario. Of colour images all values change places, across channels.

    Parameters
    ----------
    split : Split
        Any data; all of its images are in each task.
    n_tasks : int, optional
        How many tasks.
    seed : int, optional
        Of the permutations; that of a task does not depend on how many tasks there are.

    Returns
    -------
    tuple of Task

    Raises
    ------
    DataError
        If there are no images, or classes without training or test images.
    ParameterError
        If `n_tasks` is not a whole number, 1 or more.

    References
    ----------
    Goodfellow et al. 2013, arXiv 1312.6211; Kirkpatrick et al. 2017, PNAS 114:3521 (permuted
    MNIST); van de Ven, Tuytelaars, Tolias 2022, Nature Machine Intelligence 4:1185.
    """
    n_tasks, seed = whole_number(n_tasks, "n_tasks", minimum=1), checked_seed(seed)
    tasks = [whole_set_task(0, "pixels in place", split.train, split.test)]
    for index in range(1, n_tasks):
        order = pixel_order(split.train.images.shape[1], index, seed)
        train, test = (_reordered(part, order) for part in (split.train, split.test))
        tasks.append(whole_set_task(index, f"permutation {index}", train, test))
    return tuple(tasks)


def pixel_order(n_pixels: int, index: int, seed: int) -> npt.NDArray[np.int64]:
    """Return which pixel stands at each place in a task from the second on."""
    return np.random.default_rng(training_seed(seed, index, "permutation")).permutation(n_pixels)


def _reordered(dataset: Dataset, order: npt.NDArray[np.int64]) -> Dataset:
    return with_images(dataset, dataset.images[:, order])

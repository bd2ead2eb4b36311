"""Noise: the same images clean, then noisy, then clean."""

from __future__ import annotations

from ...errors import ParameterError
from ...support.calls import public
from ...support.names import items
from ..datasets import Split
from ..seeds_and_classes import checked_seed
from ..tasks import Task
from ..training import training_seed
from .noises import Noise, read_noise, with_noise
from .whole_sets import whole_set_task

#: What stands for no noise.
CLEAN = "clean"


@public
def noisy(split: Split, noise: object = "gaussian", *, seed: int = 0) -> tuple[Task, ...]:
    """Make tasks of one data set that differ in the noise on its images.

    Each task shows all images. Labels and outputs are the same in all tasks, and the network is
    not told which one it is in: a domain-incremental scenario.

    Parameters
    ----------
    split : Split
        Images with height and width.
    noise : Noise, str, mapping or list of them, optional
        One noise, as :func:`with_noise` takes it: three tasks, clean, noisy, clean. A list: one
        task each, ``"clean"`` for images as they are.
    seed : int, optional
        Of what is drawn; other numbers for training and test images, and in each task.

    Returns
    -------
    tuple of Task

    Raises
    ------
    DataError
        If there are no images with two sides, or classes without training or test images.
    ParameterError
        If there is no such noise, or no task.
    """
    seed = checked_seed(seed)
    tasks = []
    for index, one in enumerate(read_noises(noise)):
        train, test = split.train, split.test
        if one is not None:
            train = with_noise(train, one, seed=training_seed(seed, index, "noise, train"))
            test = with_noise(test, one, seed=training_seed(seed, index, "noise, test"))
        name = CLEAN if one is None else one.label
        tasks.append(whole_set_task(index, name, train, test))
    return tuple(tasks)


def read_noises(value: object) -> list[Noise | None]:
    """Read the noise of each task; None for none."""
    if not isinstance(value, (list, tuple)):
        return [None, read_noise(value), None]
    listed = items(value, "noise", "a list of noises", most=10_000)
    if not listed:
        raise ParameterError("noise is empty: one task is made per entry.")
    return [None if isinstance(one, str) and one == CLEAN else read_noise(one) for one in listed]

"""Rotated images: the same classes, turned by another angle in each task."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import ParameterError
from ...support.calls import public
from ...support.checks import number
from ...support.names import items
from ..datasets import Dataset, Split
from ..tasks import Task
from .whole_sets import image_grid, whole_set_task, with_images


@public
def rotated(
    split: Split, angles: Iterable[float] = (0.0, 45.0, 90.0, 135.0, 180.0)
) -> tuple[Task, ...]:
    """Make tasks of one data set by rotating its images.

    Each task shows all images, turned about their centre by one angle. Labels and outputs are the
    same in all tasks, and the network is not told which one it is in: a domain-incremental
    scenario. Pixels are interpolated linearly; what comes from outside the image is black, and
    what leaves it is lost.

    Parameters
    ----------
    split : Split
        Images with height and width.
    angles : iterable of float, optional
        In degrees, counter-clockwise; one task each.

    Returns
    -------
    tuple of Task

    Raises
    ------
    DataError
        If there are no images with two sides, or classes without training or test images.
    ParameterError
        If there is no angle, or one is not a finite number.

    References
    ----------
    Lopez-Paz, Ranzato 2017, NeurIPS, arXiv 1706.08840 (rotated MNIST: 20 angles up to 180°).
    """
    degrees = read_angles(angles)
    return tuple(
        whole_set_task(
            index, f"{angle:g}°", _turned(split.train, angle), _turned(split.test, angle)
        )
        for index, angle in enumerate(degrees)
    )


def read_angles(angles: Iterable[float]) -> list[float]:
    """Read angles in degrees; raises a ParameterError if there is none, or one is no number."""
    read = [number(angle, "angles: an angle") for angle in items(angles, "angles", "some angles")]
    if not read:
        raise ParameterError("angles is empty: one task is made per angle.")
    return read


def _turned(dataset: Dataset, angle: float) -> Dataset:
    """Return the images turned about their centre."""
    grid = image_grid(dataset, "rotated")
    if angle == 0:
        return dataset
    from scipy import ndimage  # takes half a second to import

    turned = ndimage.rotate(grid, angle, axes=(-1, -2), reshape=False, order=1)
    return with_images(dataset, turned.reshape(len(dataset), -1))

"""Tasks that show a whole data set, each in another form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import DataError
from ..datasets import Dataset
from ..tasks import Task

#: Rows of pixels.
Images = npt.NDArray[np.floating]


def whole_set_task(index: int, name: str, train: Dataset, test: Dataset) -> Task:
    """Return a task of all classes of a data set.

    Raises
    ------
    DataError
        If there are no images, or classes without training or test images.
    """
    if train.classes != test.classes or not train.classes:
        odd = sorted(set(train.classes) ^ set(test.classes))
        what = f"of class {odd[0]} in both parts" if odd else "at all"
        raise DataError(f"task {index} ({name}): {train.name} has no images {what}.")
    return Task(index, train.classes, train, test, name=name)


def with_images(dataset: Dataset, images: Images) -> Dataset:
    """Return a data set with other images of the same shape; numbers beyond [0, 1] are clipped."""
    return replace(dataset, images=np.clip(images, 0, 1).astype(np.float32))


def image_grid(dataset: Dataset, what: str) -> npt.NDArray[np.float32]:
    """Return images with height and width as their last two axes, as a view.

    Raises
    ------
    DataError
        If the data are no images with two sides; `what` says what needs them.
    """
    if len(dataset.image_shape) < 2:
        raise DataError(
            f"{what}: {dataset.name} has rows of {dataset.images.shape[1]} values, "
            "and no images with height and width; give their image_shape."
        )
    return dataset.images.reshape(len(dataset), *dataset.image_shape)

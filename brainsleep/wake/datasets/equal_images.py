"""Images that are in a data set twice: in both of its parts, or all the same."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from ...errors import DataError
from .dataset import Dataset, Split


def shared_images(split: Split) -> npt.NDArray[np.intp]:
    """Return which test images equal a training image, value by value."""
    trained = set(_digests(split.train))
    found = [index for index, one in enumerate(_digests(split.test)) if one in trained]
    return np.array(found, dtype=np.intp)


def refuse_shared_images(split: Split) -> None:
    """Raise a DataError if test images are among the training images."""
    shared = shared_images(split)
    if len(shared):
        raise DataError(
            f"{split.test.name}: {len(shared)} of {len(split.test)} test images are also training "
            f"images, the first is number {shared[0]}, counted from 0; leave them out, or say "
            "allow_shared_images = true."
        )


def check_training_images(train: Dataset) -> tuple[str, ...]:
    """Refuse images from which nothing can be learned; tell of those that show nothing.

    Raises
    ------
    DataError
        If there is only one image, or all are equal.
    """
    if len(train) < 2:
        raise DataError(f"{train.name}: there is one training image; a data set needs more.")
    if (train.images == train.images[0]).all():
        raise DataError(f"{train.name}: all {len(train)} training images are equal.")
    n_constant = int((train.images == train.images[:, :1]).all(axis=1).sum())
    if not n_constant or train.images.shape[1] == 1:
        return ()
    return (f"{n_constant} of {len(train)} training images have the same value everywhere",)


def _digests(dataset: Dataset) -> list[bytes]:
    """Return a digest of each image."""
    images = np.ascontiguousarray(dataset.images) + np.float32(0)  # makes -0 a 0
    return [hashlib.blake2b(row.data, digest_size=16).digest() for row in images]

"""A split of users' own arrays: read, checked, and parted if there are no test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import DataError, brief
from .dataset import Dataset, Split
from .equal_images import check_training_images, refuse_shared_images, shared_images
from .intensities import read_intensities
from .label_reading import read_labels

#: Share of each class that is held out where there are no test images, and the seed of the draw.
HELD_OUT, HELD_OUT_SEED = 0.2, 0


def split_of_arrays(
    name: str,
    x_train: npt.ArrayLike,
    y_train: npt.ArrayLike,
    x_test: npt.ArrayLike | None = None,
    y_test: npt.ArrayLike | None = None,
    *,
    image_shape: tuple[int, ...] | None = None,
    class_names: Sequence[str] = (),
    allow_shared_images: bool = False,
) -> Split:
    """Make a split of arrays, brought to what networks and nights take.

    Parameters
    ----------
    name : str
        What messages and results call the data.
    x_train, x_test : array_like, shape (n_images, ...)
        Images or features; see `brainsleep.wake.datasets.intensities`.
    y_train, y_test : array_like, shape (n_images,)
        Classes; see `brainsleep.wake.datasets.label_reading`. Without test images a fifth of each
        class is held out, the same in every call.
    image_shape : tuple of int, optional
        Of one image, if not that of the arrays.
    class_names : sequence of str, optional
        What the classes are called; that of labels that are text unless given.
    allow_shared_images : bool, optional
        Whether test images may equal training images.

    Returns
    -------
    Split
        Its `notes` say what was done.

    Raises
    ------
    DataError
        For anything that is wrong with them.
    """
    if (x_test is None) != (y_test is None):
        raise DataError(f"{name}: give both x_test and y_test, or neither.")
    images = read_intensities(x_train, x_test, name, image_shape)
    labels = read_labels(y_train, y_test, name)
    notes = (*images.notes, *labels.notes)
    for rows, classes, word in (
        (images.train, labels.train, "train"),
        (images.test, labels.test, "test"),
    ):
        if rows is not None and classes is not None and len(rows) != len(classes):
            raise DataError(
                f"{name}: x_{word} holds {len(rows)} images, but y_{word} {len(classes)} labels."
            )
    train = Dataset(name, images.train, labels.train, images.image_shape)
    notes += check_training_images(train)
    if images.test is None or labels.test is None:
        split = _held_out(train)
    else:
        split = Split(train, Dataset(name, images.test, labels.test, images.image_shape))
        if not allow_shared_images:
            refuse_shared_images(split)
    names = tuple(class_names) or labels.class_names
    if names:
        shown = ", ".join(f"{k} {brief(one)}" for k, one in enumerate(names[:10]))
        notes += (f"classes are named: {shown}{', …' if len(names) > 10 else ''}",)
    return replace(split, class_names=names, notes=(*notes, *split.notes))


def _held_out(dataset: Dataset) -> Split:
    """Hold out a fifth of each class; images that equal a training image stay with it."""
    counts = np.bincount(dataset.labels)
    if counts.min() < 2:
        raise DataError(
            f"{dataset.name}: there are no test images, and class {counts.argmin()} has one image, "
            "of which none can be held out."
        )
    is_test = _drawn(dataset.labels)
    split = Split(dataset.subset(~is_test), dataset.subset(is_test))
    note = f"no test images: {len(split.test)} of {len(dataset)} held out, a fifth of each class"
    shared = shared_images(split)
    if not len(shared):
        return replace(split, notes=(note,))
    kept = np.delete(np.arange(len(split.test)), shared)
    return Split(
        split.train,
        split.test.subset(kept),
        notes=(note, f"{len(shared)} of them left out, as they equal a training image"),
    )


def _drawn(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Draw a fifth of each class, at least one image; the same in every call."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for label in np.unique(labels):
        of_class = rng.permutation(np.flatnonzero(labels == label))
        chosen[of_class[: max(1, round(HELD_OUT * len(of_class)))]] = True
    return chosen

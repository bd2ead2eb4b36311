"""Labelled images, and their split into images to learn from and images for testing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...errors import DataError, KindError, ParameterError, brief
from ...support.array_values import check_memory, read_array
from ...support.calls import public
from ...support.names import objects, read_shape, text
from ..seeds_and_classes import class_numbers


@public
@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, one flat row per image.

    Parameters
    ----------
    name : str
        What messages and results call these data.
    images : array_like of float, shape (n_images, n_pixels)
        Pixel intensities in [0, 1]; kept as float32.
    labels : array_like of int, shape (n_images,)
        The class of each image, 0 or more; kept as int64.
    image_shape : tuple of int, optional
        Shape to fold one row of `images` into, for looking at it; (28, 28) for rows of 784 pixels
        and (n_pixels,) for others unless given.

    Raises
    ------
    ParameterError
        If shapes or numbers do not fit together, or a pixel is NaN or outside [0, 1].
    """

    name: str
    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    image_shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Bring the arrays to their types and check that they fit together."""
        text(self.name, "name")
        images = _read_images(self.images, self.name)
        labels = _read_labels(self.labels, len(images), self.name)
        image_shape = self.image_shape
        if isinstance(image_shape, tuple) and not image_shape:
            image_shape = (28, 28) if images.shape[1] == 784 else images.shape[1:]
        image_shape = read_shape(image_shape, f"{self.name}: image_shape")
        if math.prod(image_shape) != images.shape[1]:
            raise ParameterError(
                f"{self.name}: image_shape {image_shape} holds {math.prod(image_shape)} pixels, "
                f"but a row of images has {images.shape[1]}."
            )
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "image_shape", image_shape)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.image_shape))
        return f"Dataset({self.name!r}, {len(self):,} images of {shape}, {in_words(self.classes)})"

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that have at least one image, in ascending order."""
        return tuple(np.unique(self.labels).tolist())

    @public
    def subset(self, indices: npt.ArrayLike) -> Dataset:
        """Return the images at `indices`, in that order.

        Parameters
        ----------
        indices : array_like of int or bool
            Integers, or one truth value per image.

        Returns
        -------
        Dataset
            A copy of the chosen images; it may be empty.

        Raises
        ------
        ParameterError
            If `indices` do not index these images.
        """
        chosen = read_array(indices, "indices")
        check_memory(chosen.size * self.images.shape[1], "indices", bytes_each=4)
        if chosen.size == 0 and chosen.dtype != np.bool_:
            chosen = chosen.astype(np.int64)
        try:
            images, labels = self.images[chosen], self.labels[chosen]
        except (IndexError, OverflowError) as error:
            raise ParameterError(f"{self.name}: cannot take these indices: {error}.") from None
        if labels.ndim != 1:
            raise ParameterError(f"{self.name}: indices must have shape (n,), not {chosen.shape}.")
        return Dataset(self.name, images, labels, self.image_shape)

    @public
    def of_classes(self, classes: Iterable[int]) -> Dataset:
        """Return the images of `classes`, in their present order.

        Parameters
        ----------
        classes : iterable of int
            Class numbers.

        Returns
        -------
        Dataset
            A copy of those images.

        Raises
        ------
        ParameterError
            If `classes` are not whole numbers, 0 or more.
        DataError
            If there is no class, or a class has no images.
        """
        numbers = class_numbers(classes, "classes")
        missing = [label for label in numbers if label not in self.classes]
        if missing or not numbers:
            what = f"class {missing[0]}" if missing else "any class: classes is empty"
            raise DataError(
                f"{self.name} has no images of {what}; it has those of {in_words(self.classes)}."
            )
        wanted = np.asarray(numbers, dtype=np.int64)
        return self.subset(np.flatnonzero(np.isin(self.labels, wanted)))


@public
@dataclass(frozen=True)
class Split:
    """Images to learn from, and images kept apart for testing.

    Parameters
    ----------
    train : Dataset
        Images that training may see.
    test : Dataset
        Images that training does not see.
    class_names : tuple of str, optional
        What the classes 0, 1, … are called, if they have names.
    notes : tuple of str, optional
        What was done to the data when they were read, a line each.

    Raises
    ------
    ParameterError
        If the two have images of different shapes.
    """

    train: Dataset
    test: Dataset
    class_names: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check that one network can take both parts."""
        for name in ("class_names", "notes"):
            given = objects(getattr(self, name), name, str, "a list of texts")
            object.__setattr__(self, name, tuple(given))
        if self.train.image_shape != self.test.image_shape:
            raise ParameterError(
                f"train images of {self.train.name} have the shape {self.train.image_shape}, "
                f"but test images {self.test.image_shape}."
            )


@public
def concatenate(datasets: Sequence[Dataset]) -> Dataset:
    """Put data sets one after another.

    Parameters
    ----------
    datasets : sequence of Dataset
        At least one; all with the same image shape.

    Returns
    -------
    Dataset
        With the name of the first.

    Raises
    ------
    DataError
        If there is nothing to join.
    ParameterError
        If image shapes differ.
    """
    datasets = objects(datasets, "datasets", Dataset, "a list of data sets")
    if not datasets:
        raise DataError("there are no data sets to join.")
    shapes = {dataset.image_shape for dataset in datasets}
    if len(shapes) > 1:
        raise ParameterError(f"data sets with different image shapes cannot be joined: {shapes}.")
    return Dataset(
        datasets[0].name,
        np.concatenate([dataset.images for dataset in datasets]),
        np.concatenate([dataset.labels for dataset in datasets]),
        datasets[0].image_shape,
    )


def in_words(classes: Sequence[int]) -> str:
    """Write class numbers in ascending order, as "classes 0 to 9" or "classes 1, 4 and 7"."""
    if not classes:
        return "no classes"
    if len(classes) == 1:
        return f"class {classes[0]}"
    first, last = classes[0], classes[-1]
    if len(classes) > 2 and last - first == len(classes) - 1:
        return f"classes {first} to {last}"
    shown = [str(label) for label in classes]
    if len(shown) > 10:
        shown = [*shown[:8], "…", shown[-1]]
    return f"classes {', '.join(shown[:-1])} and {shown[-1]}"


def _read_images(given: npt.ArrayLike, name: str) -> npt.NDArray[np.float32]:
    """Read rows of pixels in [0, 1]."""
    images = read_array(given, f"{name}: images")
    if images.dtype.kind not in "biuf":
        raise KindError(f"{name}: images must be an array of numbers, not {brief(given)}.")
    images = images.astype(np.float32, copy=False)
    if images.ndim != 2:
        raise ParameterError(
            f"{name}: images must have the shape (n_images, n_pixels), not {images.shape}."
        )
    if images.size:
        low, high = images.min(), images.max()
        if not (low >= 0 and high <= 1):  # refuses NaN as well, which is not >= 0
            raise ParameterError(
                f"{name}: pixels must lie in [0, 1], but range from {low:g} to {high:g}."
            )
    return images


def _read_labels(given: npt.ArrayLike, n_images: int, name: str) -> npt.NDArray[np.int64]:
    """Read one class number per image."""
    labels = read_array(given, f"{name}: labels")
    if labels.shape != (n_images,):
        raise ParameterError(
            f"{name}: labels must have the shape ({n_images},), one per image, not {labels.shape}."
        )
    if labels.size and labels.dtype.kind not in "iu":
        raise ParameterError(f"{name}: labels must be integers, one per image, not {labels.dtype}.")
    if labels.size and labels.min() < 0:
        raise ParameterError(f"{name}: labels must be 0 or more, but one is {labels.min()}.")
    return labels.astype(np.int64, copy=False)

"""Images, with labels or without, in whatever form users have them: read once, into arrays."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..support.array_values import read_array
from ..support.checks import whole_number
from .data_streams import elements_of, is_array_like, is_stream, join
from .datasets.dataset import Dataset

#: Images: an array or tensor of shape (n, ...), or whatever gives images with labels, too.
Images: TypeAlias = npt.ArrayLike | Dataset | Iterable[Any]

#: Images with labels: a `bs.wake.Dataset`, a pair (images, labels), a torch Dataset of pairs
#: (image, label), a DataLoader, or another iterable of such pairs or of batches of them.
LabelledImages: TypeAlias = Dataset | tuple[npt.ArrayLike, npt.ArrayLike] | Iterable[Any]


@dataclass(frozen=True, eq=False)
class GivenData:
    """Data that have been read.

    Attributes
    ----------
    images : ndarray, shape (n, ...)
        Not checked yet.
    labels : ndarray, shape (n,), or None
        Not checked yet; None if there are none.
    shapes : tuple of tuple of int
        Shapes in which a network may take one of the images.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None
    shapes: tuple[tuple[int, ...], ...]


def read_images(data: Images, field: str = "data", n_images: int | None = None) -> GivenData:
    """Read images; labels that come with them are of no account.

    Parameters
    ----------
    data : array_like, Tensor, bs.wake.Dataset, torch Dataset, DataLoader or other iterable
        Elements of a torch Dataset, of a DataLoader or of another iterable are images, pairs
        (image, label), or batches of them. It is read once. What a DataLoader or a Dataset draws
        at random is the same each time, and torch's random numbers go on as if nothing had been
        drawn.
    field : str, optional
        What messages call them.
    n_images : int, optional
        How many images to read from the beginning; all unless given.

    Returns
    -------
    GivenData

    Raises
    ------
    KindError
        If it is none of these.
    ParameterError
        If there are no images, fewer than `n_images`, or too many to be held in memory, or if they
        differ in shape.
    DataError
        If the data set raises an error.
    """
    return _read(data, field, n_images, with_labels=False)


def read_labelled(
    data: LabelledImages, field: str = "data", n_images: int | None = None
) -> GivenData:
    """Read images with labels; see :func:`read_images`.

    Raises
    ------
    KindError
        If there are no labels; and as :func:`read_images`.
    """
    found = _read(data, field, n_images, with_labels=True)
    if found.labels is None:
        raise KindError(
            f"{field} must be a bs.wake.Dataset or a pair (images, labels), a DataLoader or a "
            f"torch Dataset of such pairs; {type(data).__name__} has no labels."
        )
    return found


def as_dataset(data: LabelledImages, field: str = "dataset") -> Dataset:
    """Return images with labels as a data set, one flat row per image.

    Parameters
    ----------
    data : Dataset, pair of arrays, torch Dataset, DataLoader or other iterable of pairs
        A `Dataset` is returned as it is. Numbers of 8 bits are divided by 255, unless all are 0 or
        1; others must lie in [0, 1].
    field : str, optional
        What messages call them.

    Raises
    ------
    KindError, ParameterError
        As :func:`read_labelled` and `Dataset`.
    """
    if isinstance(data, Dataset):
        return data
    given = read_labelled(data, field)
    images = given.images
    if images.ndim < 2 or images.size == 0:
        raise ParameterError(
            f"{field}: images must have the shape (n, ...), not {brief(images.shape)}."
        )
    if images.dtype == np.uint8 and images.max() > 1:
        images = images / np.float32(255)
    assert given.labels is not None
    return Dataset(field, images.reshape(len(images), -1), given.labels, images.shape[1:])


def _read(data: Any, field: str, n_images: int | None, *, with_labels: bool) -> GivenData:
    """Read images, and labels if there are any."""
    if n_images is not None:
        whole_number(n_images, "n_images", minimum=1)
    if isinstance(data, Dataset):
        seen = data.image_shape
        with_channel = [(1, *seen)] if len(seen) == 2 else []
        shapes = (data.images.shape[1:], *with_channel, seen)
        return _first(data.images, data.labels, n_images, shapes)
    if _is_pair(data, with_labels):
        images, labels = (read_array(each, field) for each in data)
        return _first(images, labels, n_images)
    if is_stream(data):
        with closing(elements_of(data, field)) as batches:
            images, streamed = join(batches, field, n_images)
        return _first(images, streamed, n_images)
    if is_array_like(data):
        return _first(read_array(data, field), None, n_images)
    raise KindError(
        f"{field} must be an array of shape (n, ...), a bs.wake.Dataset, a torch Dataset or a "
        f"DataLoader, not {brief(data)}."
    )


def _first(
    images: npt.NDArray[Any],
    labels: npt.NDArray[Any] | None,
    n_images: int | None,
    shapes: tuple[tuple[int, ...], ...] | None = None,
) -> GivenData:
    """Put together what was read, the first images of it."""
    n_given = len(images) if images.ndim else 0
    if n_images is not None and n_given < n_images:
        raise ParameterError(f"n_images is {n_images}, but the data hold {n_given} images.")
    if n_images is not None:
        images = images[:n_images]
        labels = labels if labels is None or labels.ndim == 0 else labels[:n_images]
    return GivenData(images, labels, (images.shape[1:],) if shapes is None else shapes)


def _is_pair(data: Any, with_labels: bool) -> bool:
    """Tell images with labels from a list of two images, or of two pairs."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        return False
    if any(isinstance(one, (tuple, dict)) for one in data):
        return False
    if with_labels:
        return True
    return _n_dimensions(data[0]) > 1 and _n_dimensions(data[1]) == 1


def _n_dimensions(values: Any) -> int:
    """Return the number of dimensions of an array, a tensor or lists within lists."""
    n = 0
    while isinstance(values, (list, tuple)):
        n, values = n + 1, values[0] if len(values) else 0
    return n + int(getattr(values, "ndim", 0))

"""Data that come element by element: torch data sets, loaders, and other iterables."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, IterableDataset
from torch.utils.data import Dataset as TorchDataset

from ..errors import DataError, KindError, ParameterError, brief
from ..support.array_values import read_array
from .contexts import seeded

#: Most bytes of images that are read from a stream: one that does not end is noticed.
MOST_BYTES = 2**31


class Batch(NamedTuple):
    """Some images of one shape, and their labels if they have any."""

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None


def is_array_like(data: object) -> bool:
    """Tell whether NumPy can make an array of numbers of something."""
    if isinstance(data, type) or isinstance(data, (str, bytes, Mapping)):
        return False
    return hasattr(data, "__array__") or isinstance(data, (list, tuple, int, float))


def is_stream(data: object) -> bool:
    """Tell whether images come one by one or batch by batch."""
    if isinstance(data, type) or isinstance(data, (str, bytes, Mapping, set, frozenset, range)):
        return False
    if isinstance(data, (list, tuple)):  # of pairs: some elements of a data set
        return len(data) > 0 and all(isinstance(one, (tuple, dict)) for one in data)
    if is_array_like(data):
        return False
    return isinstance(data, (TorchDataset, Iterable)) or hasattr(data, "__getitem__")


def elements_of(data: Any, field: str) -> Generator[Batch, None, None]:
    """Yield what is in a stream, as batches.

    Torch draws the same random numbers each time, and goes on afterwards as if it had not.

    Parameters
    ----------
    data : torch Dataset, DataLoader or iterable
        An element with one label is one image, one with several a batch. Without labels, elements
        of a torch Dataset are images, and others batches.
    field : str
        What messages call it.

    Raises
    ------
    KindError
        If an element is neither an image nor a pair.
    DataError
        If the data set raises an error.
    """
    kind = _kind(data)
    with seeded(0):
        for element in _raw_elements(data, field):
            yield _as_batch(element, field, kind)


def join(batches: Iterator[Batch], field: str, n_images: int | None) -> Batch:
    """Put batches together, until there are so many images.

    Raises
    ------
    ParameterError
        If there are no images, too many bytes of them, or if they differ in shape.
    KindError
        If some have labels and others none.
    """
    read: list[Batch] = []
    n_read = n_bytes = 0
    for batch in batches:
        _check_fit(batch, read, field)
        read.append(batch)
        n_read, n_bytes = n_read + len(batch.images), n_bytes + batch.images.nbytes
        if n_images is not None and n_read >= n_images:
            break
        if n_bytes > MOST_BYTES:
            raise ParameterError(
                f"{field}: more than {MOST_BYTES >> 30} GiB of images; pass fewer, as "
                "itertools.islice(data, 100) or a torch.utils.data.Subset."
            )
    if not read:
        raise ParameterError(
            f"{field} must have shape (n, ...) with n >= 1, but there are no images; an iterator "
            "can be read only once."
        )
    labels = [batch.labels for batch in read if batch.labels is not None]
    images = np.concatenate([batch.images for batch in read])
    return Batch(images, np.concatenate(labels) if labels else None)


def _check_fit(batch: Batch, read: list[Batch], field: str) -> None:
    """Check that a batch holds images, of the kind of the first batch."""
    if len(batch.images) == 0:
        raise ParameterError(f"{field}: batch {len(read)} is empty.")
    if not read:
        return
    first, shape = read[0], batch.images.shape[1:]
    if shape != first.images.shape[1:]:
        raise ParameterError(
            f"{field}: images differ in shape, {first.images.shape[1:]} and {shape}; bring them to "
            "one shape."
        )
    if (batch.labels is None) != (first.labels is None):
        raise KindError(f"{field}: some images have labels, and others none.")


class _Kind(NamedTuple):
    """Whether elements are single images, with labels and without; None if the labels tell."""

    labelled: bool | None
    unlabelled: bool


def _kind(data: Any) -> _Kind:
    """Say what the elements of a stream are."""
    if isinstance(data, DataLoader):
        is_batched = data.batch_size is not None or data.batch_sampler is not None
        return _Kind(False if is_batched else None, False)
    if isinstance(data, IterableDataset):
        return _Kind(None, True)
    if isinstance(data, (TorchDataset, list, tuple)) or not isinstance(data, Iterable):
        return _Kind(True, True)
    return _Kind(None, False)


def _raw_elements(data: Any, field: str) -> Iterator[Any]:
    """Yield the elements of a stream as they are; a DataError tells of errors of its own."""
    number = 0
    try:
        if isinstance(data, Iterable) or not hasattr(data, "__len__"):
            elements = iter(data)
        else:
            elements = (data[index] for index in range(len(data)))
        for element in elements:
            yield element
            number += 1
    except Exception as error:
        raise DataError(
            f"{field}: reading element {number} of {type(data).__name__} raised "
            f"{type(error).__name__}: {brief(str(error))}."
        ) from error


def _as_batch(element: Any, field: str, kind: _Kind) -> Batch:
    """Read an image or a batch, with a label or labels if it has any."""
    image, label = _parts(element, field)
    images = _image(image, field)
    labels = None if label is None else read_array(label, f"{field}: labels")
    is_single = kind.unlabelled if labels is None else kind.labelled
    if is_single or (is_single is None and labels is not None and labels.ndim == 0):
        return Batch(images[None], None if labels is None else labels[None])
    if labels is not None and labels.shape[:1] != images.shape[:1]:
        raise ParameterError(
            f"{field}: a batch of images has shape {images.shape}, but its labels {labels.shape}."
        )
    return Batch(images, labels)


def _parts(element: Any, field: str) -> tuple[Any, Any]:
    """Return image and label of an element; what comes after the label is left out."""
    if isinstance(element, Mapping):
        keys = brief(list(element))
        raise KindError(
            f"{field}: elements are {type(element).__name__}s with the keys {keys}; give pairs, as "
            'in ((one["image"], one["label"]) for one in data).'
        )
    if not isinstance(element, (tuple, list)):
        return element, None
    if len(element) == 0:
        raise KindError(f"{field}: an element is empty; give images or pairs (image, label).")
    return element[0], element[1] if len(element) > 1 else None


def _image(image: Any, field: str) -> npt.NDArray[Any]:
    """Read one image, or a batch."""
    name = type(image).__name__
    if type(image).__module__.partition(".")[0] == "PIL":
        raise KindError(
            f"{field}: images are of PIL's type {name}; give the data set a transform, as "
            "torchvision.transforms.ToTensor()."
        )
    if isinstance(image, (tuple, list)) and any(hasattr(one, "ndim") for one in image):
        raise KindError(f"{field}: elements hold several inputs; the network takes one.")
    if not (isinstance(image, torch.Tensor) or is_array_like(image)):
        raise KindError(f"{field}: images must be tensors or arrays, not {brief(image)}.")
    values = read_array(image, f"{field}: images")
    if values.dtype.kind not in "biuf" or values.ndim == 0:
        raise KindError(f"{field}: images must be arrays of numbers, not {brief(image)}.")
    return values

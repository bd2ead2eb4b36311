"""A split of what users have in Python: arrays, torch data sets, or a split already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import DataError, KindError, brief
from ..data_streams import is_array_like, is_stream
from ..given_data import read_labelled
from .dataset import Dataset, Split
from .equal_images import check_training_images, refuse_shared_images
from .npz_data import named_arrays
from .own_split import split_of_arrays

_WANTED = (
    "a bs.wake.Split, four arrays x_train, y_train, x_test and y_test, or a pair of torch Datasets"
)


def split_of(
    data: Any,
    name: str = "data",
    *,
    image_shape: tuple[int, ...] | None = None,
    allow_shared_images: bool = False,
) -> Split:
    """Make a split of an object.

    Parameters
    ----------
    data : Split, tuple, dict, torch Dataset
        A split; four arrays, in a tuple or by name; a pair (training, test) of torch Datasets,
        DataLoaders, `Dataset` objects or pairs (images, labels). One of these alone, or a pair
        (images, labels), has no test part: a fifth is held out.
    name : str, optional
        What messages and results call the data.
    image_shape, allow_shared_images : optional
        As for :func:`.own_split.split_of_arrays`.

    Raises
    ------
    KindError
        If it is something else.
    DataError
        For anything that is wrong with the data.
    """
    if isinstance(data, Split):
        return _checked(data, allow_shared_images)
    if isinstance(data, (tuple, list)) and len(data) == 2:
        first, second = data
        if isinstance(first, Dataset) and isinstance(second, Dataset):
            return _checked(Split(first, second), allow_shared_images)
        if _is_labelled(first) and _is_labelled(second):
            arrays = [*_arrays(first, f"{name}: training data"), *_arrays(second, f"{name}: test")]
        else:
            arrays = [first, second]
    elif isinstance(data, (tuple, list)) and len(data) == 4:
        arrays = list(data)
    elif isinstance(data, Mapping):
        arrays = list(named_arrays(data, name).values())
        if len(arrays) == 3:
            raise DataError(f"{name}: give both x_test and y_test, or neither.")
    elif isinstance(data, Dataset) or is_stream(data):
        arrays = _arrays(data, name)
    else:
        raise KindError(f"{name} must be {_WANTED}, not {brief(data)}.")
    return split_of_arrays(
        name,
        *arrays,
        image_shape=image_shape,
        class_names=_class_names(data),
        allow_shared_images=allow_shared_images,
    )


def _is_labelled(part: Any) -> bool:
    """Tell whether one part of a pair holds images with labels, and not one of the two."""
    if isinstance(part, (tuple, list)) and len(part) == 2 and all(map(is_array_like, part)):
        return True
    return isinstance(part, Dataset) or is_stream(part)


def _arrays(part: Any, field: str) -> list[Any]:
    """Return images and labels of a part."""
    given = read_labelled(part, field)
    images = given.images
    if isinstance(part, Dataset):
        images = images.reshape(len(images), *part.image_shape)
    return [images, given.labels]


def _class_names(data: Any) -> tuple[str, ...]:
    """Return the names that a torch Dataset, as torchvision has them, gives its classes."""
    train = data[0] if isinstance(data, (tuple, list)) else data
    names = getattr(train, "classes", None)
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return ()
    return tuple(names)


def _checked(split: Split, allow_shared_images: bool) -> Split:
    """Check a split that is taken as it is."""
    for part in (split.train, split.test):
        if len(part) == 0:
            raise DataError(f"{part.name} has no images in one of its parts.")
    check_training_images(split.train)
    if not allow_shared_images:
        refuse_shared_images(split)
    return split

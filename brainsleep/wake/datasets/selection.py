"""Parts of a data set: images held out for validation, the first images of every class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from ...errors import ParameterError
from ...support.calls import public
from ...support.checks import number, whole_number
from ...support.names import items
from ..seeds_and_classes import checked_seed
from .dataset import Dataset, Split
from .stratified_indices import stratified_indices

#: A number of images, or a share of them.
Amount = TypeVar("Amount", int, float)


@public
def hold_out_validation(split: Split, fraction: float = 0.2, seed: int = 0) -> Split:
    """Split the *training* part in two, so that parameters can be chosen without test images.

    Parameters
    ----------
    split : Split
        Its test part is neither read nor returned.
    fraction : float, optional
        The share of each class that is held out, between 0 and 1.
    seed : int, optional
        Which images are held out.

    Returns
    -------
    Split
        Its ``test`` is the validation part, taken from ``split.train``.

    Raises
    ------
    ParameterError
        If `fraction` is not between 0 and 1, or leaves a part without some class.
    """
    fraction = number(
        fraction,
        "fraction",
        minimum=0,
        maximum=1,
        exclusive_minimum=True,
        exclusive_maximum=True,
    )
    seed = checked_seed(seed) % 2**32  # NumPy's older generator takes 32 bits
    try:
        return stratified(split.train, fraction, seed)
    except ValueError as error:
        raise ParameterError(
            f"fraction={fraction!r} of {split.train.name}'s {len(split.train)} training images "
            f"cannot be held out: {error}"
        ) from None


def stratified(dataset: Dataset, test_size: int | float, seed: int) -> Split:
    """Split a data set so that both parts have the same share of every class.

    Parameters
    ----------
    dataset : Dataset
        Left as it is.
    test_size : int or float
        Number of images of the test part, or their share of all.
    seed : int
        Which images, in [0, 2**32).

    Returns
    -------
    Split
        Copies of the images.

    Raises
    ------
    ValueError
        If a part would have no image of some class.
    """
    train, test = stratified_indices(dataset.labels, test_size, seed)
    return Split(dataset.subset(train), dataset.subset(test))


def first_images(
    dataset: Dataset, per_class: int | Sequence[int] | None, share: float | Sequence[float] | None
) -> Dataset:
    """Keep the first images of every class, in their present order.

    Parameters
    ----------
    dataset : Dataset
        Left as it is.
    per_class : int, sequence of int or None
        How many images to keep: of every class, or of each of them, in ascending order.
    share : float, sequence of float or None
        In its place: which part of them, as for :func:`n_kept`.

    Returns
    -------
    Dataset
        A copy of those images; the data set itself if neither is given.

    Raises
    ------
    ParameterError
        If both are given, numbers make no sense or are not one per class, or a class has fewer
        images.
    """
    limits = read_limits(per_class, share, len(dataset.classes), "classes")
    if limits is None:
        return dataset
    kept = []
    for label, limit in zip(dataset.classes, limits, strict=True):
        of_class = np.flatnonzero(dataset.labels == label)
        kept.append(of_class[: n_kept(limit, len(of_class), label, dataset.name)])
    return dataset.subset(np.sort(np.concatenate(kept)))


def read_limits(
    per_class: object, share: object, n_limits: int, of_what: str
) -> list[int] | list[float] | None:
    """Read how many training images are kept, or which share: whole numbers, or floats.

    Parameters
    ----------
    per_class, share : object
        What users gave as `train_per_class` and `train_share`; None if they gave none.
    n_limits : int
        How many numbers are wanted; a single one is repeated.
    of_what : str
        What there are so many of, for messages.

    Raises
    ------
    ParameterError
        If both are given, or numbers make no sense or are too few or many.
    """
    counts, shares = read_per_class(per_class), read_share(share)
    if counts is not None and shares is not None:
        raise ParameterError("train_per_class and train_share both limit images; give one.")
    if counts is not None:
        return _one_each(counts, "train_per_class", n_limits, of_what)
    if shares is not None:
        return _one_each(shares, "train_share", n_limits, of_what)
    return None


def read_per_class(value: object) -> int | list[int] | None:
    """Read numbers of images; raises a ParameterError if one is not a whole number above 0."""

    def read(one: object, field: str) -> int:
        return whole_number(one, field, minimum=1)

    return _one_or_several(value, "train_per_class", read)


def read_share(value: object) -> float | list[float] | None:
    """Read parts of all images; raises a ParameterError if one is not in (0, 1]."""

    def read(one: object, field: str) -> float:
        return number(one, field, minimum=0, maximum=1, exclusive_minimum=True)

    return _one_or_several(value, "train_share", read)


def n_kept(limit: int | float, n_images: int, label: int, name: str) -> int:
    """Return how many images of a class are kept: a number of them, or a share, at least one.

    Raises
    ------
    ParameterError
        If the class has fewer.
    """
    if not isinstance(limit, int):
        return max(1, round(limit * n_images))
    if limit > n_images:
        raise ParameterError(
            f"train_per_class={limit}: class {label} of {name} has only {n_images} training images."
        )
    return limit


def _one_or_several(
    value: object, field: str, read: Callable[[object, str], Amount]
) -> Amount | list[Amount] | None:
    """Read one number or a list of them."""
    if value is None:
        return None
    if isinstance(value, (list, tuple, np.ndarray)):
        return [read(one, f"{field}: each") for one in items(value, field, "numbers")]
    return read(value, field)


def _one_each(
    value: Amount | list[Amount], field: str, n_limits: int, of_what: str
) -> list[Amount]:
    """Return as many numbers as are wanted."""
    if not isinstance(value, list):
        return [value] * n_limits
    if len(value) != n_limits:
        raise ParameterError(
            f"{field} has {len(value)} numbers, but there are {n_limits} {of_what}."
        )
    return value

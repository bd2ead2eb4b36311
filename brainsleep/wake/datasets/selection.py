"""Parts of a data set: images held out for validation, the first images of every class."""

from __future__ import annotations

import numpy as np

from ...errors import ParameterError
from ...support.calls import public
from ...support.checks import number
from ..seeds_and_classes import checked_seed
from .dataset import Dataset, Split


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
    seed = checked_seed(seed) % 2**32  # scikit-learn's generator takes 32 bits
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
    from sklearn.model_selection import train_test_split  # slow to import

    train, test = train_test_split(
        np.arange(len(dataset)), test_size=test_size, stratify=dataset.labels, random_state=seed
    )
    return Split(dataset.subset(train), dataset.subset(test))


def first_per_class(dataset: Dataset, n_images: int) -> Dataset:
    """Keep the first images of every class, in their present order.

    Parameters
    ----------
    dataset : Dataset
        Left as it is.
    n_images : int
        How many images of each class to keep.

    Returns
    -------
    Dataset
        A copy of those images.

    Raises
    ------
    ParameterError
        If a class has fewer.
    """
    kept = []
    for label in dataset.classes:
        of_class = np.flatnonzero(dataset.labels == label)
        if len(of_class) < n_images:
            raise ParameterError(
                f"train_per_class={n_images}: class {label} of {dataset.name} has only "
                f"{len(of_class)} training images."
            )
        kept.append(of_class[:n_images])
    return dataset.subset(np.sort(np.concatenate(kept)))

"""Which images of a data set are held out: the same share of every class, drawn by a seed.

The draw is scikit-learn's `train_test_split(..., stratify=labels)`, number for number, without the
seconds that importing scikit-learn takes.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def stratified_indices(
    labels: npt.NDArray[np.integer], test_size: int | float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of both parts, in the order in which they were drawn.

    Parameters
    ----------
    labels : ndarray of int, shape (n_images,)
        The class of each image.
    test_size : int or float
        Number of images of the test part, or their share of all.
    seed : int
        Which images, in [0, 2**32).

    Returns
    -------
    train, test : ndarray of int
        No index is in both.

    Raises
    ------
    ValueError
        If a part would have no image of some class.
    """
    n_test = math.ceil(test_size * len(labels)) if isinstance(test_size, float) else test_size
    n_train = len(labels) - n_test
    _, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    for n_images, part in ((n_train, "be left"), (n_test, "be held out")):
        if n_images < len(sizes):
            raise ValueError(
                f"only {max(n_images, 0)} would {part}, fewer than the {len(sizes)} classes"
            )
    if sizes.min() < 2:
        raise ValueError("a class has only one image, which cannot be in both parts")
    by_class = np.split(np.argsort(class_of, kind="stable"), np.cumsum(sizes)[:-1])
    random = np.random.RandomState(seed)
    of_train = _shares(sizes, n_train, random)
    of_test = _shares(sizes - of_train, n_test, random)
    train, test = [], []
    for indices, n_first, n_next in zip(by_class, of_train, of_test, strict=True):
        drawn = indices[random.permutation(len(indices))]
        train.append(drawn[:n_first])
        test.append(drawn[n_first : n_first + n_next])
    first = random.permutation(np.concatenate(train))
    return first, random.permutation(np.concatenate(test))


def _shares(sizes: np.ndarray, n_wanted: int, random: np.random.RandomState) -> np.ndarray:
    """Return how many of each class make up so many in all; ties are broken by chance."""
    exact = sizes / sizes.sum() * n_wanted
    whole = np.floor(exact)
    missing = int(n_wanted - whole.sum())
    rest = exact - whole
    for value in np.unique(rest)[::-1]:
        if missing <= 0:
            break
        tied = np.flatnonzero(rest == value)
        added = min(len(tied), missing)
        whole[random.choice(tied, size=added, replace=False)] += 1
        missing -= added
    return whole.astype(int)

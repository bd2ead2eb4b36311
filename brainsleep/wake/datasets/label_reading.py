"""Labels of users' own data, in whatever form: read as the classes 0 to n - 1, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import DataError, brief
from ...support.array_values import read_array

_NUMBERED = "number the classes from 0, without gaps: numpy.unique(labels, return_inverse=True)[1]"

_ONE_EACH = "must hold one label per image, as an array of shape (n,)"


class Labels(NamedTuple):
    """Classes of the images of both parts.

    Attributes
    ----------
    train : ndarray of int64, shape (n,)
        Of the training images.
    test : ndarray of int64, shape (n,), or None
        Of the test images; None if there are none.
    class_names : tuple of str
        What the classes are called; empty if they only have numbers.
    notes : tuple of str
        What was done to make numbers of them.
    """

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64] | None
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_labels(train: npt.ArrayLike, test: npt.ArrayLike | None, name: str) -> Labels:
    """Read the labels of a data set.

    Whole numbers are taken as they are, if they are 0 to n - 1. Text names the classes in
    alphabetical order. Rows with a single 1 are one-hot.

    Parameters
    ----------
    train, test : array_like
        One label per image, of the training and the test part.
    name : str
        What messages call the data.

    Raises
    ------
    DataError
        If they are something else, a class has no training image, or a test image is of a class
        that training does not have.
    """
    notes: list[str] = []
    columns = [
        _column(part, f"{name}: {word}", notes)
        for part, word in ((train, "y_train"), (test, "y_test"))
        if part is not None
    ]
    texts = [column.dtype.kind in "US" for column in columns]
    if any(texts) and not all(texts):
        raise DataError(f"{name}: y_train and y_test must both be numbers, or both names.")
    if all(texts):
        columns, names = _numbered(columns, name)
    else:
        names = ()
        _check_classes(columns, name)
    if len(columns) > 1:
        notes += _missing_of_test(*columns)
    numbers = [column.astype(np.int64, copy=False) for column in columns]
    return Labels(
        numbers[0], numbers[1] if len(numbers) > 1 else None, names, tuple(dict.fromkeys(notes))
    )


def _column(given: npt.ArrayLike, field: str, notes: list[str]) -> npt.NDArray[np.generic]:
    """Return one label per image: whole numbers, or text."""
    labels = read_array(given, field)
    if labels.size == 0 or labels.ndim not in (1, 2):
        raise DataError(f"{field} {_ONE_EACH}, not {brief(labels.shape)}.")
    if labels.dtype.kind == "O" and all(isinstance(one, str) for one in labels.flat):
        labels = labels.astype(str)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and _is_one_hot(labels):
        notes.append("labels are one-hot: the place of the 1 is the class")
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise DataError(f"{field} {_ONE_EACH}, not {brief(labels.shape)}.")
    if labels.dtype.kind == "f":
        wrong = labels[~(np.isfinite(labels) & (labels == np.round(labels)))]
        if len(wrong):
            raise DataError(f"{field}: {brief(float(wrong[0]))} is no class; {_NUMBERED}.")
        notes.append("labels are whole numbers of a floating-point type, taken as integers")
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "biuU":
        raise DataError(f"{field} must be class numbers or names, not {labels.dtype}.")
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def _is_one_hot(labels: npt.NDArray[np.generic]) -> bool:
    """Tell whether each row has a single 1, and else only 0."""
    if labels.dtype.kind not in "biuf":
        return False
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all())


def _numbered(
    columns: Sequence[npt.NDArray[np.generic]], name: str
) -> tuple[list[npt.NDArray[np.generic]], tuple[str, ...]]:
    """Give named classes numbers, in alphabetical order; return the names, too."""
    names = np.unique(columns[0])
    strange = np.setdiff1d(np.concatenate(columns), names)
    if len(strange):
        first = brief(str(strange[0]))
        raise DataError(f"{name}: test images are of {first}, which training has not.")
    numbers = [np.searchsorted(names, column).astype(np.int64) for column in columns]
    return list(numbers), tuple(map(str, names))


def _check_classes(columns: Sequence[npt.NDArray[np.generic]], name: str) -> None:
    """Refuse numbers that are not 0 to n - 1, in the training part."""
    everywhere, trained = np.unique(np.concatenate(columns)), np.unique(columns[0])
    if everywhere[0] < 0:
        raise DataError(f"{name}: a label is {everywhere[0]}, below 0; {_NUMBERED}.")
    last, n_missing = int(everywhere[-1]), int(everywhere[-1]) + 1 - len(trained)
    if n_missing == 0:
        return
    if trained[-1] < last:
        raise DataError(
            f"{name}: test images are of class {last}, but the last class of training images is "
            f"{trained[-1]}."
        )
    absent = next(label for label, found in enumerate([*trained, None]) if label != found)
    raise DataError(
        f"{name}: labels go to {last}, but no training image is of class {absent}"
        f"{'' if n_missing == 1 else f' and {n_missing - 1} more'}; {_NUMBERED}."
    )


def _missing_of_test(
    train: npt.NDArray[np.generic], test: npt.NDArray[np.generic]
) -> tuple[str, ...]:
    """Say which classes have no test images."""
    missing = np.setdiff1d(train, test)
    if not len(missing):
        return ()
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return (f"no test image is of class {missing[0]}{more}: no task can have it",)

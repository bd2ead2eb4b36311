"""Activations of labelled images, as several measures read them: checked, and in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..support.array_values import check_shape, read_array
from ..support.names import table
from .trains import FloatArray, IntArray

#: Values that are computed with at a time, in float64: as many as stay near the processor.
BLOCK_VALUES = 2**17
#: Rows at a time, at least: sums over them are written as often as there are blocks.
LEAST_ROWS = 32


@dataclass(frozen=True)
class LabelledActivity:
    """Activations by population, and the class of each image.

    Attributes
    ----------
    populations : dict of str to ndarray, shape (n_images, n_neurons)
        By name; the caller's own arrays.
    classes : ndarray of int64, shape (n_classes,)
        The classes there are, in ascending order.
    members : ndarray of int64, shape (n_images,)
        The place in `classes` of each image's class.
    """

    populations: dict[str, np.ndarray]
    classes: IntArray
    members: IntArray

    def class_sums(self, values: FloatArray, rows: slice) -> FloatArray:
        """Sum the rows of a block by class; rows that hold NaN do not count."""
        chosen = self.members[rows][:, None] == np.arange(len(self.classes))
        unknown = np.isnan(values)
        if unknown.any():
            chosen[unknown.any(axis=1)] = False
            values = np.nan_to_num(values)
        return chosen.T.astype(np.float64) @ values

    def class_means(self, values: np.ndarray) -> FloatArray:
        """Return each neuron's mean over the images of each class, shape (n_classes, n_neurons)."""
        sums = np.sum([self.class_sums(block, rows) for rows, block in blocks(values)], axis=0)
        means: FloatArray = sums / np.bincount(self.members)[:, None]
        return means

    def counts(self, values: FloatArray) -> IntArray:
        """Count the images of each class for which there is a value."""
        return np.bincount(self.members[~np.isnan(values)], minlength=len(self.classes))

    def mean_and_sd(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and sample standard deviation of a value per image, by class.

        NaN values do not count; a class has NaN without any, and no deviation with one only.
        """
        there = ~np.isnan(values)
        members, given, n = self.members[there], values[there], self.counts(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(members, given, minlength=len(n)) / n
            squares = np.bincount(members, (given - mean[members]) ** 2, minlength=len(n))
            return mean, np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)


def read_labelled_activity(
    activations: object, labels: npt.ArrayLike, field: str = "activations"
) -> LabelledActivity:
    """Read activations by population with the labels of their images.

    Raises
    ------
    KindError
        If they are something else.
    ParameterError
        If they do not fit together, or hold NaN or infinite values.
    """
    populations = read_populations(activations, field)
    classes = read_array(labels, "labels")
    for name, values in populations.items():
        if classes.shape != (len(values),) or classes.dtype.kind not in "iu":
            raise ParameterError(
                f"labels must be a class number for each of {len(values)} images of {field} of "
                f"{brief(name)}, not {classes.dtype} of shape {classes.shape}."
            )
    there, members = np.unique(classes, return_inverse=True)
    return LabelledActivity(populations, there.astype(np.int64), members.reshape(-1))


def read_populations(activations: object, field: str) -> dict[str, np.ndarray]:
    """Read activations by population, without a copy.

    Raises
    ------
    KindError, ParameterError
        As :func:`read_labelled_activity`.
    """
    given = table(activations, field, "arrays by population, as bs.translation.activations returns")
    if not given:
        raise ParameterError(f"{field}: there is no population.")
    found = {}
    for name, values in given.items():
        array = read_array(values, f"{field} of {name!r}")
        if array.dtype.kind not in "biuf":
            raise KindError(f"{field} of {brief(name)} must be numbers, not {brief(values)}.")
        check_shape(array, f"{field} of {name!r}", (None, None))
        if array.dtype.kind == "f" and not np.isfinite([array.min(), array.max()]).all():
            raise ParameterError(f"{field} of {brief(name)}: holds NaN or infinite values.")
        found[name] = array
    return found


def require_alike(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> None:
    """Raise a ParameterError unless both hold the same populations in the same shapes."""
    shapes = [{name: values.shape for name, values in one.items()} for one in (before, after)]
    if shapes[0] == shapes[1]:
        return
    if shapes[0].keys() != shapes[1].keys():
        alone = brief(sorted(shapes[0].keys() ^ shapes[1].keys())).strip("[]")
        raise ParameterError(
            f"before and after must hold the same populations, but only one of them has {alone}."
        )
    name = next(name for name, shape in shapes[0].items() if shapes[1][name] != shape)
    raise ParameterError(
        f"activations of {brief(name)} have shape {shapes[0][name]} before, but "
        f"{shapes[1][name]} after; they must be equal."
    )


def blocks(values: np.ndarray) -> Iterator[tuple[slice, FloatArray]]:
    """Yield some rows at a time in float64, with their place."""
    step = max(LEAST_ROWS, BLOCK_VALUES // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        rows = slice(start, start + step)
        yield rows, values[rows].astype(np.float64)


def unit_rows(values: FloatArray) -> FloatArray:
    """Centre each row on 0 and bring it to length 1; NaN where a row does not vary.

    The product of two such rows is Pearson's correlation.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    centred[values.min(axis=1) == values.max(axis=1)] = np.nan
    centred /= np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return centred

"""Pixels and features of users' own data, brought to [0, 1]: what a neuron's input can be."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DataError, brief
from ...support.array_values import check_memory, read_array

Rows: TypeAlias = npt.NDArray[np.float32]
_Given: TypeAlias = npt.NDArray[Any]

#: Test images that range over more of the range of training images are an error, as of 0 to 255
#: beside 0 to 1; of those that range over less a note tells: a single large value may be the cause.
_WIDEST, _NARROWEST = 10, 0.02

#: A note tells if the central 98 % of training values take less of the range than this, as beside
#: one value that is far larger than all others; of how many values, about, that is judged.
_SQUEEZED, _N_JUDGED = 0.25, 2**20


class Intensities(NamedTuple):
    """Images of both parts as rows in [0, 1].

    Attributes
    ----------
    train : ndarray of float32, shape (n_images, n_pixels)
        The training images.
    test : ndarray of float32, shape (n_images, n_pixels), or None
        The test images; None if there are none.
    image_shape : tuple of int
        Shape to fold a row into, channels first.
    notes : tuple of str
        What was done to them.
    """

    train: Rows
    test: Rows | None
    image_shape: tuple[int, ...]
    notes: tuple[str, ...]


def read_intensities(
    train: npt.ArrayLike,
    test: npt.ArrayLike | None,
    name: str,
    image_shape: tuple[int, ...] | None = None,
) -> Intensities:
    """Read the images, or features, of a data set.

    Numbers of 8 bits are divided by 255. Other numbers are taken as they are if all training
    images lie in [0, 1]. If not, the range of the training images becomes [0, 1]; 0 stays 0 unless
    there are numbers below it. Test images are scaled in the same way, and cut off at 0 and 1.

    Parameters
    ----------
    train, test : array_like, shape (n_images, ...)
        Images of any number of dimensions; colours come first or last.
    name : str
        What messages call the data.
    image_shape : tuple of int, optional
        Of one image, in place of that of the arrays.

    Raises
    ------
    DataError
        If they are empty or no numbers, if one is NaN or infinite, or if the two parts differ in
        shape, in type or widely in range.
    """
    given = [_array(train, f"{name}: x_train")]
    if test is not None:
        given.append(_array(test, f"{name}: x_test"))
        _check_alike(given[0], given[1], name)
    given, shape, notes = _channels_first(given)
    if image_shape is not None:
        if math.prod(image_shape) != math.prod(shape):
            raise DataError(
                f"{name}: image_shape {brief(image_shape)} has {math.prod(image_shape)} values, "
                f"but an image has {math.prod(shape)}."
            )
        shape = image_shape
    rows, scaling = _scaled(given, name)
    flat = [part.reshape(len(part), -1) for part in rows]
    return Intensities(flat[0], flat[1] if len(flat) > 1 else None, shape, (*notes, *scaling))


def _array(given: npt.ArrayLike, field: str) -> _Given:
    """Return images, whose numbers are finite."""
    images = read_array(given, field)
    if images.dtype.kind not in "biuf":
        raise DataError(f"{field} must be numbers, not {images.dtype}.")
    if images.ndim < 2:
        raise DataError(
            f"{field} must have the shape (n, ...) of n images, not {brief(images.shape)}."
        )
    if images.size == 0:
        raise DataError(f"{field} is empty: its shape is {brief(images.shape)}.")
    check_memory(images.size, field, bytes_each=4)
    if images.dtype.kind == "f":
        finite = np.isfinite(images).reshape(len(images), -1).all(axis=1)
        if not finite.all():
            n_wrong, first = int((~finite).sum()), int(finite.argmin())
            raise DataError(
                f"{field}: {n_wrong} of {len(images)} images hold NaN or infinite values, the "
                f"first is number {first}, counted from 0; leave them out, or fill them in."
            )
    return images


def _check_alike(train: _Given, test: _Given, name: str) -> None:
    """Refuse parts of which one network, and one scale, cannot take both."""
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"{name}: training images have the shape {brief(train.shape[1:])}, but test images "
            f"{brief(test.shape[1:])}."
        )
    if (train.dtype == np.uint8) != (test.dtype == np.uint8):
        raise DataError(
            f"{name}: x_train is of type {train.dtype}, but x_test of {test.dtype}; give both on "
            "the same scale."
        )


def _channels_first(
    parts: list[_Given],
) -> tuple[list[_Given], tuple[int, ...], tuple[str, ...]]:
    """Put colours before rows and columns; leave out a single one."""
    shape, notes = parts[0].shape[1:], tuple[str, ...]()
    if len(shape) != 3:
        return parts, shape, notes
    if shape[2] in (1, 3, 4) and shape[0] not in (1, 3):
        parts = [np.moveaxis(part, -1, 1) for part in parts]
        shape = parts[0].shape[1:]
        if shape[0] > 1:
            notes = (f"colours moved to the front: an image is {' × '.join(map(str, shape))}",)
    return parts, shape[1:] if shape[0] == 1 else shape, notes


def _scaled(parts: list[_Given], name: str) -> tuple[list[Rows], tuple[str, ...]]:
    """Bring images to [0, 1] by the range of the training images."""
    low, high = float(parts[0].min()), float(parts[0].max())
    if parts[0].dtype == np.uint8 and high > 1:
        return [_divided(part, 0, 255) for part in parts], ("8-bit values divided by 255",)
    notes: tuple[str, ...] = ()
    if 0 <= low and high <= 1:
        low, high = 0.0, 1.0
    else:
        low = min(low, 0.0)
        if not math.isfinite(high - low):
            raise DataError(f"{name}: training images range from {low:g} to {high:g}; scale them.")
        how = f"divided by {high:g}" if low == 0 else f"brought from [{low:g}, {high:g}] to [0, 1]"
        notes = (f"values {how}, by the range of the training images",)
    rows = [_divided(part, low, high - low or 1) for part in parts]
    if notes:
        notes += _squeezed(rows[0])
    if len(rows) > 1:
        notes += _cut(rows[1], name, (float(parts[1].min()), float(parts[1].max())), (low, high))
    np.clip(rows[0], 0, 1, out=rows[0])  # rounding
    return rows, notes


def _squeezed(train: Rows) -> tuple[str, ...]:
    """Say so if few values take most of the range, and leave little of it to all others."""
    some = train[:: max(1, train.size // _N_JUDGED)]
    low, high = np.quantile(some, (0.01, 0.99))
    if not 0 < high - low < _SQUEEZED:  # 0: nearly all are equal, as in sparse images
        return ()
    return (
        f"warning: 98 % of the values now lie between {low:.2g} and {high:.2g}: are there "
        "outliers? cut them off first, or every input looks alike",
    )


def _divided(part: _Given, low: float, width: float) -> Rows:
    """Return a copy of images, less a number and divided by another."""
    exact = np.float32 if part.dtype in (np.uint8, np.float32) else np.float64
    rows: _Given = part.astype(exact)
    rows -= low
    rows /= width
    return rows.astype(np.float32, copy=False)


def _cut(
    test: Rows, name: str, found: tuple[float, float], trained: tuple[float, float]
) -> tuple[str, ...]:
    """Cut test images off at the range of training images, in place; say how many values."""
    low, high = trained
    width, share = high - low, (found[1] - found[0]) / (high - low or 1)
    if share > _WIDEST or found[0] > high or found[1] < low:
        raise DataError(
            f"{name}: training images range from {low:g} to {high:g}, but test images from "
            f"{found[0]:g} to {found[1]:g}; give both on the same scale."
        )
    outside = int(((test < 0) | (test > 1)).sum())
    np.clip(test, 0, 1, out=test)
    notes = []
    if outside:
        notes.append(f"{outside} of {test.size} values of test images lie beyond it: cut off")
    if 0 < share < _NARROWEST and width:
        notes.append(f"test images range over {share:.2g} of it only: are they on the same scale?")
    return tuple(notes)

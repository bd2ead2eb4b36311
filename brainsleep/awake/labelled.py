"""Images with labels, as users give them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..errors import KindError, ParameterError, brief
from ..translation import Translation
from ..translation.activations import as_input
from ..wake import Dataset

Shape: TypeAlias = tuple[int, ...]

#: Images with labels: a `bs.wake.Dataset`, or a pair (images, labels).
LabelledImages: TypeAlias = Dataset | tuple[ArrayLike, ArrayLike]


def images_and_labels(
    data: LabelledImages,
) -> tuple[NDArray[np.floating], NDArray[np.integer], list[Shape]]:
    """Read labelled images.

    Parameters
    ----------
    data : bs.wake.Dataset or pair (images, labels)
        What the user gave.

    Returns
    -------
    images, labels : ndarray, shape (n, ...) and (n,)
        Not checked yet.
    shapes : list of tuple of int
        Shapes in which a network may take one of these images.

    Raises
    ------
    KindError
        If it is neither.
    """
    if isinstance(data, (tuple, list)):
        if len(data) == 2:
            images, labels = (as_array(each) for each in data)
            return images, labels, [images.shape[1:]]
    elif hasattr(data, "images") and hasattr(data, "labels"):
        images, labels = np.asarray(data.images), np.asarray(data.labels)
        seen = tuple(getattr(data, "image_shape", ()))
        folded = (1, *seen) if len(seen) == 2 else seen
        return images, labels, [images.shape[1:], folded]
    raise KindError(
        "data must be a bs.wake.Dataset or a pair (images, labels), not "
        f"{brief(type(data).__name__)}."
    )


def flat_images(images: NDArray[np.floating], translation: Translation) -> NDArray[np.floating]:
    """Check images and return each as a row.

    Parameters
    ----------
    images : ndarray, shape (n, ...)
        The images.
    translation : Translation
        The network that is to see them.

    Returns
    -------
    ndarray, shape (n, n_inputs)

    Raises
    ------
    ParameterError, KindError
        If there are none, or if they do not fit the network or hold NaN.
    """
    as_input(images, translation)
    return np.ascontiguousarray(images).reshape(len(images), -1)


def check_labels(labels: NDArray[np.integer], n_images: int, n_outputs: int) -> None:
    """Check that there is a label for each image, and an output for each label.

    Parameters
    ----------
    labels : ndarray, shape (n_images,)
        The labels.
    n_images, n_outputs : int
        Number of images, and of outputs of the network.

    Raises
    ------
    ParameterError
        If the labels are no integers or of another number, or if one has no output.
    """
    if labels.shape != (n_images,) or labels.dtype.kind not in "iu":
        raise ParameterError(
            f"data: labels must be {n_images} integers, one per image, not an array of "
            f"{labels.dtype} of shape {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= n_outputs:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise ParameterError(
            f"data: label {wrong} has no output; the network's {n_outputs} outputs are 0 to "
            f"{n_outputs - 1}."
        )


def as_array(values: ArrayLike | torch.Tensor) -> np.ndarray:
    """Return an array, or a tensor as an array."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)

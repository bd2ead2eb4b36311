"""Checks of images with labels that a spiking network is to classify."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..translation import Translation
from ..translation.activation_recording import as_input


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

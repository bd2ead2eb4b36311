"""Images with labels as users give them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ..errors import ParameterError, UnitsError, brief
from ..translation import Translation
from ..translation.activations import as_input
from ..wake import Dataset

Shape: TypeAlias = tuple[int, ...]

#: Images with labels: a `bs.wake.Dataset`, or a pair (images, labels).
LabelledImages: TypeAlias = Dataset | tuple[npt.ArrayLike, npt.ArrayLike]


def images_and_labels(data: LabelledImages) -> tuple[np.ndarray, np.ndarray, list[Shape]]:
    """Read labelled images.

    Parameters
    ----------
    data : bs.wake.Dataset or pair (images, labels)
        What the user gave.

    Returns
    -------
    images, labels : ndarray
        Not checked yet.
    shapes : list of tuple of int
        What a network that takes these images may take them as, one image at a time.

    Raises
    ------
    UnitsError
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
    raise UnitsError(
        "data must be a bs.wake.Dataset or a pair (images, labels), not "
        f"{brief(type(data).__name__)}."
    )


def flat_images(images: np.ndarray, translation: Translation) -> np.ndarray:
    """Check images and lay each out in a row.

    Raises
    ------
    ParameterError, UnitsError
        If they do not fit the network, hold NaN, or are none.
    """
    as_input(images, translation)
    return np.ascontiguousarray(images).reshape(len(images), -1)


def check_labels(labels: np.ndarray, n_images: int, n_outputs: int) -> None:
    """Check that there is a label for each image, and an output for each label.

    Raises
    ------
    ParameterError
        If not.
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


def as_array(values: npt.ArrayLike | torch.Tensor) -> np.ndarray:
    """Read an array or a tensor."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)

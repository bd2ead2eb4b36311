"""Pictures of unsupervised learning: what neurons have learned to see, and how well they tell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from .canvas import AFTER_COLOUR, Axes, single_axes


def plot_receptive_fields(
    weights: npt.ArrayLike, image_shape: tuple[int, ...] = (28, 28), ax: Axes | None = None
) -> Axes:
    """Draw the weights of neurons as images, side by side.

    Parameters
    ----------
    weights : array_like, shape (n_neurons, n_pixels)
        Of each neuron from all pixels.
    image_shape : tuple of int
        Rows and columns.
    ax : Axes, optional
        Default: a new figure's.

    Returns
    -------
    Axes
        Black are the largest weights, one in two hundred.

    Raises
    ------
    ParameterError
        If the weights do not make such images.

    Examples
    --------
    >>> plot_receptive_fields(state.weights[:100])  # doctest: +SKIP
    """
    fields = np.asarray(weights, dtype=float)
    if fields.ndim != 2 or len(image_shape) != 2 or fields.shape[1] != math.prod(image_shape):
        raise ParameterError(
            f"weights: shape {fields.shape} does not make images of shape {image_shape}."
        )
    ax = single_axes(ax, 6, 6)
    n_columns = math.ceil(math.sqrt(len(fields)))
    n_rows = math.ceil(len(fields) / n_columns)
    height, width = image_shape
    canvas = np.full((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1), np.nan)
    for index, field in enumerate(fields):
        top = index // n_columns * (height + 1)
        left = index % n_columns * (width + 1)
        canvas[top : top + height, left : left + width] = field.reshape(image_shape)
    ax.imshow(
        canvas, cmap="gray_r", vmin=0, vmax=np.quantile(fields, 0.995), interpolation="nearest"
    )
    ax.set_axis_off()
    return ax


def plot_learning_curve(
    n_shown: npt.ArrayLike, accuracies: npt.ArrayLike, ax: Axes | None = None
) -> Axes:
    """Draw accuracy against the number of images shown.

    Parameters
    ----------
    n_shown, accuracies : array_like, shape (n,)
        Images shown so far; part of the test images told rightly then.
    ax : Axes, optional
        Default: a new figure's.

    Returns
    -------
    Axes

    Raises
    ------
    ParameterError
        If they are not equally many.

    Examples
    --------
    >>> plot_learning_curve([1000, 2000], [0.6, 0.7])  # doctest: +SKIP
    """
    shown: Any = np.asarray(n_shown, dtype=float)
    percent: Any = 100 * np.asarray(accuracies, dtype=float)
    if shown.shape != percent.shape or shown.ndim != 1:
        raise ParameterError(
            f"n_shown and accuracies must be equally many, not {shown.shape} and {percent.shape}."
        )
    ax = single_axes(ax, 5, 3.2)
    ax.plot(shown, percent, color=AFTER_COLOUR, marker="o", markersize=4)
    ax.set_xlabel("Images shown")
    ax.set_ylabel("Accuracy (%)")
    ax.set_ylim(0, 100)
    ax.set_xlim(left=0)
    ax.spines[["top", "right"]].set_visible(False)
    return ax

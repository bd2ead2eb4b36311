"""Pictures of unsupervised learning: learned weights, and accuracy while learning."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import truth
from ..support.names import read_shape, text
from .canvas import AFTER_COLOUR, Axes, hide_frame, single_axes
from .style import styled
from .weight_colours import weight_colours


@public
@styled
def plot_receptive_fields(
    weights: npt.ArrayLike,
    image_shape: tuple[int, ...] = (28, 28),
    ax: Axes | None = None,
    *,
    label: str = "Weight",
    colorbar: bool = True,
) -> Axes:
    """Draw the weights of each neuron as an image, all side by side.

    Parameters
    ----------
    weights : array_like, shape (n_neurons, n_pixels)
        Weights of each neuron from all pixels; without units.
    image_shape : tuple of int
        Rows and columns of an image.
    ax : Axes, optional
        Default: that of a new figure.
    label : str
        What the colour bar shows.
    colorbar : bool
        Whether to add a colour bar.

    Returns
    -------
    Axes
        Without ticks. White is 0; black are the largest weights, 1 in 200. Where there are weights
        of both signs, negative ones are blue and positive ones red.

    Raises
    ------
    ParameterError
        If the number of weights per neuron does not fit the shape.

    Examples
    --------
    >>> plot_receptive_fields(state.weights[:100])  # doctest: +SKIP
    """
    fields, image_shape = numbers(weights, "weights"), read_shape(image_shape, "image_shape")
    if fields.ndim != 2 or len(image_shape) != 2 or fields.shape[1] != math.prod(image_shape):
        raise ParameterError(
            f"weights: shape {fields.shape} does not fit images of shape {image_shape}; it must "
            "be (n_neurons, rows * columns)."
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
    colours = weight_colours(fields)
    image = ax.imshow(canvas, **colours)
    if truth(colorbar, "colorbar"):
        extend = "both" if colours["vmin"] < 0 else "max"
        name = text(label, "label")
        ax.figure.colorbar(image, ax=ax, label=name, extend=extend, shrink=0.7)
    ax.set_axis_off()
    return ax


@public
@styled
def plot_learning_curve(
    n_shown: npt.ArrayLike, accuracies: npt.ArrayLike, ax: Axes | None = None
) -> Axes:
    """Draw accuracy in % against the number of images shown.

    Parameters
    ----------
    n_shown, accuracies : array_like, shape (n,)
        Number of images shown so far; fraction of test images classified correctly by then, between
        0 and 1.
    ax : Axes, optional
        Default: that of a new figure.

    Returns
    -------
    Axes
        Images shown to the right; accuracy in % upwards.

    Raises
    ------
    ParameterError
        If they have different lengths.

    Examples
    --------
    >>> plot_learning_curve([1000, 2000], [0.6, 0.7])  # doctest: +SKIP
    """
    shown = numbers(n_shown, "n_shown", minimum=0)
    percent = 100 * numbers(accuracies, "accuracies", minimum=0, maximum=1)
    if shown.shape != percent.shape or shown.ndim != 1:
        raise ParameterError(
            "n_shown and accuracies must have the same shape (n,), not "
            f"{shown.shape} and {percent.shape}."
        )
    ax = single_axes(ax, 5, 3.2)
    ax.plot(shown, percent, color=AFTER_COLOUR, marker="o", markersize=4)
    ax.set_xlabel("Images shown")
    ax.set_ylabel("Accuracy (%)")
    ax.set_ylim(0, 100)
    ax.set_xlim(left=0)
    hide_frame(ax)
    return ax

"""Accuracy by stage and task, as heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.image import AxesImage

from ..errors import ParameterError
from ..measures.continual import AccuracyMatrix, accuracy_array
from .canvas import Axes, AxesArray, axes_grid, single_axes

#: Runs evenly from dark to light, for colour-blind eyes and in print too.
_COLOUR_MAP = "cividis"
_COLOUR_BAR_LABEL = "Test accuracy"


def plot_accuracy_matrix(
    R: AccuracyMatrix,
    ax: Axes | None = None,
    title: str | None = None,
    task_names: Sequence[str] | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the accuracy of each task at each stage as a heat map, with numbers.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[stage][task]``, between 0 and 1; None, left blank, for a task not yet seen.
    ax : Axes, optional
        Default: a new figure's.
    title : str, optional
        Default: none.
    task_names : sequence of str, optional
        One a task. Default: "1", "2", ...
    colorbar : bool
        Whether to add a colour bar, which runs from 0 to 1.

    Returns
    -------
    Axes
        Stages run downwards, tasks to the right.

    Raises
    ------
    ParameterError
        If `R` is no accuracy matrix, or the number of names is wrong.

    Examples
    --------
    >>> plot_accuracy_matrix([[1.0, None], [0.25, 0.75]], title="No sleep")  # doctest: +SKIP
    """
    matrix = accuracy_array(R)
    names = _task_names(task_names, matrix.shape[1])
    width, height = _size(matrix)
    ax = single_axes(ax, width + 1.6 * colorbar, height)
    image = _heat_map(ax, matrix, names, title)
    if colorbar:
        ax.figure.colorbar(image, ax=ax, label=_COLOUR_BAR_LABEL)
    return ax


def plot_accuracy_before_after(
    before: AccuracyMatrix,
    after: AccuracyMatrix,
    axes: Any = None,
    task_names: Sequence[str] | None = None,
) -> AxesArray:
    """Draw two accuracy heat maps side by side: before and after each stage's night.

    Parameters
    ----------
    before, after : sequence of sequences of float or None
        ``R[stage][task]``, as in :func:`plot_accuracy_matrix`; of one shape.
    axes : array_like of Axes, optional
        Two. Default: a new figure's.
    task_names : sequence of str, optional
        One a task. Default: "1", "2", ...

    Returns
    -------
    ndarray of Axes, shape (2,)
        Before and after; they share a colour bar.

    Raises
    ------
    ParameterError
        If one is no accuracy matrix, their shapes differ, or the number of names or axes is
        wrong.

    Examples
    --------
    >>> plot_accuracy_before_after([[1.0], [0.0]], [[1.0], [0.5]])  # doctest: +SKIP
    """
    matrices = accuracy_array(before, "before"), accuracy_array(after, "after")
    if matrices[0].shape != matrices[1].shape:
        raise ParameterError(
            f"before has shape {matrices[0].shape}, but after {matrices[1].shape}."
        )
    names = _task_names(task_names, matrices[0].shape[1])
    width, height = _size(matrices[0])
    panels = axes_grid(axes, 1, 2, width=2 * width + 1, height=height)[0]
    titles = ("Before sleep", "After sleep")
    for ax, matrix, title in zip(panels, matrices, titles, strict=True):
        image = _heat_map(ax, matrix, names, title)
    panels[0].figure.colorbar(image, ax=list(panels), label=_COLOUR_BAR_LABEL)
    return panels


def _task_names(names: Sequence[str] | None, n_tasks: int) -> list[str]:
    """Return one name a task."""
    if names is None:
        return [str(number + 1) for number in range(n_tasks)]
    if isinstance(names, str) or len(names) != n_tasks:
        raise ParameterError(f"task_names: {names!r} for {n_tasks} tasks; give one a task.")
    return [str(name) for name in names]


def _size(matrix: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the size in inches that a heat map needs."""
    n_stages, n_tasks = matrix.shape
    return max(2.6, 1.1 + 0.62 * n_tasks), max(1.9, 1.0 + 0.5 * n_stages)


def _heat_map(
    ax: Axes, matrix: npt.NDArray[np.float64], task_names: list[str], title: str | None
) -> AxesImage:
    """Draw one heat map."""
    colours = matplotlib.colormaps[_COLOUR_MAP]
    seen = np.ma.masked_invalid(matrix)
    image = ax.imshow(seen, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for (stage, task), value in np.ndenumerate(matrix):
        if not np.isnan(value):
            on_dark = value < 0.52
            ax.text(
                task,
                stage,
                f"{value:.2f}",
                ha="center",
                va="center",
                color="white" if on_dark else "black",
            )
    n_stages, n_tasks = matrix.shape
    ax.set_xticks(range(n_tasks), task_names)
    ax.set_yticks(range(n_stages), [str(number + 1) for number in range(n_stages)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    # thin white lines between the cells
    ax.set_xticks(np.arange(0.5, n_tasks - 1), minor=True)
    ax.set_yticks(np.arange(0.5, n_stages - 1), minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.set_xlabel("Task")
    ax.set_ylabel("Stage (tasks learned)")
    if title is not None:
        ax.set_title(title)
    return image

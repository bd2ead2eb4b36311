"""Accuracy of each task after each learned task, as heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.image import AxesImage

from ..errors import ParameterError, brief
from ..measures.accuracy_matrix import AccuracyMatrix, accuracy_array
from ..support.calls import public
from ..support.names import items, text
from .canvas import Axes, AxesArray, AxesLike, axes_grid, single_axes
from .style import styled

#: Runs evenly from dark to light, for colour-blind eyes and in print too.
_COLOUR_MAP = "cividis"
_COLOUR_BAR_LABEL = "Test accuracy"


@public
@styled
def plot_accuracy_matrix(
    R: AccuracyMatrix,
    ax: Axes | None = None,
    *,
    title: str | None = None,
    task_names: Sequence[str] | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the accuracy of each task after each learned task, as a heat map with numbers.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy, between 0 and 1, of task j after task k was learned; None or NaN,
        left blank, for a task not yet seen. Rows may grow with the tasks seen, and one row alone
        will do.
    ax : Axes, optional
        Default: that of a new figure.
    title : str, optional
        Default: none.
    task_names : sequence of str, optional
        One per task. Default: "1", "2", ...
    colorbar : bool
        Whether to add a colour bar, which runs from 0 to 1.

    Returns
    -------
    Axes
        Number of tasks learned downwards, tasks to the right.

    Raises
    ------
    ParameterError
        If `R` is not an accuracy matrix, or the number of names is wrong.

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


@public
@styled
def plot_accuracy_before_after(
    before: AccuracyMatrix,
    after: AccuracyMatrix,
    axes: AxesLike | None = None,
    *,
    task_names: Sequence[str] | None = None,
) -> AxesArray:
    """Draw two heat maps side by side: accuracy before and after the night that follows each task.

    Parameters
    ----------
    before, after : sequence of sequences of float or None
        As in :func:`plot_accuracy_matrix`; both of the same shape.
    axes : array_like of Axes, optional
        Two. Default: those of a new figure.
    task_names : sequence of str, optional
        One per task. Default: "1", "2", ...

    Returns
    -------
    ndarray of Axes, shape (2,)
        Before and after; they share a colour bar.

    Raises
    ------
    ParameterError
        If one is not an accuracy matrix, their shapes differ, or the number of names or axes is
        wrong.

    Examples
    --------
    >>> plot_accuracy_before_after([[1.0], [0.0]], [[1.0], [0.5]])  # doctest: +SKIP
    """
    matrices = accuracy_array(before, "before"), accuracy_array(after, "after")
    if matrices[0].shape != matrices[1].shape:
        raise ParameterError(
            f"before has shape {matrices[0].shape}, but after {matrices[1].shape}; give both of "
            "one experiment."
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
    """Return one name per task."""
    if names is None:
        return [str(number + 1) for number in range(n_tasks)]
    given = items(names, "task_names", "a list of one name per task")
    if len(given) != n_tasks:
        raise ParameterError(
            f"task_names: {brief(names)} for {n_tasks} tasks; give a list of one name per task."
        )
    return [name if isinstance(name, str) else brief(name) for name in given]


def _size(matrix: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the size in inches that a heat map needs."""
    n_learned, n_tasks = matrix.shape
    return max(2.6, 1.1 + 0.62 * n_tasks), max(1.9, 1.0 + 0.5 * n_learned)


def _heat_map(
    ax: Axes, matrix: npt.NDArray[np.float64], task_names: list[str], title: str | None
) -> AxesImage:
    """Draw one heat map."""
    colours = matplotlib.colormaps[_COLOUR_MAP]
    seen = np.ma.masked_invalid(matrix)
    image = ax.imshow(seen, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for (row, task), value in np.ndenumerate(matrix):
        if not np.isnan(value):
            on_dark = value < 0.52
            ax.text(
                task,
                row,
                f"{value:.2f}",
                ha="center",
                va="center",
                color="white" if on_dark else "black",
            )
    n_learned, n_tasks = matrix.shape
    ax.set_xticks(range(n_tasks), task_names)
    ax.set_yticks(range(n_learned), [str(number + 1) for number in range(n_learned)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    # white lines between the cells
    ax.set_xticks(np.arange(0.5, n_tasks - 1), minor=True)
    ax.set_yticks(np.arange(0.5, n_learned - 1), minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.set_xlabel("Task")
    ax.set_ylabel("Tasks learned")
    if title is not None:
        ax.set_title(text(title, "title"))
    return image

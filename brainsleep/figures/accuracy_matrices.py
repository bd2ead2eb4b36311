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
from ..support.checks import number, truth
from ..support.names import items, text
from .canvas import Axes, AxesArray, AxesLike, axes_grid, set_title, single_axes
from .style import styled

#: Runs evenly from dark to light, for colour-blind eyes and in print too.
_COLOUR_MAP = "cividis"

#: Between the tasks and their mean, in cells.
_GAP = 0.25


@public
@styled
def plot_accuracy_matrix(
    R: AccuracyMatrix,
    ax: Axes | None = None,
    *,
    title: str | None = None,
    task_names: Sequence[str] | None = None,
    colorbar: bool = True,
    mean: bool = True,
    chance: float | None = None,
) -> Axes:
    """Draw the accuracy of each task after each learned task, as a heat map with numbers in %.

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
        Whether to add a colour bar, which runs from 0 to 100 %.
    mean : bool
        Whether a last column has the mean over the tasks seen.
    chance : float, optional
        Accuracy of guessing, between 0 and 1; a line in the colour bar.

    Returns
    -------
    Axes
        Number of tasks learned downwards, tasks to the right.

    Raises
    ------
    ParameterError
        If `R` is not an accuracy matrix, the number of names is wrong, or `chance` is no
        accuracy.

    Examples
    --------
    >>> plot_accuracy_matrix([[1.0, None], [0.25, 0.75]], title="No sleep")  # doctest: +SKIP
    """
    matrix = accuracy_array(R)
    names = _task_names(task_names, matrix.shape[1])
    mean, level = truth(mean, "mean") and matrix.shape[1] > 1, _read_chance(chance)
    width, height = _size(matrix, mean)
    ax = single_axes(ax, width + 1.6 * colorbar, height)
    image = _heat_map(ax, matrix, names, title, mean)
    if colorbar:
        _colour_bar(image, [ax], level)
    elif level is not None:
        ax.set_xlabel(f"Task (chance: {level:.3g} %)")
    return ax


@public
@styled
def plot_accuracy_before_after(
    before: AccuracyMatrix,
    after: AccuracyMatrix,
    axes: AxesLike | None = None,
    *,
    task_names: Sequence[str] | None = None,
    mean: bool = True,
    chance: float | None = None,
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
    mean, chance
        As in :func:`plot_accuracy_matrix`.

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
    mean, level = truth(mean, "mean") and matrices[0].shape[1] > 1, _read_chance(chance)
    width, height = _size(matrices[0], mean)
    panels = axes_grid(axes, 1, 2, width=2 * width + 1, height=height)[0]
    titles = ("Before sleep", "After sleep")
    for ax, matrix, title in zip(panels, matrices, titles, strict=True):
        image = _heat_map(ax, matrix, names, title, mean)
    _colour_bar(image, list(panels), level)
    return panels


def _read_chance(chance: float | None) -> float | None:
    """Read the accuracy of guessing, in %."""
    return None if chance is None else 100 * number(chance, "chance", minimum=0, maximum=1)


def _colour_bar(image: AxesImage, panels: list[Axes], chance: float | None) -> None:
    """Draw the colour bar of some panels, with the level of chance."""
    label = "Accuracy (%)" if chance is None else f"Accuracy (%); line: chance, {chance:.3g} %"
    bar = panels[0].figure.colorbar(image, ax=panels, label=label)
    if chance is not None:
        bar.ax.axhline(chance, color="white", linewidth=2)


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


def _size(matrix: npt.NDArray[np.float64], mean: bool) -> tuple[float, float]:
    """Return the size in inches that a heat map needs."""
    n_learned, n_tasks = matrix.shape
    return max(2.6, 1.1 + 0.62 * (n_tasks + mean)), max(1.9, 1.0 + 0.5 * n_learned)


def _heat_map(
    ax: Axes,
    matrix: npt.NDArray[np.float64],
    task_names: list[str],
    title: str | None,
    mean: bool,
) -> AxesImage:
    """Draw one heat map, in %; return the image of the tasks."""
    n_learned, n_tasks = matrix.shape
    image = _cells(ax, 100 * matrix, 0.0)
    places, names, right = list(map(float, range(n_tasks))), task_names, n_tasks - 0.5
    if mean:
        means = np.ma.masked_invalid(matrix).mean(axis=1, keepdims=True).filled(np.nan)
        _cells(ax, 100 * means, n_tasks + _GAP)
        places, names, right = [*places, n_tasks + _GAP], [*names, "mean"], right + 1 + _GAP
    ax.set_xlim(-0.5, right)
    ax.set_xticks(places, names)
    ax.set_yticks(range(n_learned), [str(row + 1) for row in range(n_learned)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("Task")
    ax.set_ylabel("Tasks learned")
    if title is not None:
        set_title(ax, text(title, "title"), loc="center")
    return image


def _cells(ax: Axes, percent: npt.NDArray[np.float64], left: float) -> AxesImage:
    """Draw cells with their numbers, and white lines between them, from a place on."""
    n_rows, n_columns = percent.shape
    right, bottom = left + n_columns - 0.5, n_rows - 0.5
    image = ax.imshow(
        np.ma.masked_invalid(percent),
        cmap=matplotlib.colormaps[_COLOUR_MAP],
        vmin=0,
        vmax=100,
        aspect="auto",
        extent=(left - 0.5, right, bottom, -0.5),
    )
    for (row, column), value in np.ndenumerate(percent):
        if not np.isnan(value):
            colour = "white" if value < 52 else "black"
            number = ax.text(left + column, row, f"{value:.1f}", color=colour)
            number.set(ha="center", va="center", in_layout=False)  # it is within its cell
    ax.vlines(left + np.arange(n_columns - 1) + 0.5, -0.5, bottom, color="white", linewidth=1.5)
    ax.hlines(np.arange(n_rows - 1) + 0.5, left - 0.5, right, color="white", linewidth=1.5)
    return image

"""What figures are drawn on: new figures, given axes, colours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes as Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from matplotlib.transforms import ScaledTranslation

from ..errors import KindError, ParameterError, brief
from ..support.names import items
from .style import COLOURS as COLOURS

#: An array of `matplotlib.axes.Axes`.
AxesArray: TypeAlias = npt.NDArray[np.object_]

#: Axes as they may be given: one, or several in any shape.
AxesLike: TypeAlias = Axes | Sequence[Axes] | AxesArray

BEFORE_COLOUR = "0.72"
AFTER_COLOUR = COLOURS[0]
DOT_COLOUR = "0.15"
UP_COLOUR, UP_ALPHA = COLOURS[1], 0.18


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure.

    In IPython, pyplot knows the figure, so that a notebook shows it. Anywhere else it does not,
    so that the figure is freed when nothing refers to it any more.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    Figure
    """
    if _in_ipython():
        from matplotlib import pyplot

        return pyplot.figure(figsize=(width, height), layout="constrained")
    return Figure(figsize=(width, height), layout="constrained")


def single_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or, if it is None, the axes of a new figure of this size in inches.

    Raises
    ------
    KindError
        If it is something else.
    """
    if ax is None:
        return new_figure(width, height).add_subplot()
    if not isinstance(ax, Axes):
        raise KindError(f"ax must be a matplotlib Axes, not {brief(ax)}.")
    return ax


def axes_grid(
    axes: AxesLike | None,
    n_rows: int,
    n_columns: int,
    *,
    width: float,
    height: float,
    **subplots: Any,
) -> AxesArray:
    """Return the given axes as a grid, or those of a new figure.

    Parameters
    ----------
    axes : Axes, array_like of Axes or None
        As many as there are panels, in any shape; row by row.
    n_rows, n_columns : int
        Rows and columns of panels.
    width, height : float
        A new figure's size in inches.
    **subplots
        Arguments of `Figure.subplots` for a new figure.

    Returns
    -------
    ndarray of Axes, shape (n_rows, n_columns)

    Raises
    ------
    ParameterError
        If something other than axes is given, or not as many as needed.
    """
    if axes is None:
        return new_figure(width, height).subplots(n_rows, n_columns, squeeze=False, **subplots)
    given = all_axes(axes)
    if given.size != n_rows * n_columns:
        raise ParameterError(
            f"axes: {given.size} given, but there are {n_rows * n_columns} panels to draw."
        )
    return given.reshape(n_rows, n_columns)


def all_axes(axes: object) -> AxesArray:
    """Read one or more axes, in any shape, as a flat array.

    Raises
    ------
    KindError
        If it is something else.
    """
    if isinstance(axes, Axes):
        return np.array([axes], dtype=object)
    listed = axes.ravel().tolist() if isinstance(axes, np.ndarray) and axes.size < 10_000 else axes
    flat: list[Axes] = []
    for one in items(listed, "axes", "matplotlib Axes", most=10_000):
        row = one if isinstance(one, (list, tuple)) else [one]
        for ax in row:
            if not isinstance(ax, Axes):
                raise KindError(f"axes must be matplotlib Axes, not {brief(ax)}.")
            flat.append(ax)
    return np.array(flat, dtype=object)


def hide_frame(ax: Axes) -> None:
    """Hide the lines at the top and on the right of a panel."""
    ax.spines[["top", "right"]].set_visible(False)


def set_title(ax: Axes, title: str, *, loc: Literal["left", "center"] = "left") -> None:
    """Write a title above a panel, whose ticks have been set.

    matplotlib looks for what the title might cover, ticks at the top or a power of ten above the y
    axis, each time it measures or draws the panel, which takes longer than the panel itself. Where
    there can be neither, the title keeps its place.
    """
    ticks, formatter = ax.xaxis.get_tick_params(), ax.yaxis.get_major_formatter()
    on_top = ticks.get("top", False) or ticks.get("labeltop", False)
    on_top = on_top or ax.xaxis.get_label_position() == "top"
    is_free = not on_top and not isinstance(formatter, ScalarFormatter)
    ax.set_title(title, loc=loc, y=1.0 if is_free else None)


def align_y_labels(panels: Sequence[Axes]) -> None:
    """Bring the labels of the y axes of panels below one another to one distance from them.

    Their ticks are measured once, so they must have been set. `Figure.align_ylabels` measures those
    of all panels anew for each panel, each time anything is measured or drawn.
    """
    places = []
    for ax in panels:
        ax.yaxis.get_tightbbox()  # which places the label
        places.append(ax.yaxis.label.get_position()[0] - ax.get_window_extent().x0)
    figure = panels[0].figure
    shift = ScaledTranslation(min(places) / figure.dpi, 0, figure.dpi_scale_trans)
    for ax in panels:
        ax.yaxis.set_label_coords(0, 0.5, transform=ax.transAxes + shift)


def _in_ipython() -> bool:
    """Tell whether an IPython session is running."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None

"""What figures are drawn on: new figures, given axes, files, colours."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes as Axes
from matplotlib.figure import Figure, SubFigure

from ..errors import DirectoryError, ParameterError, suggest

#: An array of `matplotlib.axes.Axes`.
AxesArray = npt.NDArray[np.object_]

#: Colours that stay apart for colour-blind eyes (Okabe and Ito, 2008), black left out.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
BEFORE_COLOUR = "0.72"
AFTER_COLOUR = COLOURS[0]
DOT_COLOUR = "0.15"

#: Dots per inch of figures that are saved.
DPI = 150


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, in inches.

    In IPython it is one of pyplot's, so that a notebook shows it. Anywhere else pyplot knows
    nothing of it, and it is gone when nobody refers to it.
    """
    if _in_ipython():
        from matplotlib import pyplot

        return pyplot.figure(figsize=(width, height), layout="constrained")
    return Figure(figsize=(width, height), layout="constrained")


def single_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or the axes of a new figure."""
    if ax is None:
        return new_figure(width, height).add_subplot()
    if not isinstance(ax, Axes):
        raise ParameterError(f"ax must be a matplotlib Axes, not {ax!r}.")
    return ax


def axes_grid(
    axes: Any, n_rows: int, n_columns: int, width: float, height: float, **subplots: Any
) -> AxesArray:
    """Return the given axes as a grid, or those of a new figure.

    Parameters
    ----------
    axes : Axes, array_like of Axes or None
        As many as there are panels, in any shape; row by row.
    n_rows, n_columns : int
        Panels.
    width, height : float
        A new figure's size in inches.
    **subplots
        For `Figure.subplots` of a new figure.

    Returns
    -------
    ndarray of Axes, shape (n_rows, n_columns)

    Raises
    ------
    ParameterError
        If something else than axes is given, or not as many as needed.
    """
    if axes is None:
        return new_figure(width, height).subplots(n_rows, n_columns, squeeze=False, **subplots)
    given = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    wrong = [ax for ax in given if not isinstance(ax, Axes)]
    if wrong:
        raise ParameterError(f"axes must be matplotlib Axes, not {wrong[0]!r}.")
    if given.size != n_rows * n_columns:
        raise ParameterError(
            f"axes: {given.size} given, but there are {n_rows * n_columns} panels to draw."
        )
    return given.reshape(n_rows, n_columns)


def save_figure(figure: Any, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, which appears whole or not at all.

    Parameters
    ----------
    figure : Figure, Axes or array_like of Axes
        What a function of this room returned.
    path : path
        The ending says the format: ``.png`` (150 dpi), ``.pdf``, ``.svg``, ... A file already
        there is replaced; missing directories are made.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ParameterError
        If there is no such format, or `figure` is no figure.
    DirectoryError
        If the file cannot be written.

    Examples
    --------
    >>> save_figure(night.plot_raster(), "raster.png")  # doctest: +SKIP
    """
    drawn = _figure_of(figure)
    target = Path(path)
    file_format = target.suffix.lstrip(".").lower()
    formats = drawn.canvas.get_supported_filetypes()
    if file_format not in formats:
        raise ParameterError(
            f"{target}: cannot write figures as {file_format!r}.{suggest(file_format, formats)}"
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        drawn.savefig(temporary, format=file_format, dpi=DPI, bbox_inches="tight")
        temporary.replace(target)
    except OSError as error:
        raise DirectoryError(f"cannot write {target}: {error.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def _figure_of(drawn: Any) -> Figure:
    """Return the figure that `drawn` is, or is part of."""
    if isinstance(drawn, Figure):
        return drawn
    first = np.atleast_1d(np.asarray(drawn, dtype=object)).ravel()[:1]
    if first.size == 0 or not isinstance(first[0], Axes):
        raise ParameterError(f"only a figure or axes can be saved, not {drawn!r}.")
    figure = first[0].figure
    while isinstance(figure, SubFigure):
        figure = figure.figure
    if figure is None:
        raise ParameterError("these axes belong to no figure any more.")
    return figure


def _in_ipython() -> bool:
    """Tell whether an IPython session is running."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None

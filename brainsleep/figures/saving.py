"""Figures as files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from ..errors import BrainsleepError, KindError, ParameterError, brief, suggest
from ..support.calls import public
from ..support.files import make_parents, replacing
from ..support.names import read_path
from .canvas import AxesLike, all_axes

#: Dots per inch of figures that are saved.
DPI = 150

#: For PNG files: half as long as with what is usual, and files a fifth larger.
_COMPRESSION: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}


@public
def save_figure(figure: Figure | AxesLike, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, which appears when it is complete.

    Parameters
    ----------
    figure : Figure, Axes or array_like of Axes
        What a function of this package returned.
    path : path
        The ending names the format: ``.png`` (150 dpi), ``.pdf``, ``.svg``, ... A file already
        there is replaced; missing directories are made.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ParameterError
        If there is no such format, or `figure` is not a figure.
    DirectoryError
        If the file cannot be written.

    Examples
    --------
    >>> save_figure(night.plot_raster(), "raster.png")  # doctest: +SKIP
    """
    drawn = figure_of(figure)
    target = read_path(path, "path")
    file_format = target.suffix.lstrip(".").lower()
    formats = drawn.canvas.get_supported_filetypes()
    if file_format not in formats:
        raise ParameterError(
            f"{target}: cannot write figures as {file_format!r}.{suggest(file_format, formats)}"
        )
    make_parents(target)
    with replacing(target) as partial:
        with _laid_out(drawn, file_format) as box:
            more = _COMPRESSION.get(file_format, {})
            drawn.savefig(partial, format=file_format, dpi=DPI, bbox_inches=box, **more)
    return target


@contextmanager
def _laid_out(figure: Figure, file_format: str) -> Iterator[Bbox | str]:
    """Lay a figure out as it will be saved; yield the part of it to save, in inches.

    For pixels this does without the pass through the whole figure in which matplotlib draws
    nothing; the picture is the same. Other formats measure text in their own ways.
    """
    engine = figure.get_layout_engine()
    if file_format != "png" or not isinstance(engine, ConstrainedLayoutEngine):
        yield "tight"
        return
    with mpl.rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False}):
        dpi = figure.dpi
        figure.dpi = DPI
        try:
            engine.execute(figure)
            figure.set_layout_engine(None)
            box = figure.get_tightbbox()
            yield box.padded(mpl.rcParams["savefig.pad_inches"])
        finally:
            figure.set_layout_engine(engine)
            figure.dpi = dpi


def figure_of(drawn: Figure | AxesLike) -> Figure:
    """Return the figure that `drawn` is, or is part of."""
    if isinstance(drawn, Figure):
        return drawn
    try:
        first = all_axes(drawn)[:1]
    except BrainsleepError:
        first = np.zeros(0, dtype=object)
    if first.size == 0:
        raise KindError(f"only a figure or axes can be saved, not {brief(drawn)}.")
    figure = first[0].figure
    while isinstance(figure, SubFigure):
        figure = figure.figure
    if figure is None:
        raise ParameterError(
            "these axes have been removed from their figure; draw again and save that."
        )
    return figure

"""Ticks that are placed and measured once, while a figure is laid out, measured and drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.axis import Axis
from matplotlib.figure import Figure


@contextmanager
def known_ticks(figure: Figure) -> Iterator[None]:
    """Let axes remember their ticks in a ``with`` block, in which nothing but the layout changes.

    matplotlib places the ticks of an axis and measures their labels anew for the label of the axis,
    for both of its lines and for titles, in each of four passes; that is a third of what a figure
    takes. Where a version of matplotlib does so by other methods, these do as they always did.
    """
    axes = [one for ax in figure.axes for one in (ax, *ax.child_axes)]
    kept = [axis for ax in axes for axis in (ax.xaxis, ax.yaxis)]
    for axis in kept:
        _remember(axis, "_update_ticks", _size_of)
        _remember(axis, "_get_ticklabel_bboxes", _place_of)
    try:
        yield
    finally:
        for axis in kept:
            for name in ("_update_ticks", "_get_ticklabel_bboxes"):
                vars(axis).pop(name, None)


def _size_of(axis: Axis) -> tuple[float, ...]:
    """Return what decides which ticks an axis has: its limits, and how long it is in points."""
    box, dpi = axis.axes.bbox, axis.axes.figure.dpi
    return (*axis.get_view_interval(), round(box.width, 6), round(box.height, 6), dpi)


def _place_of(axis: Axis) -> tuple[float, ...]:
    """Return what decides where the labels of its ticks are."""
    return (*_size_of(axis), *axis.axes.bbox.bounds)


def _remember(axis: Axis, name: str, decided_by: Callable[[Axis], tuple[float, ...]]) -> None:
    """Let a method of one axis return what it returned, as long as what decides it is the same."""
    method = getattr(axis, name, None)
    if method is None or name in vars(axis):
        return
    state: list[Any] = [None, None]

    def remembered(*args: Any, **keywords: Any) -> Any:
        now = decided_by(axis)
        if state[0] != now:
            state[:] = now, method(*args, **keywords)
        return state[1]

    setattr(axis, name, remembered)

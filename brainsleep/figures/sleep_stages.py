"""Hypnograms: which stage of sleep comes when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..errors import KindError, ParameterError, brief, suggest
from ..support.calls import public
from ..support.quantities import quantity
from .canvas import COLOURS, DOT_COLOUR, Axes, hide_frame, single_axes
from .style import styled
from .time_axis import time_unit

FloatArray = npt.NDArray[np.float64]

#: Stages, from the top of a hypnogram to its bottom.
STAGES = ("Wake", "REM", "NREM")

_REM_COLOUR = COLOURS[4]


class DrawnSegment(Protocol):
    """One stage of a hypnogram, such as `brainsleep.stages.Segment`."""

    @property
    def name(self) -> str:
        """Name of the stage: "Wake", "REM" or "NREM"."""

    @property
    def start(self) -> Quantity:
        """When it begins."""

    @property
    def duration(self) -> Quantity:
        """How long it lasts."""


class DrawnStages(Protocol):
    """Stages one after the other, such as `brainsleep.stages.Hypnogram`."""

    @property
    def segments(self) -> Sequence[DrawnSegment]:
        """The stages in order."""


@dataclass(frozen=True)
class _Bout:
    """One segment: when it starts and ends, in seconds, and its row, 0 at the bottom."""

    start: float
    end: float
    row: int


@public
@styled
def plot_hypnogram(stages: DrawnStages, ax: Axes | None = None) -> Axes:
    """Draw which stage of sleep comes when, as a staircase: Wake on top, then REM, then NREM.

    REM is drawn as a thick line, as is usual in sleep laboratories.

    Parameters
    ----------
    stages : Hypnogram
        Or any object whose ``segments`` are a sequence of objects with a ``name`` ("Wake", "REM"
        or "NREM"), a ``start`` and a ``duration`` (quantities), one after the other. Where there
        is time between two segments, the staircase has a gap.
    ax : Axes, optional
        Default: that of a new figure.

    Returns
    -------
    Axes
        Time to the right, in ms, s, min or h, whichever fits; stages upwards.

    Raises
    ------
    ParameterError
        If there are no segments, they overlap, or a stage is unknown.
    UnitsError
        If `stages` has no segments, or a start or duration is not a time.

    Examples
    --------
    >>> plot_hypnogram(night_plan)  # doctest: +SKIP
    """
    bouts = _bouts(stages)
    ax = single_axes(ax, 8, 2.2)
    scale, unit = time_unit(bouts[-1].end - bouts[0].start)
    times, rows = _staircase(bouts)
    ax.plot(times / scale, rows, color=DOT_COLOUR, linewidth=1.2, solid_joinstyle="miter")
    rem = STAGES[::-1].index("REM")
    for bout in bouts:
        if bout.row == rem:
            span = [bout.start / scale, bout.end / scale]
            ax.plot(span, [rem, rem], color=_REM_COLOUR, linewidth=5, solid_capstyle="butt")
    ax.set_yticks(range(len(STAGES)), STAGES[::-1])
    ax.set_ylim(-0.4, len(STAGES) - 0.6)
    ax.set_xlim(bouts[0].start / scale, bouts[-1].end / scale)
    ax.set_xlabel(f"Time ({unit})")
    ax.tick_params(axis="y", length=0)
    hide_frame(ax)
    return ax


def _bouts(stages: DrawnStages) -> list[_Bout]:
    """Read and check the segments."""
    segments = getattr(stages, "segments", None)
    if not isinstance(segments, Sequence):
        raise KindError(f"stages must have a sequence of segments, but {brief(stages)} has none.")
    if not segments:
        raise ParameterError("stages: there are no segments to draw; give at least one.")
    bouts: list[_Bout] = []
    for number, segment in enumerate(segments):
        name = getattr(segment, "name", None)
        if name not in STAGES:
            raise ParameterError(
                f"stages: segment {number} is called {name!r}.{suggest(str(name), STAGES)}"
            )
        field = f"stages: {{}} of segment {number}"
        start = quantity(getattr(segment, "start", None), second, field.format("start"))
        length = quantity(
            getattr(segment, "duration", None),
            second,
            field.format("duration"),
            minimum=0,
            exclusive_minimum=True,
        )
        if bouts and start < bouts[-1].end - 1e-9 * max(1.0, abs(start)):
            raise ParameterError(
                f"stages: segment {number} starts at {start:g} s, before the last one ends at "
                f"{bouts[-1].end:g} s."
            )
        bouts.append(_Bout(start, start + length, STAGES[::-1].index(name)))
    return bouts


def _staircase(bouts: list[_Bout]) -> tuple[FloatArray, FloatArray]:
    """Return times, in seconds, and rows of the line through all segments."""
    times: list[float] = []
    rows: list[float] = []
    for bout in bouts:
        if times and bout.start > times[-1] + 1e-9 * max(1.0, abs(bout.start)):
            times.append(math.nan)  # lifts the pen
            rows.append(math.nan)
        times += [bout.start, bout.end]
        rows += [bout.row, bout.row]
    return np.array(times), np.array(rows)

"""Pictures of sleep over time: the stages of a night, and the slow oscillation of a population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, ms, second
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..devices.activity import Spikes
from ..errors import ParameterError, UnitsError, brief, suggest
from ..measures import binned_rate, up_states
from ..support.checks import whole_number
from ..support.quantities import quantity
from .canvas import COLOURS, DOT_COLOUR, Axes, AxesArray, axes_grid, single_axes

if TYPE_CHECKING:
    from ..devices.activity import PopulationRate
    from ..measures.oscillations import UpStates

FloatArray = npt.NDArray[np.float64]

#: Stages, from the top of a hypnogram to its bottom.
STAGES = ("Wake", "REM", "NREM")

#: Units of a time axis: from how many seconds on, seconds in one, and its name.
_TIME_UNITS = (
    (2 * 3600.0, 3600.0, "h"),
    (120.0, 60.0, "min"),
    (2.0, 1.0, "s"),
    (0.0, 1e-3, "ms"),
)

_EXCITATORY_COLOUR = COLOURS[0]
_INHIBITORY_COLOUR = COLOURS[4]
_REM_COLOUR = COLOURS[4]
_UP_COLOUR = COLOURS[1]
_UP_ALPHA = 0.18


@dataclass(frozen=True)
class _Bout:
    """One segment, in seconds, and its row: 0 at the bottom."""

    start: float
    end: float
    row: int


def plot_hypnogram(stages: Any, ax: Axes | None = None) -> Axes:
    """Draw which stage of sleep comes when, as a staircase: Wake on top, then REM, then NREM.

    Parameters
    ----------
    stages : object
        Its ``segments`` are a sequence of objects with a ``name`` ("Wake", "REM" or "NREM"), a
        ``start`` and a ``duration`` (quantities), one after the other. Where time is left between
        two, so is a gap in the staircase.
    ax : Axes, optional
        Default: a new figure's.

    Returns
    -------
    Axes
        REM is drawn as a thick line, as in sleep laboratories.

    Raises
    ------
    ParameterError
        If there are no segments, they overlap, or a stage is unknown.
    UnitsError
        If `stages` has no segments, or a time is none.

    Examples
    --------
    >>> plot_hypnogram(night_plan)  # doctest: +SKIP
    """
    bouts = _bouts(stages)
    ax = single_axes(ax, 8, 2.2)
    scale, unit = _time_unit(bouts[-1].end - bouts[0].start)
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
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_slow_oscillation(
    spikes_excitatory: Spikes,
    spikes_inhibitory: Spikes,
    duration: Any,
    axes: Any = None,
    max_neurons: int = 100,
    bin: Any = 10 * ms,
    threshold: Any = None,
) -> AxesArray:
    """Draw spikes of two populations and their rates, with the up states shaded.

    Up states are those of the excitatory rate: see `bs.measures.up_states`.

    Parameters
    ----------
    spikes_excitatory, spikes_inhibitory : Spikes
        Left as they were.
    duration : Quantity or str
        What is drawn, from the beginning.
    axes : array_like of Axes, optional
        Two: the raster's and the rates'. Default: a new figure's.
    max_neurons : int
        Draw the spikes of at most so many neurons, evenly spaced and in proportion to the sizes
        of the populations. The rates are those of all neurons.
    bin : Quantity or str
        Of the rates.
    threshold : Quantity or str, optional
        Rate above which the population is up; `bs.measures.up_states` finds one unless given.

    Returns
    -------
    ndarray of Axes, shape (2,)

    Raises
    ------
    ParameterError
        If a number is out of range, or the number of axes is wrong.
    UnitsError
        If a time is none, or spikes are not a night's.

    Examples
    --------
    >>> plot_slow_oscillation(night.spikes["E"], night.spikes["I"], 5 * second)  # doctest: +SKIP
    """
    seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
    most = whole_number(max_neurons, "max_neurons", minimum=2)
    for train in (spikes_excitatory, spikes_inhibitory):
        if not isinstance(train, Spikes):
            raise UnitsError(f"spikes must be those of a night, not {brief(train)}.")
    rates = [binned_rate(train, duration, bin) for train in (spikes_excitatory, spikes_inhibitory)]
    found = up_states(rates[0], threshold=threshold)
    panels = axes_grid(axes, 2, 1, width=8, height=4.5, sharex=True, height_ratios=[1.6, 1])[:, 0]
    scale, unit = _time_unit(seconds)
    for ax in panels:
        _shade(ax, found, scale)
        ax.set_xlim(0, seconds / scale)
        ax.set_xlabel(f"Time ({unit})")
        ax.spines[["top", "right"]].set_visible(False)
    _draw_spikes(panels[0], spikes_excitatory, spikes_inhibitory, seconds, scale, most)
    lines = _draw_rates(panels[1], rates, scale)
    shade = Patch(color=_UP_COLOUR, alpha=_UP_ALPHA, linewidth=0, label="up state")
    panels[0].legend(  # above the panel, where there are no data
        handles=[*lines, shade],
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.2,
        fontsize="small",
        frameon=False,
        ncols=3,
    )
    if axes is None:
        panels[0].xaxis.label.set_visible(False)  # the panels share their time axis
    return panels


def _bouts(stages: Any) -> list[_Bout]:
    """Read the segments of a night."""
    segments = getattr(stages, "segments", None)
    if not isinstance(segments, Sequence):
        raise UnitsError(f"stages must have a sequence of segments, but {brief(stages)} has none.")
    if not segments:
        raise ParameterError("stages: there are no segments to draw.")
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


def _time_unit(seconds: float) -> tuple[float, str]:
    """Return in what a time axis is best written: seconds in one unit, and the unit's name."""
    return next((scale, name) for least, scale, name in _TIME_UNITS if seconds >= least)


def _shade(ax: Axes, found: UpStates, scale: float) -> None:
    """Shade up states."""
    starts, ends = (np.asarray(times / second) / scale for times in (found.starts, found.ends))
    for start, end in zip(starts, ends, strict=True):
        ax.axvspan(start, end, color=_UP_COLOUR, alpha=_UP_ALPHA, linewidth=0)


def _draw_spikes(
    ax: Axes, excitatory: Spikes, inhibitory: Spikes, seconds: float, scale: float, most: int
) -> None:
    """Draw a dot a spike, the excitatory neurons below the inhibitory ones."""
    sizes = [excitatory.n_neurons, inhibitory.n_neurons]
    share = min(1.0, most / max(sum(sizes), 1))
    height = 0
    ticks, names = [], []
    for train, size, name, colour in (
        (excitatory, sizes[0], "excitatory", _EXCITATORY_COLOUR),
        (inhibitory, sizes[1], "inhibitory", _INHIBITORY_COLOUR),
    ):
        shown = min(size, max(1, round(size * share)))
        times, rows = _thinned(train, shown, seconds)
        ax.plot(
            times / scale,
            rows + height,
            linestyle="none",
            marker="o",
            markersize=1.8,
            markeredgewidth=0,
            color=colour,
            rasterized=True,
        )
        ticks.append(height + (shown - 1) / 2)
        names.append(f"{name}\n({shown} of {size:,})")
        height += shown
    ax.set_yticks(ticks, names)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-1, max(height, 1))


def _thinned(train: Spikes, shown: int, seconds: float) -> tuple[FloatArray, FloatArray]:
    """Return times, in seconds, and rows of the spikes of evenly spaced neurons."""
    chosen = np.linspace(0, max(train.n_neurons - 1, 0), shown).round().astype(np.int64)
    row_of = np.full(train.n_neurons, -1, dtype=np.int64)
    row_of[chosen] = np.arange(shown)
    times, rows = np.asarray(train.t / second), row_of[np.asarray(train.i)]
    seen = (rows >= 0) & (times < seconds)
    return times[seen], rows[seen].astype(np.float64)


def _draw_rates(ax: Axes, rates: list[PopulationRate], scale: float) -> list[Line2D]:
    """Draw both rates and return their lines."""
    lines: list[Line2D] = []
    for rate, name, colour in zip(
        rates,
        ("excitatory", "inhibitory"),
        (_EXCITATORY_COLOUR, _INHIBITORY_COLOUR),
        strict=True,
    ):
        times = (np.asarray(rate.t / second) + float(rate.dt / second) / 2) / scale
        hertz = np.asarray(rate.counts) / (max(rate.n_neurons, 1) * float(rate.dt * Hz))
        lines += ax.plot(times, hertz, color=colour, linewidth=1, label=name)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Rate (Hz)")
    return lines

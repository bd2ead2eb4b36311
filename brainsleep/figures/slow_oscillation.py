"""The slow oscillation of a population: its spikes, its rates and its up states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import KindError, brief
from ..measures import UpStates, binned_rate, up_states
from ..measures.trains import is_train
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time, quantity
from .canvas import (
    COLOURS,
    UP_ALPHA,
    UP_COLOUR,
    Axes,
    AxesArray,
    AxesLike,
    axes_grid,
    hide_frame,
)
from .style import styled
from .time_axis import time_unit

if TYPE_CHECKING:
    from ..devices.activity import PopulationRate
    from ..measures import SpikeTrain

FloatArray = npt.NDArray[np.float64]

#: Names and colours of the two populations, in the order in which they are given; one of them is
#: lighter in grey print.
_POPULATIONS = (("excitatory", COLOURS[0]), ("inhibitory", COLOURS[3]))


@public
@styled
def plot_slow_oscillation(
    spikes_excitatory: SpikeTrain,
    spikes_inhibitory: SpikeTrain,
    duration: Time,
    axes: AxesLike | None = None,
    *,
    max_neurons: int = 100,
    bin_size: Time = 10 * ms,
    threshold: Quantity | str | None = None,
) -> AxesArray:
    """Draw spikes of two populations and their rates, with the up states shaded.

    The upper panel has one dot per spike, the lower one both rates in Hz, averaged over neurons.
    Up states are those of the excitatory rate; see `bs.measures.up_states`.

    Parameters
    ----------
    spikes_excitatory, spikes_inhibitory : Spikes
        Spikes of both populations. Not changed.
    duration : Quantity or str
        How much is drawn, from the beginning.
    axes : array_like of Axes, optional
        Two: for the spikes and for the rates. Default: those of a new figure.
    max_neurons : int
        Draw the spikes of at most this number of neurons, evenly spaced and in proportion to the
        sizes of the populations. The rates are those of all neurons.
    bin_size : Quantity or str
        Bins in which the rates are counted.
    threshold : Quantity or str, optional
        Excitatory rate, in Hz, above which the population is up. Default: the one that
        `bs.measures.up_states` finds, which may miss the later up states of a layer that learns.

    Returns
    -------
    ndarray of Axes, shape (2,)
        Time to the right, in ms, s, min or h, whichever fits.

    Raises
    ------
    ParameterError
        If a number is out of range, or the number of axes is wrong.
    UnitsError
        If a time or rate has wrong units, or spikes are not those of a population.

    Examples
    --------
    >>> plot_slow_oscillation(night.spikes["E"], night.spikes["I"], 5 * second)  # doctest: +SKIP
    """
    seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
    most = whole_number(max_neurons, "max_neurons", minimum=2)
    trains = (spikes_excitatory, spikes_inhibitory)
    for train in trains:
        if not is_train(train):
            raise KindError(
                f"spikes must be those of one population, as night.spikes['0'], not {brief(train)}."
            )
    rates = [binned_rate(train, duration, bin_size) for train in trains]
    found = up_states(rates[0], threshold=threshold)
    panels = axes_grid(axes, 2, 1, width=8, height=4.5, sharex=True, height_ratios=[1.6, 1])[:, 0]
    scale, unit = time_unit(seconds)
    for ax in panels:
        _shade(ax, found, scale)
        ax.set_xlim(0, seconds / scale)
        ax.set_xlabel(f"Time ({unit})")
        hide_frame(ax)
    _draw_spikes(panels[0], trains, seconds, scale, most)
    lines = _draw_rates(panels[1], rates, scale)
    shade = Patch(color=UP_COLOUR, alpha=UP_ALPHA, linewidth=0, label="up state")
    panels[0].legend(
        handles=[*lines, shade],
        loc="lower right",
        bbox_to_anchor=(1, 1),  # above the panel, where there are no data
        borderaxespad=0.2,
        ncols=3,
    )
    if axes is None:
        panels[0].xaxis.label.set_visible(False)  # the panels share their time axis
    return panels


def _shade(ax: Axes, found: UpStates, scale: float) -> None:
    """Shade up states."""
    starts, ends = (np.asarray(times / second) / scale for times in (found.starts, found.ends))
    for start, end in zip(starts, ends, strict=True):
        ax.axvspan(start, end, color=UP_COLOUR, alpha=UP_ALPHA, linewidth=0)


def _draw_spikes(
    ax: Axes, trains: Sequence[SpikeTrain], seconds: float, scale: float, max_neurons: int
) -> None:
    """Draw one dot per spike, the excitatory neurons below the inhibitory ones."""
    share = min(1.0, max_neurons / max(sum(train.n_neurons for train in trains), 1))
    height = 0
    ticks, names = [], []
    for train, (name, colour) in zip(trains, _POPULATIONS, strict=True):
        size = train.n_neurons
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


def _thinned(train: SpikeTrain, shown: int, seconds: float) -> tuple[FloatArray, FloatArray]:
    """Return times, in seconds, and rows of the spikes of evenly spaced neurons."""
    chosen = np.linspace(0, max(train.n_neurons - 1, 0), shown).round().astype(np.int64)
    row_of = np.full(train.n_neurons, -1, dtype=np.int64)
    row_of[chosen] = np.arange(shown)
    times, rows = np.asarray(train.t / second), row_of[np.asarray(train.i)]
    seen = (rows >= 0) & (times < seconds)
    return times[seen], rows[seen].astype(np.float64)


def _draw_rates(ax: Axes, rates: Sequence[PopulationRate], scale: float) -> list[Line2D]:
    """Draw both rates and return their lines."""
    lines: list[Line2D] = []
    for rate, (name, colour) in zip(rates, _POPULATIONS, strict=True):
        times = (np.asarray(rate.t / second) + float(rate.dt / second) / 2) / scale
        hertz = np.asarray(rate.counts) / (max(rate.n_neurons, 1) * float(rate.dt * Hz))
        lines += ax.plot(times, hertz, color=colour, linewidth=1, label=name)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Rate (Hz)")
    return lines

"""Spike rasters: of one recording, and of several on one scale of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import known_name, truth, whole_number
from ..support.names import table
from ..support.quantities import Time
from .canvas import (
    Axes,
    AxesArray,
    AxesLike,
    align_y_labels,
    all_axes,
    axes_grid,
    set_title,
)
from .drawn_populations import Population, populations_of
from .gathered_spikes import GatheredSpikes
from .raster_panels import (
    WHEN_DENSE,
    draw_rate,
    draw_spikes,
    draw_time_axis,
    panel_height,
    scale_rates,
)
from .spike_windows import Recording, TimeWindow, read_window
from .style import styled
from .up_shading import shade_up, up_spans

#: Height of a panel of rates, and of what else a figure needs, in inches.
_RATE_HEIGHT = 0.5
_MORE_HEIGHT = 0.8
#: In inches; panels of very many populations are lower, to half their height.
_MOST_HEIGHT = 20.0


@public
@styled
def plot_raster(
    night: Recording,
    axes: AxesLike | None = None,
    *,
    populations: Sequence[str] | str | None = None,
    start: Time | None = None,
    stop: Time | None = None,
    rates: bool = True,
    max_spikes: int | None = None,
    when_dense: str = "density",
    up_states: bool = True,
) -> AxesArray:
    """Draw spikes: one panel per population, time against neuron index, its rate below.

    Each spike is a dot. Where dots would merge (more than 3 in 10 of the panel covered), the panel
    shows a density instead, or the spikes of some neurons; its title says so, and up to which rate
    it would have shown dots. The channels of convolutions are parted by lines.

    Parameters
    ----------
    night : Night, CircuitRun or CorticalActivity
        What recorded them. Not changed.
    axes : array_like of Axes, optional
        One per population, for the spikes alone; or two, for its spikes and its rate. Default: a
        new figure, panels below one another.
    populations : str or sequence of str, optional
        Which to draw, in this order. Default: all that were recorded, the input first.
    start, stop : Quantity or str, optional
        Which part of the night to draw; a spike at `stop` is not drawn. Default: all of it. `stop`
        may lie after the end, which is shaded then: so several nights have one scale.
    rates : bool
        Whether a new figure has the rate of each population below its spikes, averaged over
        neurons, in Hz.
    max_spikes : int, optional
        Draw at most this number of dots in each panel. Default: as many as do not merge.
    when_dense : str
        What is drawn of more spikes: ``"density"``, an image of the rate of neurons side by side,
        with a colour bar in Hz; or ``"neurons"``, the spikes of evenly spaced neurons.
    up_states : bool
        Whether the up states of a night with stages are shaded; see `Night.up_states`.

    Returns
    -------
    ndarray of Axes, shape (n_populations,)
        The panels of spikes. Time to the right, in ms, s, min or h, whichever fits. Each title says
        what the population is, its size and its mean rate in Hz, of all spikes that are seen.

    Raises
    ------
    ParameterError
        If a population is unknown or was not recorded, nothing is left to draw, the number of axes
        is wrong, or `start` is not before `stop` and the end of the night.
    UnitsError
        If `start` or `stop` is not a time.
    DirectoryError
        If spikes on disk were damaged.

    Examples
    --------
    >>> axes = plot_raster(night, populations=["input", "0"])  # doctest: +SKIP
    >>> plot_raster(night, start=100 * ms, stop="200 ms")  # doctest: +SKIP
    """
    window = read_window(night, start, stop)
    drawn = populations_of(night, populations)
    rates = truth(rates, "rates")
    if axes is not None:
        rates = all_axes(axes).size == 2 * len(drawn)
    panels = _panels(axes, [drawn], rates)
    how = _read_how(max_spikes, when_dense)
    seen = _draw_column(panels[:, 0], drawn, window, rates, *how)
    if truth(up_states, "up_states"):
        _shade_column(panels[:, 0], night, window)
    _scale_rates(panels, [seen], rates)
    if axes is None:
        _share_time_axis(panels)
    return panels[:: 1 + rates, 0]


@public
@styled
def plot_rasters(
    nights: Mapping[str, Recording],
    axes: AxesLike | None = None,
    *,
    populations: Sequence[str] | str | None = None,
    start: Time | None = None,
    stop: Time | None = None,
    rates: bool = True,
    max_spikes: int | None = None,
    when_dense: str = "density",
    up_states: bool = True,
) -> AxesArray:
    """Draw the spikes of several nights side by side, all on one scale of time.

    One column per night, one row per population, as in :func:`plot_raster`. What comes after the
    end of a shorter night is shaded.

    Parameters
    ----------
    nights : mapping of str to Night, CircuitRun or CorticalActivity
        By label, from left to right. Not changed.
    axes : array_like of Axes, optional
        One per population and night, row by row, or two, with a row of rates below each row of
        spikes. Default: those of a new figure.
    populations : str or sequence of str, optional
        Which to draw. Default: all that the first night recorded.
    start, stop : Quantity or str, optional
        Which part to draw. Default: from the beginning to the end of the longest night.
    rates, max_spikes, when_dense, up_states
        As in :func:`plot_raster`.

    Returns
    -------
    ndarray of Axes, shape (n_populations, n_nights)
        The panels of spikes.

    Raises
    ------
    ParameterError, UnitsError, DirectoryError
        As :func:`plot_raster`; and if there is no night.

    Examples
    --------
    >>> plot_rasters({"LIF": lif, "Heaviside": heaviside})  # doctest: +SKIP
    """
    given = table(nights, "nights", "nights by label")
    if not given:
        raise ParameterError("nights: there is none to draw; give at least one.")
    windows = [read_window(night, start, stop) for night in given.values()]
    longest = max(window.stop for window in windows)
    chosen = populations if populations is not None else list(next(iter(given.values())).spikes)
    columns = [populations_of(night, chosen) for night in given.values()]
    rates = truth(rates, "rates")
    if axes is not None:
        rates = all_axes(axes).size == 2 * len(columns[0]) * len(columns)
    panels = _panels(axes, columns, rates)
    how = _read_how(max_spikes, when_dense)
    gathered = []
    up_states = truth(up_states, "up_states")
    for number, (label, drawn) in enumerate(zip(given, columns, strict=True)):
        window = replace(windows[number], stop=longest)
        gathered.append(_draw_column(panels[:, number], drawn, window, rates, *how))
        if up_states:
            _shade_column(panels[:, number], given[label], window)
        top = panels[0, number]
        set_title(top, f"{label}\n{top.get_title(loc='left')}")
    _scale_rates(panels, gathered, rates)
    if axes is None:
        _share_time_axis(panels)
        for ax in panels[:, 1:].ravel().tolist():
            ax.set_ylabel("")
    return panels[:: 1 + rates]


def _read_how(max_spikes: int | None, when_dense: str) -> tuple[int | None, str]:
    """Read how spikes are to be drawn."""
    if max_spikes is not None:
        max_spikes = whole_number(max_spikes, "max_spikes", minimum=1)
    return max_spikes, known_name(when_dense, "when_dense", WHEN_DENSE)


def _panels(axes: AxesLike | None, columns: list[list[Population]], rates: bool) -> AxesArray:
    """Return panels: a column per recording, a row per population, each with its rates."""
    rows = [max(map(panel_height, row)) for row in zip(*columns, strict=True)]
    more = _MORE_HEIGHT + len(rows) * _RATE_HEIGHT * rates
    factor = min(1.0, max(_MOST_HEIGHT - more, 0.5 * sum(rows)) / sum(rows))
    heights: list[float] = []
    for row in rows:
        heights += [factor * row, *[_RATE_HEIGHT] * rates]
    return axes_grid(
        axes,
        len(heights),
        len(columns),
        width=8 if len(columns) == 1 else 1.5 + 4 * len(columns),
        height=factor * sum(rows) + more,
        sharex="col",
        height_ratios=heights,
    )


def _draw_column(
    panels: AxesArray,
    drawn: Sequence[Population],
    window: TimeWindow,
    rates: bool,
    max_spikes: int | None,
    when_dense: str,
) -> list[GatheredSpikes]:
    """Draw the populations of one recording below one another, and return their spikes."""
    gathered = []
    for ax in panels:
        draw_time_axis(ax, window, rate_bin=None)
    for number, population in enumerate(drawn):
        ax = panels[number * (1 + rates)]
        seen = draw_spikes(ax, population, window, max_spikes=max_spikes, when_dense=when_dense)
        gathered.append(seen)
        if rates:
            below: Axes = panels[2 * number + 1]
            draw_rate(below, seen)
            draw_time_axis(below, window, rate_bin=float(seen.bins[1] - seen.bins[0]))
    return gathered


def _shade_column(panels: AxesArray, night: Recording, window: TimeWindow) -> None:
    """Shade the up states of a recording in all its panels."""
    spans = up_spans(night)
    for ax in panels:
        shade_up(ax, spans, window)


def _scale_rates(panels: AxesArray, columns: list[list[GatheredSpikes]], rates: bool) -> None:
    """Give the rates of a population one scale in all columns."""
    if rates:
        for row, seen in enumerate(zip(*columns, strict=True)):
            scale_rates(panels[2 * row + 1].tolist(), seen)


def _share_time_axis(panels: AxesArray) -> None:
    """Leave the label of the time axis to the lowest panel of each column of a new figure."""
    for ax in panels[:-1].ravel().tolist():
        ax.xaxis.label.set_visible(False)
    align_y_labels(panels[:, 0].tolist())
    panels[0, 0].figure.get_layout_engine().set(h_pad=0.015)  # a rate is close to its spikes

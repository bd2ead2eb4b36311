"""One panel of a raster: spikes of a population as dots or as a density, and its rate below."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from ..measures.trains import BoolArray, FloatArray, IntArray
from .canvas import DOT_COLOUR, Axes, hide_frame, set_title
from .drawn_populations import Population
from .gathered_spikes import GatheredSpikes, gather, of_neurons
from .spike_windows import TimeWindow

#: Ways to draw spikes that are too many for dots.
WHEN_DENSE = ("density", "neurons")

#: Dots that cover more than this share of a panel merge: what they show is no longer seen.
_MOST_COVERED = 0.3
#: Channels are parted by lines if these are at least so far apart, in points.
_LEAST_APART = 3.0

#: Width of a character of a title, in points.
_CHARACTER = 5.0

_COLOUR_MAP = "Greys"
_RATE_COLOUR = "0.45"


def panel_height(population: Population) -> float:
    """Return the height of a panel in inches; small populations need less."""
    return float(np.clip(0.9 + 0.012 * population.n_neurons, 1.1, 2.2))


def draw_spikes(
    ax: Axes,
    population: Population,
    window: TimeWindow,
    *,
    max_spikes: int | None,
    when_dense: str,
) -> GatheredSpikes:
    """Draw the spikes of a population into a panel, and return them."""
    size = _dot_size(population.n_neurons)
    most = _most_dots(ax, size) if max_spikes is None else max_spikes
    seen = gather(population.train, window, most=most, n_channels=population.n_channels)
    says = ""
    if seen.n_spikes <= most:
        _draw_dots(ax, seen.seconds, seen.neurons, window, size)
    else:
        limit = most / (seen.n_neurons * window.seconds)
        if when_dense == "density":
            _draw_density(ax, seen)
            says = f", density (dots up to {limit:.3g} Hz)"
        else:
            chosen = _some_neurons(seen.n_neurons, most / seen.n_spikes)
            neurons, seconds = of_neurons(population.train, window, chosen)
            _draw_dots(ax, seconds, neurons, window, size)
            says = f", {chosen.sum():,} neurons drawn (all up to {limit:.3g} Hz)"
    _part_channels(ax, population)
    _shade_rest(ax, window)
    title = (
        f"{population.label}: {seen.n_neurons:,} neurons{_in_channels(population)}, "
        f"{seen.rate:.3g} Hz{says}"
    )
    ax.set_ylim(-0.5, max(seen.n_neurons, 1) - 0.5)
    ax.locator_params(axis="y", integer=True, nbins=4)
    ax.yaxis.set_major_formatter("{x:.0f}")
    set_title(ax, _wrapped(title, ax))
    ax.set_ylabel("Neuron")
    hide_frame(ax)
    return seen


def draw_rate(ax: Axes, seen: GatheredSpikes) -> None:
    """Draw the rate of a population over time into a panel."""
    ax.stairs(seen.rates, seen.bins / seen.window.unit[0], fill=True, color=_RATE_COLOUR)
    _shade_rest(ax, seen.window)
    ax.set_ylabel("Hz")
    hide_frame(ax)


def scale_rates(panels: Sequence[Axes], gathered: Sequence[GatheredSpikes]) -> None:
    """Give panels of rates one scale, from 0 on."""
    highest = max(float(seen.rates.max(initial=0)) for seen in gathered) or 1.0
    for ax in panels:
        ax.set_ylim(0, 1.15 * highest)
        ax.set_yticks([0, _round_below(highest)])


def draw_time_axis(ax: Axes, window: TimeWindow, *, rate_bin: float | None) -> None:
    """Set the time axis of a panel; of one with rates, name the bins."""
    scale, unit = window.unit
    bins = "" if rate_bin is None else f"; rates in bins of {rate_bin / scale:.3g} {unit}"
    ax.set_xlim(window.start / scale, window.stop / scale)
    ax.set_xlabel(f"Time ({unit}){bins}")


def _dot_size(n_neurons: int) -> float:
    """Return the diameter of a dot in points; fewer neurons have larger ones."""
    return float(np.clip(110 / max(n_neurons, 1), 1.2, 3))


def _most_dots(ax: Axes, size: float) -> int:
    """Return how many dots a panel takes."""
    height, width = _size_in_points(ax)
    return max(int(_MOST_COVERED * width * height / size**2), 1)


def _wrapped(title: str, ax: Axes) -> str:
    """Break a title that is too long for its panel, at commas."""
    _, width = _size_in_points(ax)
    parts = title.replace(" ", "\xa0").replace(",\xa0", ", ")
    return textwrap.fill(parts, max(int(width / _CHARACTER), 20)).replace("\xa0", " ")


def _size_in_points(ax: Axes) -> tuple[float, float]:
    """Return height and width of a panel, in points, before its figure is laid out."""
    points, box = 72 / ax.figure.dpi, ax.get_window_extent()
    return box.height * points, box.width * points


def _draw_dots(
    ax: Axes, seconds: FloatArray, neurons: IntArray, window: TimeWindow, size: float
) -> None:
    """Draw one dot per spike."""
    ax.plot(
        seconds / window.unit[0],
        neurons,
        linestyle="none",
        marker="o",
        markersize=size,
        markeredgewidth=0,
        color=DOT_COLOUR,
        rasterized=True,
    )


def _round_below(value: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not above a positive number."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(max(digit * power for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-9)))


def _draw_density(ax: Axes, seen: GatheredSpikes) -> None:
    """Draw rates of neurons side by side as an image, with a colour bar beside the panel."""
    scale = seen.window.unit[0]
    mesh = ax.pcolorfast(
        seen.columns / scale,
        np.linspace(-0.5, seen.n_neurons - 0.5, len(seen.density) + 1),
        seen.density,
        cmap=_COLOUR_MAP,
        vmin=0,
        vmax=max(float(np.quantile(seen.density, 0.995)), 1e-9),
    )
    beside = ax.inset_axes((1.01, 0, 0.012, 1))
    ax.figure.colorbar(mesh, cax=beside, label="Hz", extend="max")


def _some_neurons(n_neurons: int, share: float) -> BoolArray:
    """Return which neurons are drawn, evenly spaced."""
    n_shown = max(int(n_neurons * share), 1)
    chosen = np.zeros(n_neurons, dtype=bool)
    chosen[np.linspace(0, n_neurons - 1, n_shown).round().astype(np.int64)] = True
    return chosen


def _in_channels(population: Population) -> str:
    """Say which channels there are, if there are several."""
    if population.n_channels == 1:
        return ""
    return f" ({population.n_channels} channels of {' × '.join(map(str, population.shape[1:]))})"


def _part_channels(ax: Axes, population: Population) -> None:
    """Draw a line between the channels of a convolution, unless there are too many."""
    n_channels, n_neurons = population.n_channels, population.n_neurons
    height, _ = _size_in_points(ax)
    if 1 < n_channels <= height / _LEAST_APART:
        borders = np.arange(1, n_channels) * (n_neurons / n_channels) - 0.5
        for border in borders:
            ax.axhline(border, color="0.6", linewidth=0.5, zorder=1.5)


def _shade_rest(ax: Axes, window: TimeWindow) -> None:
    """Shade what comes after the end of the recording."""
    if window.end < window.stop:
        scale = window.unit[0]
        ax.axvspan(window.end / scale, window.stop / scale, color="0.93", linewidth=0)

"""Spike rasters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from brian2.units import Quantity, ms

from ..errors import KindError, ParameterError, brief
from ..measures import SpikeTrain, mean_rates
from ..support.calls import public
from ..support.checks import whole_number
from ..support.names import known_names
from .canvas import DOT_COLOUR, Axes, AxesArray, AxesLike, axes_grid, hide_frame
from .style import styled


class Recording(Protocol):
    """What has spikes to draw: a `Night`, a `CircuitRun` or a `CorticalActivity`."""

    @property
    def spikes(self) -> Mapping[str, SpikeTrain]:
        """Spikes by population."""

    @property
    def duration(self) -> Quantity:
        """Simulated time."""


@public
@styled
def plot_raster(
    night: Recording,
    axes: AxesLike | None = None,
    *,
    populations: Sequence[str] | str | None = None,
    max_spikes: int = 50_000,
) -> AxesArray:
    """Draw spikes as dots: one panel per population, time against neuron index.

    Parameters
    ----------
    night : Night, CircuitRun or CorticalActivity
        What recorded them. Not changed.
    axes : array_like of Axes, optional
        One per population. Default: a new figure, panels below one another.
    populations : str or sequence of str, optional
        Which to draw, in this order. Default: all that were recorded, the input first.
    max_spikes : int
        Draw at most this number of spikes in each panel, chosen at random (the same ones every
        time); the panel's title then says how many. Long nights are quick to draw and small on
        disk.

    Returns
    -------
    ndarray of Axes, shape (n_populations,)
        Time to the right, in ms. Each title gives the population's name, its size and its mean
        rate in Hz, of all spikes.

    Raises
    ------
    ParameterError
        If a population is unknown or was not recorded, nothing is left to draw, or the number of
        axes is wrong.

    Examples
    --------
    >>> axes = plot_raster(night, populations=["input", "0"])  # doctest: +SKIP
    >>> axes[0].figure.savefig("raster.png")  # doctest: +SKIP
    """
    if not isinstance(getattr(night, "spikes", None), Mapping) or not hasattr(night, "duration"):
        raise KindError(f"night must be a Night, or another recording, not {brief(night)}.")
    rates = mean_rates(night.spikes, night.duration)
    names = _populations(night, populations)
    whole_number(max_spikes, "max_spikes", minimum=1)
    height = 0.8 + sum(_panel_height(night.spikes[name]) for name in names)
    panels = axes_grid(
        axes,
        len(names),
        1,
        width=8,
        height=height,
        sharex=True,
        height_ratios=[_panel_height(night.spikes[name]) for name in names],
    )[:, 0]
    duration = float(night.duration / ms)
    for ax, name in zip(panels, names, strict=True):
        train = night.spikes[name]
        shown = _draw(ax, train, max_spikes)
        thinned = f", {shown:,} of {len(train.i):,} spikes drawn" if shown < len(train.i) else ""
        ax.set_title(
            f"{name} ({train.n_neurons:,} neurons, {rates[name]:.3g} Hz{thinned})",
            loc="left",
            fontsize="medium",
        )
        ax.set_xlim(0, duration)
        ax.set_ylim(-0.5, max(train.n_neurons, 1) - 0.5)
        ax.locator_params(axis="y", integer=True)
        ax.set_xlabel("Time (ms)")
        ax.set_ylabel("Neuron index")
        hide_frame(ax)
        if axes is None and ax is not panels[-1]:
            ax.xaxis.label.set_visible(False)  # the panels share their time axis
    if axes is None:
        panels[0].figure.align_ylabels(panels)
    return panels


def _populations(night: Recording, chosen: Sequence[str] | str | None) -> list[str]:
    """Return the names of the populations to draw."""
    if chosen is None:
        return list(night.spikes)
    sizes = getattr(night, "sizes", night.spikes)
    names = known_names(chosen, "populations", {**night.spikes, **sizes}, "population")
    if not names:
        raise ParameterError("populations: there is none to draw; name at least one.")
    for name in names:
        if name not in night.spikes:
            raise ParameterError(
                f"population {name!r} was not recorded; name it in record= of bs.sleep."
            )
    return names


def _panel_height(train: SpikeTrain) -> float:
    """Return the height of a panel in inches; small populations need less."""
    return float(np.clip(0.9 + 0.012 * train.n_neurons, 1.1, 2.2))


def _draw(ax: Axes, train: SpikeTrain, max_spikes: int) -> int:
    """Draw spikes, thinned out if there are too many, and return how many were drawn."""
    times = np.asarray(train.t / ms)
    neurons = np.asarray(train.i)
    if len(neurons) > max_spikes:
        chosen = np.random.default_rng(0).choice(len(neurons), max_spikes, replace=False)
        chosen.sort()
        times, neurons = times[chosen], neurons[chosen]
    ax.plot(
        times,
        neurons,
        linestyle="none",
        marker="o",
        markersize=float(np.clip(60 / max(train.n_neurons, 1), 1.1, 3)),
        markeredgewidth=0,
        color=DOT_COLOUR,
        rasterized=True,
    )
    return len(neurons)

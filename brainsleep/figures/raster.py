"""Spike rasters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import ms

from ..errors import ParameterError
from ..measures import mean_rates
from ..measures.rates import missing_population
from ..support.checks import whole_number
from .canvas import DOT_COLOUR, Axes, AxesArray, axes_grid

if TYPE_CHECKING:
    from ..devices.activity import Spikes
    from ..night.result import Night


def plot_raster(
    night: Night,
    axes: Any = None,
    populations: Sequence[str] | str | None = None,
    max_spikes: int = 50_000,
) -> AxesArray:
    """Draw a night's spikes: one panel a population, a dot a spike.

    Parameters
    ----------
    night : Night
        Left as it was.
    axes : array_like of Axes, optional
        One a population. Default: a new figure, panels below one another.
    populations : str or sequence of str, optional
        Which to draw, in this order. Default: all that were recorded, the input first.
    max_spikes : int
        Draw at most so many spikes a panel, chosen at random (the same ones every time); the
        panel's title then says how many. Keeps long nights quick to draw and small on disk.

    Returns
    -------
    ndarray of Axes, shape (n_populations,)
        Their titles give each population's name, size and mean rate (of all spikes).

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
    rates = mean_rates(night)
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
    duration = night.n_steps * float(night.dt / ms)
    for ax, name in zip(panels, names, strict=True):
        train = night.spikes[name]
        shown = _draw(ax, train, max_spikes)
        thinned = f", {shown:,} of {len(train):,} spikes drawn" if shown < len(train) else ""
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
        ax.spines[["top", "right"]].set_visible(False)
        if axes is None and ax is not panels[-1]:
            ax.xaxis.label.set_visible(False)  # the panels share their time axis
    if axes is None:
        panels[0].figure.align_ylabels(panels)
    return panels


def _populations(night: Night, wanted: Sequence[str] | str | None) -> list[str]:
    """Return the names of the populations to draw."""
    if wanted is None:
        return list(night.spikes)
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not names:
        raise ParameterError("populations: there is none to draw.")
    for name in names:
        if name not in night.spikes:
            raise ParameterError(missing_population(night, name))
    return names


def _panel_height(train: Spikes) -> float:
    """Return a panel's height in inches; small populations need less."""
    return float(np.clip(0.9 + 0.012 * train.n_neurons, 1.1, 2.2))


def _draw(ax: Axes, train: Spikes, max_spikes: int) -> int:
    """Draw spikes and return how many."""
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

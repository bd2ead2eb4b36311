"""Rasters of a night, packed for a page: spikes of all steps, of all neurons or of some of them.

A panel holds, for each step, how many of its spikes are drawn, and then the neurons of these, spike
after spike; both deflated, as text. Above a number of spikes only some neurons are drawn, with all
their spikes, so that what is drawn of them is true; rates are always those of all neurons.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms

from ...devices.recorded_spikes import spike_steps
from ...measures import SpikeTrain, population_rate
from ...night import Night
from ...support.files import JsonObject

#: Most spikes that one raster draws, and that all rasters of a page do.
MOST_IN_A_PANEL = 200_000
MOST_IN_A_PAGE = 3_000_000

#: Bins of the lines that show rates, at most.
MOST_BINS = 300


def night_panels(night: Night, labels: dict[str, str], most: int = MOST_IN_A_PANEL) -> JsonObject:
    """Return what a page draws of a night's spikes, as JSON.

    Parameters
    ----------
    night : Night
        Its populations may be on disk.
    labels : dict of str to str
        What the page calls them.
    most : int
        Spikes that a raster draws, at most.

    Returns
    -------
    dict
        Times in ms, rates in Hz.
    """
    panels = [
        panel(train, labels.get(name, name), n_steps=night.n_steps, dt=night.dt, most=most)
        for name, train in night.spikes.items()
    ]
    return {"n_steps": night.n_steps, "dt": float(night.dt / ms), "panels": panels}


def panel(
    train: SpikeTrain, label: str, *, n_steps: int, dt: Quantity, most: int = MOST_IN_A_PANEL
) -> JsonObject:
    """Return what a page draws of one population.

    Parameters
    ----------
    train : SpikeTrain
        Its spikes.
    label : str
        What the page calls it.
    n_steps : int
        Length of the night in steps.
    dt : Quantity
        Time step.
    most : int
        Spikes that are drawn, at most.
    """
    neurons = np.asarray(train.i)
    steps = spike_steps(train.t, dt)
    shown = _shown_neurons(neurons, train.n_neurons, most)
    drawn = np.isin(neurons, shown) if len(shown) < train.n_neurons else slice(None)
    order = np.lexsort((neurons[drawn], steps[drawn]))
    counts = np.bincount(steps[drawn], minlength=n_steps)
    bin_size = max(1, -(-n_steps // MOST_BINS)) * dt
    times, rates = population_rate(train, n_steps=n_steps, dt=dt, bin_size=bin_size)
    return {
        "label": label,
        "n_neurons": train.n_neurons,
        "n_shown": len(shown),
        "n_spikes": len(neurons),
        "rate": len(neurons) / (max(train.n_neurons, 1) * n_steps * float(dt / ms) / 1000),
        "counts": packed(counts),
        "neurons": packed(neurons[drawn][order]),
        "rate_times": [round(float(one), 3) for one in times / ms],
        "rates": [round(float(one), 3) for one in rates],
    }


def counted_panel(
    counts: npt.NDArray[np.integer], n_neurons: int, label: str, dt: Quantity
) -> JsonObject:
    """Return what a page draws of a population of whose spikes only the number is known.

    Parameters
    ----------
    counts : ndarray of int, shape (n_steps,)
        Spikes in each step.
    n_neurons : int
        Its size.
    label : str
        What the page calls it.
    dt : Quantity
        Time step.

    Returns
    -------
    dict
        As of :func:`panel`; no neuron has a raster.
    """
    n_steps, step = len(counts), float(dt / ms)
    edges = np.arange(0, n_steps, max(1, -(-n_steps // MOST_BINS)))
    lengths = np.diff(np.append(edges, n_steps))
    in_bins = np.add.reduceat(counts, edges) if n_steps else np.zeros(0)
    rates = in_bins / (max(n_neurons, 1) * lengths * step / 1000)
    n_spikes = int(counts.sum())
    return {
        "label": label,
        "n_neurons": n_neurons,
        "n_shown": 0,
        "n_spikes": n_spikes,
        "rate": n_spikes / (max(n_neurons, 1) * max(n_steps, 1) * step / 1000),
        "counts": packed([]),
        "neurons": packed([]),
        "rate_times": [round(float(one), 3) for one in (edges + lengths / 2) * step],
        "rates": [round(float(one), 3) for one in rates],
    }


def most_in_each(n_panels: int) -> int:
    """Return how many spikes each raster of a page may draw."""
    return min(MOST_IN_A_PANEL, MOST_IN_A_PAGE // max(n_panels, 1))


def packed(values: npt.ArrayLike) -> str:
    """Return whole numbers, 0 or more, as the page unpacks them: uint32, deflated, in Base64."""
    return base64.b64encode(zlib.compress(np.asarray(values, "<u4").tobytes())).decode()


def _shown_neurons(neurons: np.ndarray, n_neurons: int, most: int) -> Sequence[int] | np.ndarray:
    """Return the neurons that are drawn: all, or as many of them, by chance, as the limit lets."""
    if len(neurons) <= most:
        return range(n_neurons)
    order = np.random.default_rng(0).permutation(n_neurons)
    spikes = np.cumsum(np.bincount(neurons, minlength=n_neurons)[order])
    return order[: max(1, int(np.searchsorted(spikes, most, side="right")))]

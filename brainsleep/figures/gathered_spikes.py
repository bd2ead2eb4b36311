"""What a raster draws of one population, gathered in one pass over its spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..measures import SpikeTrain
from ..measures.trains import FloatArray, IntArray
from .spike_windows import TimeWindow, spikes_in

#: The finest that panels show: rows and columns of a density, bins of a rate.
_MOST_ROWS, _MOST_COLUMNS, _MOST_BINS = 120, 600, 100


@dataclass(frozen=True)
class GatheredSpikes:
    """Spikes of one population in a window.

    Attributes
    ----------
    window : TimeWindow
        The window.
    n_neurons, n_spikes : int
        Size of the population; its spikes in the window.
    neurons, seconds : ndarray
        Each spike, if there are no more than were asked for; else empty.
    density : ndarray, shape (n_rows, n_columns)
        Rate in Hz in rows of neurons side by side, the first ones first, and columns of time.
    columns, bins : ndarray
        Edges of these columns, and of the bins of `rates`, in seconds.
    rates : ndarray, shape (n_bins,)
        Rate in Hz in each bin, averaged over the population.
    """

    window: TimeWindow
    n_neurons: int
    n_spikes: int
    neurons: IntArray
    seconds: FloatArray
    density: FloatArray
    columns: FloatArray
    bins: FloatArray
    rates: FloatArray

    @property
    def rate(self) -> float:
        """Mean rate in Hz, averaged over neurons and the window."""
        return self.n_spikes / (max(self.n_neurons, 1) * self.window.seconds)


def gather(train: SpikeTrain, window: TimeWindow, *, most: int, n_channels: int) -> GatheredSpikes:
    """Read the spikes of a population once, in as little memory as the picture needs.

    Parameters
    ----------
    train : SpikeTrain
        In memory or on disk.
    window : TimeWindow
        Which part of the recording.
    most : int
        Spikes that are kept one by one; if there are more, none is.
    n_channels : int
        Rows of the density end where a channel of the population ends.
    """
    columns, bins = window.bins(_MOST_COLUMNS), window.bins(_MOST_BINS)
    pieces = spikes_in(train, window)
    n_neurons = int(train.n_neurons) if hasattr(train, "n_neurons") else 0
    n_rows = _rows(n_neurons, n_channels)
    cells = np.zeros(n_rows * (len(columns) - 1), dtype=np.int64)
    in_bins = np.zeros(len(bins) - 1, dtype=np.int64)
    kept: list[tuple[IntArray, FloatArray]] = []
    n_spikes = 0
    for neurons, seconds in pieces:
        n_spikes += len(neurons)
        kept = [*kept, (neurons, seconds)] if n_spikes <= most else []
        places = _places(seconds, columns)
        places += (neurons * n_rows // max(n_neurons, 1)) * (len(columns) - 1)
        cells += np.bincount(places, minlength=len(cells))
        in_bins += np.bincount(_places(seconds, bins), minlength=len(in_bins))
    per_row = np.diff(-(-np.arange(n_rows + 1) * n_neurons // n_rows))
    return GatheredSpikes(
        window=window,
        n_neurons=n_neurons,
        n_spikes=n_spikes,
        neurons=np.concatenate([np.zeros(0, np.int64), *(each for each, _ in kept)]),
        seconds=np.concatenate([np.zeros(0), *(each for _, each in kept)]),
        density=cells.reshape(n_rows, -1) / np.outer(np.maximum(per_row, 1), np.diff(columns)),
        columns=columns,
        bins=bins,
        rates=in_bins / (max(n_neurons, 1) * np.diff(bins)),
    )


def of_neurons(
    train: SpikeTrain, window: TimeWindow, chosen: npt.NDArray[np.bool_]
) -> tuple[IntArray, FloatArray]:
    """Read the spikes of some neurons: the neuron, and the time in seconds, of each."""
    found = [(np.zeros(0, np.int64), np.zeros(0))]
    for neurons, seconds in spikes_in(train, window):
        shown = chosen[neurons]
        found.append((neurons[shown], seconds[shown]))
    return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])


def _rows(n_neurons: int, n_channels: int) -> int:
    """Return how many rows a density has, the same number for each channel if they are few."""
    most = max(min(n_neurons, _MOST_ROWS), 1)
    if 1 < n_channels <= most:
        return n_channels * (min(most // n_channels, n_neurons // n_channels))
    return most


def _places(seconds: FloatArray, edges: FloatArray) -> IntArray:
    """Return in which bin each time lies; all but the last bin are equally wide."""
    width = edges[1] - edges[0]
    places = np.floor((seconds - edges[0]) / width + 1e-6).astype(np.int64)
    return np.clip(places, 0, len(edges) - 2)

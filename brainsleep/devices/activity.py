"""What the neurons of a night did: spike trains, and the number of spikes in each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import Hz, Quantity, second
from numpy.typing import NDArray

from .recorded_spikes import AT_A_TIME, RecordedSpikes


@dataclass(frozen=True)
class Spikes(RecordedSpikes):
    """Spikes of one population, in time order.

    Attributes
    ----------
    i : ndarray of int32
        Neuron indices.
    t : Quantity
        Spike times: the start of the time step in which each occurred.
    n_neurons : int
        Size of the population.
    """

    i: NDArray[np.int32]
    t: Quantity
    n_neurons: int

    def _between(self, first: float, last: float) -> Spikes:
        seconds = np.asarray(self.t / second)
        return self._where((first <= seconds) & (seconds < last))

    def _pieces(self, first: float, last: float) -> Iterator[Spikes]:
        for begin in range(0, len(self), AT_A_TIME):
            some = slice(begin, begin + AT_A_TIME)
            yield Spikes(self.i[some], self.t[some], self.n_neurons)._between(first, last)

    def _of(self, neurons: NDArray[np.int64]) -> Spikes:
        return self._where(np.isin(self.i, neurons))

    def _where(self, chosen: NDArray[np.bool_]) -> Spikes:
        """Return a copy of some of the spikes."""
        return Spikes(np.asarray(self.i)[chosen], self.t[chosen], self.n_neurons)

    def __repr__(self) -> str:
        return spikes_in_words(self)

    def __len__(self) -> int:
        return len(self.i)


@dataclass(frozen=True)
class PopulationRate:
    """How much one population fired in each time step.

    Attributes
    ----------
    counts : ndarray of int32, shape (n_steps,)
        Number of spikes of the whole population in each step.
    n_neurons : int
        Size of the population.
    dt : Quantity
        Time step.
    """

    counts: NDArray[np.int32]
    n_neurons: int
    dt: Quantity

    @property
    def t(self) -> Quantity:
        """Start of each time step."""
        return np.arange(len(self.counts)) * self.dt

    @property
    def rate(self) -> Quantity:
        """Firing rate of a neuron in each time step, averaged over the population."""
        return self.counts / (self.n_neurons * self.dt)

    @property
    def mean(self) -> Quantity:
        """Firing rate of a neuron, averaged over the population and the night."""
        return int(self.counts.sum()) / (self.n_neurons * len(self.counts) * self.dt)

    def __repr__(self) -> str:
        mean = f", mean {float(self.mean / Hz):.3g} Hz" if len(self) and self.n_neurons else ""
        return (
            f"PopulationRate({len(self):,} steps of {self.dt!s}, {self.n_neurons:,} neurons{mean})"
        )

    def __len__(self) -> int:
        return len(self.counts)


def spikes_in_words(train: Any) -> str:
    """Return the repr of a spike train, in memory or on disk: numbers, on one line."""
    return f"{type(train).__name__}({len(train):,} spikes of {train.n_neurons:,} neurons)"

"""What the neurons of a night did: spike trains, and the number of spikes in each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity
from numpy.typing import NDArray


@dataclass(frozen=True)
class Spikes:
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

    def __len__(self) -> int:
        return len(self.counts)

"""Counts of spikes per neuron and presentation in this very process, for the runtime device."""

from __future__ import annotations

import numpy as np
from brian2 import NetworkOperation, NeuronGroup, SpikeMonitor
from numpy.typing import NDArray

from ..network.build import BuiltNetwork


def count_neurons(group: NeuronGroup, population: int) -> SpikeMonitor:
    """Count the spikes of each neuron of a population; `population` is its number."""
    return SpikeMonitor(group, record=False, name=f"tally{population}", when="end")


class Tallies:
    """The counts of a plan's tallied populations, taken at the end of each presentation.

    Parameters
    ----------
    built : BuiltNetwork
        The network, with what `count_neurons` makes.
    presentation_steps : int
        Number of steps of a presentation.
    """

    def __init__(self, built: BuiltNetwork, presentation_steps: int) -> None:
        self._clock = built.populations[0].clock
        self._steps = presentation_steps
        self._counts = {n: one.variables["count"] for n, one in built.talliers.items()}
        # how often each neuron has spiked before each presentation, and after the last one
        self._totals = {
            n: [np.zeros(count.size, dtype=np.int32)] for n, count in self._counts.items()
        }

    def operation(self) -> NetworkOperation:
        """Return what takes the counts when all else of a step is done."""
        timestep = self._clock.variables["timestep"]

        def take() -> None:
            if (int(timestep.get_value()[0]) + 1) % self._steps == 0:
                for number, count in self._counts.items():
                    self._totals[number].append(np.array(count.get_value(), dtype=np.int32))

        return NetworkOperation(take, when="after_end", clock=self._clock, name="tallying")

    def result(self) -> dict[int, NDArray[np.int32]]:
        """Return the counts of the presentations that are over; see `Outcome.tallies`."""
        return {number: np.diff(totals, axis=0) for number, totals in self._totals.items()}

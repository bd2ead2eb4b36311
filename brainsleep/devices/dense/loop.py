"""The loop of a night in blocks of steps, as its template needs to know it; see `blocks`."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """An array that the loop leads from row to row.

    Attributes
    ----------
    name : str
        C++ name of its history.
    array : str
        C++ name of the array.
    c_type : str
        C++ type of its elements.
    size : int
        Number of its elements.
    """

    name: str
    array: str
    c_type: str
    size: int


@dataclass(frozen=True)
class Sampled:
    """An array of which the loop keeps values.

    Attributes
    ----------
    name : str
        What its files are called, without a suffix.
    values : str
        C++ expression for where its values are.
    c_type : str
        C++ type of its elements.
    size, elements : int
        Number of its elements: in all, and for each neuron of the layer.
    """

    name: str
    values: str
    c_type: str
    size: int
    elements: int

    @property
    def samples(self) -> str:
        """C++ name of what keeps them."""
        return f"samples_of_{self.name.replace('.', '_')}"


@dataclass
class Layer:
    """One population in the loop.

    Attributes
    ----------
    number : int
        Its number in the plan, 0 for the input.
    n_neurons, tile_neurons : int
        Number of neurons of the population, and of one tile of it.
    spikes : Variable
        Its spikes.
    traces : list of Variable
        Its other variables that projections read.
    sources : list of Variable
        What its own projection reads of the population before it.
    functions, recorders : list of str
        C++ functions, for one tile and step, and for one step.
    tally : str or None
        File of the number of spikes of each neuron in each presentation.
    samples : list of Sampled
        What is kept of its neurons, and of the weights that lead to them.
    signals : list of (int, str)
        The arrays that get signals in each step, and the place of each signal in the input.
    is_fused : bool
        Whether the population goes through each step right after the one before it.
    """

    number: int
    n_neurons: int
    tile_neurons: int
    spikes: Variable
    traces: list[Variable]
    sources: list[Variable]
    functions: list[str]
    recorders: list[str]
    tally: str | None
    samples: list[Sampled]
    signals: list[tuple[int, str]]
    is_fused: bool

    @property
    def histories(self) -> list[Variable]:
        """Everything that is kept of each step of a block."""
        return [self.spikes, *self.traces]

    @property
    def n_tiles(self) -> int:
        """Number of its tiles."""
        return math.ceil(self.n_neurons / self.tile_neurons)


@dataclass(frozen=True)
class BlockLoop:
    """The loop of a night in blocks, for the template.

    Attributes
    ----------
    layers : list of Layer
        The populations, the input first.
    delay_steps : int
        Number of time steps that a spike takes from one population to the next: 0 or 1.
    block_steps : int
        Number of time steps in a block.
    clock, timestep, time : str
        C++ names of the clock, and of the arrays that hold the number of the step and its time.
    """

    layers: list[Layer]
    delay_steps: int
    block_steps: int
    clock: str
    timestep: str
    time: str

    @property
    def stages(self) -> list[list[Layer]]:
        """The populations that go through a block step by step together, in order."""
        stages: list[list[Layer]] = []
        for layer in self.layers:
            if layer.is_fused:
                stages[-1].append(layer)
            else:
                stages.append([layer])
        return stages

    @property
    def most_neurons(self) -> int:
        """Number of neurons of the largest population."""
        return max(layer.n_neurons for layer in self.layers)

    @property
    def signal_arrays(self) -> list[str]:
        """The arrays that get signals, each once."""
        return sorted({array for layer in self.layers for _, array in layer.signals})

    @property
    def thread_arrays(self) -> list[str]:
        """C++ names of the arrays that each thread has in a place of its own.

        Threads are at different steps at the same time.
        """
        rows = [one.array for layer in self.layers for one in layer.histories]
        return sorted({*rows, *self.signal_arrays, self.timestep, self.time})

"""Spikes of nights that write to disk as they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2.units import Quantity

from ..devices.activity import spikes_in_words
from ..devices.recording import SpikeFiles
from ..errors import DirectoryError, reason
from ..network.plan import NetworkPlan


@dataclass(frozen=True)
class StreamedSpikes:
    """Spikes of one population on disk, in time order; read where they are looked at.

    Attributes
    ----------
    folder : Path
        Where they lie.
    population : int
        Index of the population, 0 for the input.
    n_neurons : int
        Its size.
    dt : Quantity
        Time step.
    """

    folder: Path
    population: int
    n_neurons: int
    dt: Quantity

    @property
    def i(self) -> np.ndarray:
        """Neuron indices (int32), as a memory map."""
        return _memory_map(self.folder / SpikeFiles.of(self.population).indices)

    @property
    def counts(self) -> np.ndarray:
        """Number of spikes in each time step (int32), as a memory map."""
        return streamed_counts(self.folder, self.population)

    @property
    def t(self) -> Quantity:
        """Spike times; an array as long as there are spikes, made when asked for."""
        counts = self.counts
        return np.repeat(np.arange(len(counts), dtype=np.int64), counts) * self.dt

    def __repr__(self) -> str:
        return spikes_in_words(self)

    def __len__(self) -> int:
        return len(self.i)


def streamed_counts(folder: Path, population: int) -> np.ndarray:
    """Return a population's number of spikes in each time step (int32), as a memory map."""
    return _memory_map(folder / SpikeFiles.of(population).counts)


def check_streams(folder: Path, plan: NetworkPlan, n_steps: int) -> None:
    """Raise a DirectoryError unless there are spikes of all steps, as many as were counted.

    Parameters
    ----------
    folder : Path
        Where a night was written.
    plan : NetworkPlan
        Its populations.
    n_steps : int
        Its length.
    """
    for population in plan.recorded:
        check_stream(folder, population, n_steps)
    for population in plan.counted:
        check_stream(folder, population, n_steps, indices=False)


def check_stream(folder: Path, population: int, n_steps: int, *, indices: bool = True) -> None:
    """Raise a DirectoryError unless a population was recorded in all steps.

    Parameters
    ----------
    folder, population
        As in `streamed_counts`.
    n_steps : int
        How many steps there were.
    indices : bool
        Whether there is an index for each spike that was counted.
    """
    files = SpikeFiles.of(population)
    try:
        counts = streamed_counts(folder, population)
        n_spikes = int(counts.sum(dtype=np.int64))
        n_indices = len(_memory_map(folder / files.indices)) if indices else n_spikes
    except (OSError, ValueError) as error:
        raise DirectoryError(
            f"{folder} holds spikes that cannot be read: {reason(error)}"
        ) from None
    if len(counts) != n_steps or (counts < 0).any():
        raise DirectoryError(
            f"{folder / files.counts} is damaged: it counts the spikes of {len(counts)} steps, but "
            f"the night has {n_steps}."
        )
    if n_indices != n_spikes:
        raise DirectoryError(
            f"{folder / files.indices} is damaged: it has {n_indices} spikes, but {n_spikes} were "
            "counted."
        )


def _memory_map(file: Path) -> np.ndarray:
    """Map a file of int32; an empty one cannot be mapped."""
    if file.stat().st_size == 0:
        return np.zeros(0, dtype=np.int32)
    return np.memmap(file, dtype=np.int32, mode="r")

"""What a night with dreams did."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..devices.activity import PopulationRate, Spikes
from ..hippocampus import EpisodeMemory
from ..support.array_store import ArrayStore
from ..support.calls import public
from ..support.files import publish_directory
from ..support.names import read_path
from ..translation import write_back
from .day_residue import DayResidue
from .dream_files import read_night, write_night
from .dream_memory import DreamMemory
from .index_replay import IndexReplay

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class DreamNight:
    """What a night did; see `brainsleep.dream` and `brainsleep.dreams.replay`.

    Attributes
    ----------
    ann : torch.nn.Module or None
        A copy of the network with the weights it woke up with; None of a night that was read
        without its network.
    memory : DreamMemory or EpisodeMemory
        What the next night needs: feedback weights, thresholds, outputs that have learned; or, of
        a night of replay, codes of images.
    weights_before, weights_after : dict of str to ndarray
        Weights by their state-dict names.
    spikes : dict of str to dict of str to Spikes
        By stage (``"nrem"``, ``"rem"``) and population, for those that were recorded. A stage ends
        with one step more than its presentations have.
    rates : dict of str to dict of str to PopulationRate
        By stage and population, of all: number of spikes in each step.
    cues : ndarray of int, shape (n_dreams,)
        Which output each dream is of; -1 for dreams of the output that their image is taken for. Of
        a night of replay, the output of each replayed image.
    recipe : DayResidue or IndexReplay
        The constants.
    timings : dict of str to float
        Seconds: ``"nrem"`` and ``"rem"`` (the loops alone), ``"build"``, ``"total"``; and
        ``"steps"``, the number of time steps of both.
    neuron : str or None
        The model of the hidden cells with its values, as Python writes it; None of a night that
        was saved by a version that did not keep it.
    stages : dict of str to str or None
        What gated ``"nrem"`` and ``"rem"``, written likewise: only what was given, so it is empty
        of a night without stages. None as for `neuron`.
    """

    ann: nn.Module | None
    memory: DreamMemory | EpisodeMemory
    weights_before: dict[str, npt.NDArray[np.floating]]
    weights_after: dict[str, npt.NDArray[np.floating]]
    spikes: dict[str, dict[str, Spikes]]
    rates: dict[str, dict[str, PopulationRate]]
    cues: npt.NDArray[np.int64]
    recipe: DayResidue | IndexReplay
    timings: dict[str, float]
    neuron: str | None = None
    stages: dict[str, str] | None = None

    @property
    def n_spikes(self) -> dict[str, dict[str, int]]:
        """Number of spikes by stage and population."""
        return {
            stage: {name: int(rate.counts.sum()) for name, rate in rates.items()}
            for stage, rates in self.rates.items()
        }

    @public
    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write weights, memory, recipe, spikes and rates to a new directory.

        Raises
        ------
        DirectoryError
            If the directory exists and is not empty, or cannot be written.
        """
        with publish_directory(read_path(directory, "directory")) as work:
            self.write(work)

    def write(self, folder: Path, *, shared: ArrayStore | None = None) -> None:
        """Write it into a directory that is there; arrays to those of a run, if they are given."""
        write_night(vars(self), folder, shared)

    @classmethod
    @public
    def load(cls, directory: str | os.PathLike[str], ann: nn.Module | None = None) -> DreamNight:
        """Read a night that was saved.

        Parameters
        ----------
        directory : path
            Where.
        ann : torch.nn.Module, optional
            The network that slept, or one of the same shape; `ann` of the night is then a copy of
            it with the weights it woke up with, else None.

        Raises
        ------
        DirectoryError
            If there is none, it is of another version, or it was damaged.
        """
        found = read_night(read_path(directory, "directory"))
        woken = None if ann is None else write_back(ann, found["weights_after"])
        return cls(ann=woken, **found)

    def __repr__(self) -> str:
        return (
            f"<DreamNight of {self.timings['steps']:,.0f} steps, {len(self.cues):,} dreams of "
            f"{len(self.memory.learned)} outputs, {self.timings['total']:.1f} s>"
        )


def in_words(model: object) -> str:
    """Return what a night says of a model: its repr, or its class if it has no repr of its own."""
    name = type(model).__qualname__
    if type(model).__repr__ is object.__repr__:  # would name a place in memory
        return name
    try:
        return repr(model)
    except Exception:  # of a user's class, which may do anything; the night is worth more
        return name

"""What a night with dreams did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..devices.activity import PopulationRate, Spikes
from .day_residue import DayResidue
from .dream_memory import DreamMemory

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class DreamNight:
    """What a night with dreams did; see `brainsleep.dream`.

    Attributes
    ----------
    ann : torch.nn.Module
        A copy of the network with the weights it woke up with.
    memory : DreamMemory
        What the next night needs: feedback weights, thresholds, outputs that have learned.
    weights_before, weights_after : dict of str to ndarray
        Weights by their state-dict names.
    spikes : dict of str to dict of str to Spikes
        By stage (``"nrem"``, ``"rem"``) and population, for those that were recorded. A stage ends
        with one step more than its presentations have.
    rates : dict of str to dict of str to PopulationRate
        By stage and population, of all: number of spikes in each step.
    cues : ndarray of int, shape (n_dreams,)
        Which output each dream is of; -1 for dreams of the output that their image is taken for.
    recipe : DayResidue
        The constants.
    timings : dict of str to float
        Seconds: ``"nrem"`` and ``"rem"`` (the loops alone), ``"build"``, ``"total"``; and
        ``"steps"``, the number of time steps of both.
    """

    ann: nn.Module
    memory: DreamMemory
    weights_before: dict[str, npt.NDArray[np.floating]]
    weights_after: dict[str, npt.NDArray[np.floating]]
    spikes: dict[str, dict[str, Spikes]]
    rates: dict[str, dict[str, PopulationRate]]
    cues: npt.NDArray[np.int64]
    recipe: DayResidue
    timings: dict[str, float]

    @property
    def n_spikes(self) -> dict[str, dict[str, int]]:
        """Number of spikes by stage and population."""
        return {
            stage: {name: int(rate.counts.sum()) for name, rate in rates.items()}
            for stage, rates in self.rates.items()
        }

    def __repr__(self) -> str:
        return (
            f"<DreamNight of {self.timings['steps']:,.0f} steps, {len(self.cues):,} dreams of "
            f"{len(self.memory.learned)} outputs, {self.timings['total']:.1f} s>"
        )

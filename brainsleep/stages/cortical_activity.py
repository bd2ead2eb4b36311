"""What a patch of cortex did: its spikes, its rates and its up states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms

from ..devices.activity import PopulationRate, Spikes
from ..measures import binned_rate, up_states
from ..support.calls import public
from .rhythm import read_night

EXCITATORY, INHIBITORY = "excitatory", "inhibitory"

#: Bins of the excitatory rate from which up and down states are found.
BIN_SIZE = 10 * ms


@dataclass(frozen=True)
class CorticalActivity:
    """What a patch of cortex did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        Spikes of ``"excitatory"`` and ``"inhibitory"``.
    rates : dict of str to PopulationRate
        Number of spikes of both in each time step.
    duration, dt : Quantity
        Simulated time, and time step.
    up_threshold : Quantity
        Smoothed excitatory rate above which the population is up.
    """

    spikes: dict[str, Spikes]
    rates: dict[str, PopulationRate]
    duration: Quantity
    dt: Quantity
    up_threshold: Quantity

    def __repr__(self) -> str:
        spikes = ", ".join(f"{name}: {len(train)} spikes" for name, train in self.spikes.items())
        return f"<CorticalActivity of {self.duration}: {spikes}>"

    @public
    def up(self, n_steps: int, dt: float) -> npt.NDArray[np.bool_]:
        """Return in which steps the population is up.

        The excitatory rate in bins of 10 ms, smoothed over 20 ms, is compared with the threshold;
        states shorter than 50 ms do not count (`brainsleep.measures.up_states`).

        Parameters
        ----------
        n_steps : int
            Number of steps, from the beginning of the simulation.
        dt : float
            Length of such a step in seconds; it may differ from the time step of the simulation.

        Returns
        -------
        ndarray of bool, shape (n_steps,)
            Steps after the end of the simulation are as its last bin.
        """
        n_steps, dt, _ = read_night(n_steps, dt)
        rate = binned_rate(self.spikes[EXCITATORY], self.duration, BIN_SIZE)
        states = up_states(rate, threshold=self.up_threshold).up
        bins = (np.arange(n_steps) * dt / float(BIN_SIZE) + 1e-9).astype(int)
        return states[np.minimum(bins, len(states) - 1)]

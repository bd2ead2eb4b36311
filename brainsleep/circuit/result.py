"""What a run of a circuit did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import Quantity

from ..devices.activity import PopulationRate, Spikes


@dataclass
class CircuitRun:
    """What a run of a circuit did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        By recorded population.
    rates : dict of str to PopulationRate
        Of all populations that were recorded or counted.
    weights : dict of str to ndarray
        After the run, by ``"source -> target"``.
    finals : dict of (str, str) to ndarray
        By population and variable that was asked for: values at the end, in SI units.
    n_steps : int
        Steps made.
    dt : Quantity
        Time step.
    timings : dict of str to float
        Seconds: ``"build"``, ``"run"``, ``"read"``; and ``"build_cached"``.
    """

    spikes: dict[str, Spikes]
    rates: dict[str, PopulationRate]
    weights: dict[str, np.ndarray]
    finals: dict[tuple[str, str], np.ndarray]
    n_steps: int
    dt: Quantity
    timings: dict[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> Quantity:
        """Simulated time."""
        return self.n_steps * self.dt

    def __repr__(self) -> str:
        spikes = ", ".join(f"{name}: {len(train)} spikes" for name, train in self.spikes.items())
        return f"<CircuitRun of {self.n_steps} steps of {self.dt}: {spikes}>"

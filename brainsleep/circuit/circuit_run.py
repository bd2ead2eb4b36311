"""What a run of a circuit did."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2.units import Quantity

from ..devices.activity import PopulationRate, Spikes
from ..support.names import ByName


@dataclass
class CircuitRun:
    """What a run of a circuit did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        Spikes of each recorded population.
    rates : dict of str to PopulationRate
        Number of spikes in each step, of each population that was recorded or counted.
    weights : dict of str to ndarray
        By ``"source -> target"``: weights after the run, one per synapse.
    final_values : dict of (str, str) to ndarray, shape (n_neurons,)
        By population and variable, for those that were asked for: values at the end, in SI units.
    n_steps : int
        Number of time steps of the run.
    dt : Quantity
        Time step.
    timings : dict of str to float
        Seconds: ``"build"``, ``"run"`` (the simulation loop), ``"read"``. And ``"build_cached"``:
        whether the program had been compiled before.
    """

    spikes: dict[str, Spikes]
    rates: dict[str, PopulationRate]
    weights: dict[str, np.ndarray]
    final_values: dict[tuple[str, str], np.ndarray]
    n_steps: int
    dt: Quantity
    timings: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spikes, self.rates = ByName(self.spikes), ByName(self.rates)
        self.weights = ByName(self.weights)

    @property
    def duration(self) -> Quantity:
        """Simulated time."""
        return self.n_steps * self.dt

    def __repr__(self) -> str:
        spikes = ", ".join(f"{name}: {len(train)} spikes" for name, train in self.spikes.items())
        return f"<CircuitRun of {self.n_steps} steps of {self.dt}: {spikes}>"

"""The stages of a night as runs of circuits, with what they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
import numpy.typing as npt

from ..circuit import Circuit
from ..devices import Device
from ..devices.activity import PopulationRate, Spikes
from ..night.night_request import Record
from .chains import Chain
from .day_residue import DayResidue
from .shown_images import ShownImages
from .stage_plans import StagePlan


@dataclass(eq=False)
class StageRuns:
    """Runs the stages of a night.

    Parameters
    ----------
    chain : Chain
        The network, and the images of the day.
    recipe : DayResidue
        The constants.
    outputs : mapping of str to sequence of int
        By parameter of the output cells: the outputs for which it is 1.
    device, dtype, progress
        As in `brainsleep.sleep`.
    record : sequence of str
        Populations whose spikes are kept.

    Attributes
    ----------
    spikes : dict of str to dict of str to Spikes
        By stage and population, for those whose spikes are kept.
    rates : dict of str to dict of str to PopulationRate
        By stage and population, of all.
    timings : dict of str to float
        Seconds by stage, and of ``"build"``; ``"steps"``: number of time steps.
    """

    chain: Chain
    recipe: DayResidue
    _: KW_ONLY
    outputs: Mapping[str, Sequence[int]]
    device: str | Device
    dtype: str
    record: Sequence[str]
    progress: bool
    spikes: dict[str, dict[str, Spikes]] = field(default_factory=dict)
    rates: dict[str, dict[str, PopulationRate]] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=lambda: {"build": 0.0, "steps": 0})

    def run(
        self, stage: str, circuit: Circuit, plan: StagePlan
    ) -> dict[str, npt.NDArray[np.floating]]:
        """Run a stage; return the weights after it by projection."""
        prepared = circuit.prepare(
            self.device,
            dtype=self.dtype,
            record=Record([name for name in circuit.names if name in self.record], rates="all"),
            is_modulated=True,
            progress=self.progress,
        )
        recipe, numbers = self.recipe, np.arange(self.chain.n_outputs)
        run = prepared.run(
            ShownImages(
                self.chain.images, plan.order, plan.presentation_steps, recipe.pixel_probability
            ),
            seed=plan.seed,
            modulation=plan.signals["learning"],
            signals={
                name: values
                for name, values in plan.signals.items()
                if name in prepared.plan.signals
            },
            parameters={
                self.chain.output: {
                    name: np.isin(numbers, chosen).astype(float)
                    for name, chosen in self.outputs.items()
                }
            },
            progress=self.progress,
            description=stage.upper(),
        )
        self.spikes[stage], self.rates[stage] = dict(run.spikes), dict(run.rates)
        self.timings[stage] = float(run.timings["run"])
        self.timings["build"] += float(run.timings["build"])
        self.timings["steps"] += run.n_steps
        return run.weights

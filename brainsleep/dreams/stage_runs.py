"""The stages of a night as runs of circuits, with what they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from time import perf_counter
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..circuit import Circuit, CircuitRun, PreparedCircuit
from ..circuit.changes import ParameterValues
from ..devices import Device
from ..devices.activity import PopulationRate, Spikes
from ..hippocampus import EpisodeMemory
from ..neurons import IntegrateAndFire, LayeredNeuron
from ..night.gating import Stages
from ..night.preparing.night_request import Record
from ..stimuli import StimulusLike
from ..support.names import known_names
from ..translation import write_back
from .chains import Chain
from .day_residue import DayResidue
from .dream_memory import DreamMemory
from .dream_night import DreamNight, in_words
from .index_replay import IndexReplay
from .stage_plans import StagePlan


class Driven(Protocol):
    """What says what drives the circuits of a night."""

    def currents(self, order: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        """Return biases of populations in each presentation, by population."""

    def stimulus(self, plan: StagePlan) -> StimulusLike:
        """Return what drives the input."""


@dataclass(eq=False)
class StageRuns:
    """Runs the stages of a night.

    Parameters
    ----------
    circuits : Driven
        Says what drives them.
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

    circuits: Driven
    _: KW_ONLY
    device: str | Device
    dtype: str
    record: Sequence[str]
    progress: bool
    spikes: dict[str, dict[str, Spikes]] = field(default_factory=dict)
    rates: dict[str, dict[str, PopulationRate]] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=lambda: {"build": 0.0, "steps": 0})

    def run(
        self,
        stage: str,
        circuit: Circuit,
        plan: StagePlan,
        today: Mapping[str, Sequence[int]],
    ) -> dict[str, npt.NDArray[np.floating]]:
        """Run a stage; return the weights after it by projection.

        Parameters
        ----------
        stage : str
            Its name.
        circuit : Circuit
            What runs.
        plan : StagePlan
            What happens in each step.
        today : mapping of str to sequence of int
            By population that tags images: the outputs of today.
        """
        prepared = self.prepared(circuit)
        run = self.once(
            prepared,
            plan,
            {
                name: {"is_today": np.isin(np.arange(circuit.sizes[name]), outputs).astype(float)}
                for name, outputs in today.items()
            },
            description=stage.upper(),
        )
        self.spikes[stage], self.rates[stage] = dict(run.spikes), dict(run.rates)
        self.timings[stage] = float(run.timings["run"])
        self.timings["build"] += float(run.timings["build"])
        self.timings["steps"] += run.n_steps
        return run.weights

    def prepared(self, circuit: Circuit) -> PreparedCircuit:
        """Return a circuit that can run."""
        return circuit.prepare(
            self.device,
            dtype=self.dtype,
            record=Record([name for name in circuit.names if name in self.record], rates="all"),
            is_modulated=True,
            progress=self.progress,
        )

    def once(
        self,
        prepared: PreparedCircuit,
        plan: StagePlan,
        parameters: Mapping[str, ParameterValues],
        *,
        learning: npt.NDArray[np.floating] | None = None,
        description: str = "run",
    ) -> CircuitRun:
        """Run it through a plan; with another factor on learning, if one is given."""
        return prepared.run(
            self.circuits.stimulus(plan),
            seed=plan.seed,
            modulation=plan.signals["learning"] if learning is None else learning,
            signals={
                name: values
                for name, values in plan.signals.items()
                if name in prepared.plan.signals
            },
            parameters=parameters,
            presentation_steps=plan.presentation_steps,
            presentation_biases=self.circuits.currents(plan.order),
            progress=self.progress,
            description=description,
        )


def recorded(record: str | Sequence[str] | None, names: Sequence[str]) -> Sequence[str]:
    """Return the names of the populations whose spikes are kept.

    Parameters
    ----------
    record : "all", None, names of populations
        Which are asked for.
    names : sequence of str
        All populations that there are.
    """
    if record is None:
        return ()
    if isinstance(record, str) and record == "all":
        return names
    return known_names(record, "record", names, "population")


def night_of(
    runs: StageRuns,
    chain: Chain,
    changed: Mapping[str, npt.NDArray[np.floating]],
    *,
    memory: DreamMemory | EpisodeMemory,
    cues: npt.NDArray[np.int64],
    recipe: DayResidue | IndexReplay,
    neuron: LayeredNeuron | None = None,
    stages: Mapping[str, Stages],
    began: float,
) -> DreamNight:
    """Return the night of which some stages have run.

    Parameters
    ----------
    runs : StageRuns
        What the stages left.
    chain : Chain
        The network as it went to sleep.
    changed : mapping of str to ndarray
        The weights that the night changed, by their state-dict names.
    memory, cues, recipe
        As of `DreamNight`.
    neuron : neuron model, optional
        Of the hidden cells; integrate and fire unless given.
    stages : mapping of str to stage
        What gated stages, by their names.
    began : float
        When the night was asked for, by `time.perf_counter`.
    """
    before = dict(chain.translation.weights)
    after = {**before, **changed}
    return DreamNight(
        ann=write_back(chain.translation.module, after, chain.translation),
        memory=memory,
        weights_before=before,
        weights_after=after,
        spikes=runs.spikes,
        rates=runs.rates,
        cues=cues,
        recipe=recipe,
        timings={**runs.timings, "total": perf_counter() - began},
        neuron=in_words(IntegrateAndFire() if neuron is None else neuron),
        stages={name: in_words(one) for name, one in stages.items()},
    )

"""Model files of reservoirs: ``[reservoir]`` in place of data, tasks, network and sleep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ...errors import ModelFileError
from ...neurons import NEURONS
from ...reservoir import (
    DistanceDependent,
    DynamicSynapses,
    Reservoir,
    ShortTerm,
    SpikeTask,
    Strengths,
    spike_templates,
    spoken_digits,
)
from ...reservoir.side_by_side_readouts import equal_parts
from ...support.files import JsonObject
from .kinds import Registry
from .modelfile import check_content
from .named_model import NamedModel
from .sections import ModelSection, Section

#: What makes the sequences of each task, by its name.
TASKS: dict[str, Callable[..., SpikeTask]] = {
    "spoken_digits": spoken_digits,
    "spike_templates": spike_templates,
}


class ReservoirNeuron(ModelSection):
    """``[reservoir.neuron]``: the neurons of the reservoir.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "reservoir.neuron"


class WiringSection(Section):
    """``[reservoir.wiring]``: how likely two neurons are joined.

    Attributes
    ----------
    lambda_, ee, ei, ie, ii
        As in `brainsleep.reservoir.DistanceDependent`.
    """

    lambda_: float = 2.0
    ee: float = 0.3
    ei: float = 0.2
    ie: float = 0.4
    ii: float = 0.1


class StrengthsSection(Section):
    """``[reservoir.strengths]``: mean weights by type.

    Attributes
    ----------
    ee, ei, ie, ii, input, spread
        As in `brainsleep.reservoir.Strengths`.
    """

    ee: float = 1.0
    ei: float = 2.0
    ie: float = 2.0
    ii: float = 1.0
    input: float = 5.0
    spread: float = 1.0


class ShortTermSection(Section):
    """``[reservoir.dynamics.ee]``: short-term dynamics; ``ei``, ``ie`` and ``ii`` alike.

    Attributes
    ----------
    use, tau_rec, tau_facil
        As in `brainsleep.reservoir.ShortTerm`.
    """

    use: float
    tau_rec: str
    tau_facil: str


class DynamicsSection(Section):
    """``[reservoir.dynamics]``: short-term dynamics of the synapses within the reservoir.

    Attributes
    ----------
    ee, ei, ie, ii, spread
        As in `brainsleep.reservoir.DynamicSynapses`; each of the first four is a table.
    """

    ee: ShortTermSection
    ei: ShortTermSection
    ie: ShortTermSection
    ii: ShortTermSection
    spread: float = 0.5

    def build(self) -> DynamicSynapses:
        """Return the dynamics."""
        kinds = {name: getattr(self, name).model_dump() for name in ("ee", "ei", "ie", "ii")}
        return DynamicSynapses(
            **{name: ShortTerm(**values) for name, values in kinds.items()}, spread=self.spread
        )


class NarmaNeuron(ReservoirNeuron):
    """``[reservoir.narma.neuron]``: the neurons of the reservoir that predicts NARMA-10."""

    table: ClassVar[str] = "reservoir.narma.neuron"


class NarmaSection(Section):
    """``[reservoir.narma]``: what is different where NARMA-10 is predicted.

    Attributes
    ----------
    n_inputs : int
        Channels that stand for its input.
    coding, steps, max_probability, filters, input_filters
        As in `brainsleep.reservoir.compare_on_series`.
    input_fraction, excitatory_inputs
        As in `brainsleep.reservoir.Reservoir`.
    neuron, strengths : table
        Parts of the reservoir.
    """

    n_inputs: int = Field(default=32, ge=2)
    coding: Literal["population", "rate"] = "rate"
    steps: int = Field(default=20, ge=1)
    max_probability: float = 0.6
    filters: tuple[str, ...] = ("20 ms", "60 ms")
    input_filters: tuple[str, ...] = ("10 ms", "20 ms", "60 ms", "120 ms", "240 ms")
    input_fraction: float = 0.1
    excitatory_inputs: float = 0.7
    neuron: NarmaNeuron | None = None
    strengths: StrengthsSection = StrengthsSection()


class ReservoirSection(Section):
    """``[reservoir]``: the reservoir, and what its readout is to tell.

    Attributes
    ----------
    task : str
        ``"spoken_digits"`` or ``"spike_templates"``, made from the seed.
    task_options : table
        What the function of this name in `brainsleep.reservoir` takes.
    n_train, n_validation, n_test : int
        Sequences to train readouts on, to choose by, and to measure on.
    n_samples : int
        Samples of the states that a readout sees, evenly over a sequence.
    taus : list of str
        Time constants of filters that are tried.
    narma_train, narma_validation, narma_test : int
        Values of a NARMA-10 series to train on, to choose by, and to measure on; 0: there is none.
    grid, excitatory, input_fraction, excitatory_inputs
        As in `brainsleep.reservoir.Reservoir`.
    short_term : bool
        Whether synapses within the reservoir have the short-term dynamics of ``dynamics``.
    device, dtype
        As in `brainsleep.sleep`.
    neuron, wiring, strengths, dynamics : table
        Parts of the reservoir.
    narma : table
        What is different for NARMA-10.
    """

    task: Literal["spoken_digits", "spike_templates"]
    task_options: JsonObject = Field(default_factory=dict)
    n_train: int = Field(default=1000, ge=1)
    n_validation: int = Field(default=500, ge=1)
    n_test: int = Field(default=500, ge=1)
    n_samples: int = Field(default=5, ge=1)
    taus: tuple[str, ...] = ("30 ms", "60 ms", "120 ms")
    narma_train: int = Field(default=2000, ge=0)
    narma_validation: int = Field(default=500, ge=1)
    narma_test: int = Field(default=500, ge=1)
    grid: tuple[int, int, int] = (15, 3, 3)
    excitatory: float = 0.8
    input_fraction: float = 0.3
    excitatory_inputs: float = 1.0
    short_term: bool = False
    device: str = "cpp"
    dtype: str = "float32"
    neuron: ReservoirNeuron | None = None
    wiring: WiringSection = WiringSection()
    strengths: StrengthsSection = StrengthsSection()
    dynamics: DynamicsSection | None = None
    narma: NarmaSection = NarmaSection()

    def make_task(self, n: int, seed: int) -> SpikeTask:
        """Return `n` sequences of the task."""
        return TASKS[self.task](n, seed=seed, **self.task_options)

    def build(self, n_inputs: int, seed: int = 0) -> Reservoir:
        """Return the reservoir.

        Raises
        ------
        BrainsleepError
            For a model's values that make no sense.
        """
        reservoir = Reservoir(
            n_inputs,
            self.grid,
            excitatory=self.excitatory,
            wiring=DistanceDependent(**self.wiring.model_dump()),
            strengths=Strengths(**self.strengths.model_dump()),
            input_fraction=self.input_fraction,
            excitatory_inputs=self.excitatory_inputs,
            seed=seed,
        )
        if self.short_term:
            dynamics = DynamicSynapses() if self.dynamics is None else self.dynamics.build()
            reservoir = replace(reservoir, dynamics=dynamics)
        return reservoir if self.neuron is None else replace(reservoir, neuron=self.neuron.build())

    def build_for_narma(self, seed: int = 0) -> Reservoir:
        """Return the reservoir that predicts NARMA-10.

        Raises
        ------
        BrainsleepError
            For a model's values that make no sense.
        """
        narma = self.narma
        reservoir = replace(
            self.build(narma.n_inputs, seed),
            strengths=Strengths(**narma.strengths.model_dump()),
            input_fraction=narma.input_fraction,
            excitatory_inputs=narma.excitatory_inputs,
        )
        return (
            reservoir if narma.neuron is None else replace(reservoir, neuron=narma.neuron.build())
        )


class ReservoirModel(NamedModel):
    """A whole model file of a reservoir.

    Attributes
    ----------
    name, description, takes, references
        As in other model files.
    """

    reservoir: ReservoirSection


def parse_reservoir(content: JsonObject, source: str) -> ReservoirModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(
        ReservoirModel,
        content,
        source,
        {
            (): ReservoirModel,
            ("reservoir",): ReservoirSection,
            ("reservoir", "wiring"): WiringSection,
            ("reservoir", "strengths"): StrengthsSection,
            ("reservoir", "dynamics"): DynamicsSection,
            **{
                ("reservoir", "dynamics", kind): ShortTermSection
                for kind in ("ee", "ei", "ie", "ii")
            },
            ("reservoir", "narma"): NarmaSection,
            ("reservoir", "narma", "strengths"): StrengthsSection,
        },
    )
    try:
        task = model.reservoir.make_task(1, seed=0)
        model.reservoir.build(task.spikes.shape[2])
        model.reservoir.build_for_narma()
        equal_parts(task.spikes.shape[1], model.reservoir.n_samples, "n_samples")
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model

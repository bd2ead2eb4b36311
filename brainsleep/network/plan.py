"""Plans: what a spiking network is, and all that its generated code depends on.

A :class:`NetworkPlan` says everything that generated code depends on (sizes, equations,
data type, time step) and nothing that may change between nights (weights, gains,
thresholds, stimulus, duration). Equal plans give equal code.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from ..neurons import NeuronEquations
from ..plasticity import SynapseEquations, asks_for_modulation, needs_mask
from .model_names import model_names
from .windows import Window
from .wiring import Wiring

#: Slot in which a device sets ``spiking`` of the input population.
INPUT_SLOT = "input_draw"

#: The signal by which rules multiply what they learn; other signals are those of neuron models.
MODULATION = "modulation"

#: Which neurons of two populations are joined.
ProjectionKind: TypeAlias = Literal["all_to_all", "one_to_one", "window", "wired"]

#: What a population does in a step, in order: go on without input; take in what arrives; pool,
#: which adds up what all its neurons got; integrate its drive; compete, where few neurons may
#: spike; spike; reset; learn; regulate its synapses; and, last, change the traces by which those
#: learn that get its spikes.
PARTS = ("state", "in", "pool", "drive", "compete", "spike", "reset", "learn", "regulate", "sent")


@dataclass(frozen=True)
class ProjectionPlan:
    """Everything the generated code of one projection depends on.

    Attributes
    ----------
    source, target : int
        Numbers of the populations, 0 for the input. Where the target does not come after the
        source the network is recurrent.
    kind : str
        ``"all_to_all"``, ``"one_to_one"``, ``"window"`` or ``"wired"``.
    synapse : SynapseEquations
        What a spike does. A synaptic variable has one value per synapse; for a window, one per
        weight of the kernel, shared by all positions of the window.
    window : Window or None
        For ``"window"``.
    wiring : Wiring or None
        For ``"wired"``: which pairs of neurons are joined.
    receptor : str
        ``"drive"``; ``"inhibition"``: weights are strengths of inhibition, subtracted from the
        drive where the target has no receptor for inhibition; for targets with both receptors,
        ``"signed"``: positive weights excite and negative ones inhibit; or another receptor of the
        target's model, by name.
    """

    source: int
    target: int
    kind: ProjectionKind
    synapse: SynapseEquations
    window: Window | None = None
    wiring: Wiring | None = None
    receptor: str = "drive"

    @property
    def has_weights(self) -> bool:
        """Whether its synapses have weights; those of pooling and residual additions have none."""
        return "w" in model_names(self.synapse.model)

    @property
    def is_plastic(self) -> bool:
        """Whether spikes change its weights."""
        codes = [self.synapse.on_pre, *self.synapse.on_event]
        return bool(self.synapse.on_post.strip()) or any("w" in assigned(code) for code in codes)

    @property
    def is_masked(self) -> bool:
        """Whether its code must be told which synapses are there; a job says it."""
        return needs_mask(self.synapse)


@dataclass(frozen=True)
class Labels:
    """What a plan's models are called in tables and lists; no generated code depends on it.

    Attributes
    ----------
    neuron, plasticity : str
        Names of the models; several are joined by ``+``.
    populations : tuple of str
        Names of the populations, the input first; for messages.
    """

    neuron: str = "custom"
    plasticity: str = "custom"
    populations: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, neurons: Iterable[object], rules: Iterable[object], populations: Iterable[str] = ()
    ) -> Labels:
        """Return the names of neuron models, plasticity rules and populations, models once each.

        The name of a model is its attribute `label`, or else that of its class.
        """
        return cls(
            "+".join(_labels(neurons)) or "none",
            "+".join(_labels(rules)) or "none",
            tuple(populations),
        )

    def name(self, population: int) -> str | int:
        """Return the name of a population, or else its number."""
        return dict(enumerate(self.populations)).get(population, population)

    def link(self, source: int, target: int) -> str:
        """Return what joins two populations, by their names or else by their numbers."""
        return f"{self.name(source)!r} -> {self.name(target)!r}"


def _labels(models: Iterable[object]) -> list[str]:
    """Return the names of some models, each once."""
    return list(dict.fromkeys(getattr(one, "label", type(one).__name__) for one in models))


@dataclass(frozen=True)
class NetworkPlan:
    """Everything the generated code of a sleeping network depends on.

    Attributes
    ----------
    sizes : tuple of int
        Number of neurons of each population, the input population first.
    neurons : tuple of NeuronEquations
        The models of all populations but the input.
    projections : tuple of ProjectionPlan
        What joins the populations; feed-forward ones in the order of their targets.
    delay_steps : int
        Number of time steps that a spike takes from one population to a later one: 0 or 1. To its
        own or an earlier one it takes 1.
    dt : float
        Time step in seconds.
    dtype : str
        ``"float32"`` or ``"float64"``.
    recorded : tuple of int
        Populations whose spikes are recorded.
    counted : tuple of int
        Populations of which only the number of spikes in each step is kept.
    tallied : tuple of int
        Populations of which the number of spikes of each neuron is kept, for each presentation.
    watched : tuple of (int, str)
        Populations, and the variable of each whose values after each step are kept.
    watched_weights : tuple of int
        Projections whose weights after each step are kept.
    pooled : tuple of int
        Populations whose neurons know the mean drive of their population.
    competing : tuple of int
        Populations of which only the neurons with the highest potentials spike.
    labels : Labels
        What the models are called. Plans that differ in nothing else are equal.
    """

    sizes: tuple[int, ...]
    neurons: tuple[NeuronEquations, ...]
    projections: tuple[ProjectionPlan, ...]
    delay_steps: int
    dt: float
    dtype: str
    recorded: tuple[int, ...]
    counted: tuple[int, ...] = ()
    tallied: tuple[int, ...] = ()
    watched: tuple[tuple[int, str], ...] = ()
    watched_weights: tuple[int, ...] = ()
    pooled: tuple[int, ...] = ()
    competing: tuple[int, ...] = ()
    labels: Labels = field(default=Labels(), compare=False)

    @classmethod
    def chain(
        cls,
        sizes: tuple[int, ...],
        neuron: NeuronEquations,
        synapse: SynapseEquations,
        *,
        delay_steps: int,
        dt: float,
        dtype: str,
        recorded: tuple[int, ...],
    ) -> NetworkPlan:
        """Plan a chain of fully connected populations, alike in neurons and synapses.

        Parameters
        ----------
        sizes : tuple of int
            Number of neurons of each population, the input population first.
        neuron : NeuronEquations
            The model of all populations but the input.
        synapse : SynapseEquations
            The rule of all projections.
        delay_steps, dt, dtype, recorded
            As in the class.
        """
        projections = tuple(
            ProjectionPlan(index, index + 1, "all_to_all", synapse)
            for index in range(len(sizes) - 1)
        )
        neurons = (neuron,) * (len(sizes) - 1)
        return cls(sizes, neurons, projections, delay_steps, dt, dtype, recorded)

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all projections together."""
        return sum(self.n_synapses_of(projection) for projection in self.projections)

    def n_synapses_of(self, projection: ProjectionPlan) -> int:
        """Return the number of synapses of one projection."""
        if projection.window is not None:
            return projection.window.n_synapses
        if projection.wiring is not None:
            return projection.wiring.n_synapses(
                self.sizes[projection.source], self.sizes[projection.target]
            )
        if projection.kind == "one_to_one":
            return self.sizes[projection.target]
        return self.sizes[projection.source] * self.sizes[projection.target]

    def weight_shape(self, projection: ProjectionPlan) -> tuple[int, ...]:
        """Return the shape of a projection's weights: as in torch, or one per pair of a wiring."""
        if projection.window is not None:
            return projection.window.kernel_shape
        if projection.wiring is not None:
            return (self.n_synapses_of(projection),)
        return (self.sizes[projection.target], self.sizes[projection.source])

    def incoming(self, population: int) -> list[ProjectionPlan]:
        """Return the projections that drive a population."""
        return [link for link in self.projections if link.target == population]

    def outgoing(self, population: int) -> list[ProjectionPlan]:
        """Return the projections that a population drives."""
        return [link for link in self.projections if link.source == population]

    @property
    def is_recurrent(self) -> bool:
        """Whether spikes reach their own or an earlier population, one step later."""
        return any(link.target <= link.source for link in self.projections)

    def is_modulated(self, population: int) -> bool:
        """Whether a rule at a population asks for the modulation of each step."""
        return any(asks_for_modulation(link.synapse) for link in self.incoming(population))

    @property
    def modulated(self) -> list[int]:
        """The numbers of the populations that get the modulation of each step."""
        return [number for number in range(1, len(self.sizes)) if self.is_modulated(number)]

    def signals_of(self, population: int) -> tuple[str, ...]:
        """Return the signals of a population: numbers that it gets anew in each step."""
        if population == 0:
            return ()
        modulation = (MODULATION,) if self.is_modulated(population) else ()
        return tuple(dict.fromkeys(modulation + self.neurons[population - 1].signals))

    @property
    def signals(self) -> dict[str, list[int]]:
        """The numbers of the populations that get each signal; devices keep their order."""
        found: dict[str, list[int]] = {}
        for number in range(1, len(self.sizes)):
            for name in self.signals_of(number):
                found.setdefault(name, []).append(number)
        return found

    def key(self) -> str:
        """Return a digest that is equal exactly for equal plans."""
        content = {name: value for name, value in asdict(self).items() if name != "labels"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def schedule(self) -> list[str]:
        """Return the slots of one time step, in order."""
        layers = list(range(1, len(self.sizes)))
        input_slots = ["input_state", INPUT_SLOT, "input_threshold", "input_reset"]
        layer_slots = [[f"layer{layer}_{part}" for part in PARTS] for layer in layers]
        if self.is_recurrent and self.delay_steps == 1:
            # all populations do each part at once, so that no spike acts in the step it was sent;
            # transposed: one tuple of slots per part
            blocks = [*map(list, zip(*layer_slots, strict=True)), input_slots]
        else:
            blocks = [input_slots, *layer_slots]
            if self.delay_steps == 1:
                blocks.reverse()
        return ["start", *(slot for block in blocks for slot in block), "end"]


def population_name(number: int) -> str:
    """Return what Brian2 calls a population of a plan."""
    return f"layer{number}" if number else "input"


def projection_name(number: int) -> str:
    """Return what Brian2 calls a projection of a plan."""
    return f"synapses{number + 1}"


def assigned(code: str) -> set[str]:
    """Return the names that statements write to."""
    return set(re.findall(r"(\w+)\s*[-+*/]?=(?!=)", code))


def reached_receptor(receptors: Sequence[str], weights: np.ndarray, inhibitory: bool) -> str:
    """Return the receptor that a projection reaches; see `ProjectionPlan`.

    Parameters
    ----------
    receptors : sequence of str
        Those of the target.
    weights : ndarray
        The projection's weights.
    inhibitory : bool
        Whether the weights are strengths of inhibition.
    """
    if inhibitory:
        return "inhibition"
    return "signed" if "inhibition" in receptors and bool((weights < 0).any()) else "drive"

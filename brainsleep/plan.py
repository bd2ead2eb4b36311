"""Plans: what a spiking network is, and all that its generated code depends on.

A :class:`NetworkPlan` says everything that generated code depends on (sizes, equations,
data type, time step) and nothing that may change between nights (weights, gains,
thresholds, stimulus, duration). Equal plans give equal code.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from brian2 import Equations

from .neurons import NeuronEquations
from .plasticity import SynapseEquations
from .windows import Window

#: Slot in which a device sets ``spiking`` of the input population.
INPUT_SLOT = "input_draw"

#: Which neurons of source and target a projection joins.
KINDS = ("all_to_all", "one_to_one", "window")


@dataclass(frozen=True)
class ProjectionPlan:
    """Everything the generated code of one projection depends on.

    Attributes
    ----------
    source, target : int
        Populations; the target comes after the source.
    kind : str
        ``"all_to_all"``, ``"one_to_one"`` or ``"window"``.
    synapse : SynapseEquations
        What a spike does. Synaptic variables are one a synapse, but one a number of the kernel,
        shared by all its positions, for a window.
    window : Window or None
        For ``"window"``.
    """

    source: int
    target: int
    kind: str
    synapse: SynapseEquations
    window: Window | None = None

    @property
    def has_weights(self) -> bool:
        """Whether there is a variable ``w``; pooling and residual additions have none."""
        return "w" in Equations(self.synapse.model).names

    @property
    def is_plastic(self) -> bool:
        """Whether spikes change it."""
        return bool(self.synapse.on_post.strip()) or "w" in assigned(self.synapse.on_pre)


@dataclass(frozen=True)
class NetworkPlan:
    """Everything the generated code of a feed-forward sleeping network depends on.

    Attributes
    ----------
    sizes : tuple of int
        Neurons of each population, the input population first.
    neurons : tuple of NeuronEquations
        The models of all populations but the input.
    projections : tuple of ProjectionPlan
        What joins them, in the order of their targets.
    delay_steps : int
        Time steps a spike takes from one population to the next: 0 or 1.
    dt : float
        Time step in seconds.
    dtype : str
        ``"float32"`` or ``"float64"``.
    recorded : tuple of int
        Populations whose spikes are recorded.
    counted : tuple of int
        Populations of which only the number of spikes in each step is kept.
    watched : tuple of (int, str)
        Populations, and the variable of each whose values after each step are kept.
    """

    sizes: tuple[int, ...]
    neurons: tuple[NeuronEquations, ...]
    projections: tuple[ProjectionPlan, ...]
    delay_steps: int
    dt: float
    dtype: str
    recorded: tuple[int, ...]
    counted: tuple[int, ...] = ()
    watched: tuple[tuple[int, str], ...] = ()

    @classmethod
    def chain(
        cls,
        sizes: tuple[int, ...],
        neuron: NeuronEquations,
        synapse: SynapseEquations,
        **others: Any,
    ) -> NetworkPlan:
        """Plan a chain of fully connected populations, alike in neurons and synapses."""
        projections = tuple(
            ProjectionPlan(index, index + 1, "all_to_all", synapse)
            for index in range(len(sizes) - 1)
        )
        return cls(sizes, (neuron,) * (len(sizes) - 1), projections, **others)

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all projections together."""
        return sum(self.n_synapses_of(projection) for projection in self.projections)

    def n_synapses_of(self, projection: ProjectionPlan) -> int:
        """Return the number of synapses of one projection."""
        if projection.window is not None:
            return projection.window.n_synapses
        if projection.kind == "one_to_one":
            return self.sizes[projection.target]
        return self.sizes[projection.source] * self.sizes[projection.target]

    def weight_shape(self, projection: ProjectionPlan) -> tuple[int, ...]:
        """Return the shape of a projection's weights, as in torch."""
        if projection.window is not None:
            return projection.window.kernel_shape
        return (self.sizes[projection.target], self.sizes[projection.source])

    def incoming(self, population: int) -> list[ProjectionPlan]:
        """Return the projections that drive a population."""
        return [link for link in self.projections if link.target == population]

    def outgoing(self, population: int) -> list[ProjectionPlan]:
        """Return the projections that a population drives."""
        return [link for link in self.projections if link.source == population]

    def key(self) -> str:
        """Return a digest that is equal exactly for equal plans."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def schedule(self) -> list[str]:
        """Return the slots of one time step, in order."""
        layers = list(range(1, len(self.sizes)))
        input_slots = ["input_state", INPUT_SLOT, "input_threshold", "input_reset"]
        layer_slots = [
            [f"layer{layer}_{part}" for part in ("state", "in", "drive", "spike", "reset", "learn")]
            for layer in layers
        ]
        blocks = [input_slots, *layer_slots]
        if self.delay_steps == 1:
            blocks.reverse()
        return ["start", *(slot for block in blocks for slot in block), "end"]


def assigned(code: str) -> set[str]:
    """Return the names that statements write to."""
    return set(re.findall(r"(\w+)\s*[-+*/]?=(?!=)", code))

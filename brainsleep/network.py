"""From layer descriptions to Brian2: what a spiking network is, and how Brian2 builds it.

A :class:`NetworkPlan` says everything that generated code depends on (sizes, equations,
data type, time step) and nothing that may change between nights (weights, gains,
thresholds, stimulus, duration). Equal plans give equal code.

Order within a time step
------------------------
Brian2's default schedule gives one step of lag a layer and runs resetters after synapses.
Here every population has its own slots, so that a step is exactly that of the published
algorithm: integrate, spike, reset, learn, one layer after the other. (Reset before learn
is equivalent: learning never reads v.)  With ``delay_steps = 0`` the layers follow each
other first to last, and a spike reaches the next layer in the same step. With
``delay_steps = 1`` they run last to first, so each reads the spikes its presynaptic
population sent in the step before: one step of delay without a spike queue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Equations,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Quantity,
    SpikeMonitor,
    Synapses,
    second,
)
from brian2.equations.equations import FLOAT

from .neurons import NeuronEquations
from .plasticity import SynapseEquations

#: Slot in which a device sets ``spiking`` of the input population.
INPUT_SLOT = "input_draw"


@dataclass(frozen=True)
class NetworkPlan:
    """Everything the generated code of a feed-forward sleeping network depends on.

    Attributes
    ----------
    sizes : tuple of int
        Neurons of each population, the input population first.
    neuron : NeuronEquations
        The model of all populations but the input.
    synapse : SynapseEquations
        The model of all projections; projection l joins populations l and l + 1.
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
    """

    sizes: tuple[int, ...]
    neuron: NeuronEquations
    synapse: SynapseEquations
    delay_steps: int
    dt: float
    dtype: str
    recorded: tuple[int, ...]
    counted: tuple[int, ...] = ()

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all projections together."""
        return sum(pre * post for pre, post in zip(self.sizes, self.sizes[1:], strict=False))

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


@dataclass
class BuiltNetwork:
    """A plan turned into Brian2 objects, on whichever Brian2 device was active.

    Attributes
    ----------
    network : brian2.Network
        Everything below, ready to run.
    populations : list of NeuronGroup
        The input population first.
    projections : list of Synapses
        Their weights are post-major: ``w[post * n_pre + pre]``, a raveled torch weight.
    monitors : dict
        What records spikes, by index of the recorded population.
    counters : dict
        What counts spikes, by index of the counted population.
    """

    network: Network
    populations: list[NeuronGroup]
    projections: list[Synapses]
    monitors: dict[int, Any]
    counters: dict[int, Any]


def connect_all_to_all(source: NeuronGroup, target: NeuronGroup, **arguments: Any) -> Synapses:
    """Join two groups with stock Brian2 synapses, those of one postsynaptic neuron side by side."""
    synapses = Synapses(source, target, delay=no_delays(arguments), **arguments)
    # post-major without an index array in Python
    synapses.connect(i="k for k in range(N_pre)")
    return synapses


def no_delays(arguments: dict[str, Any]) -> dict[str, Quantity]:
    """Return a delay of zero for each pathway that the arguments of `Synapses` make.

    One delay a pathway rather than one a synapse: 8 bytes a synapse less.
    """
    return {name: 0 * second for name in ("pre", "post") if arguments.get(f"on_{name}")}


def monitor_spikes(group: NeuronGroup, population: int) -> SpikeMonitor:
    """Record a population's spikes in memory."""
    # by default it reads before our slots: each spike a step late, those of the last step lost
    return SpikeMonitor(group, name=f"spikes{population}", when="end")


def monitor_rate(group: NeuronGroup, population: int) -> PopulationRateMonitor:
    """Record in memory how much a population fires in each step."""
    monitor = PopulationRateMonitor(group, name=f"rate{population}")
    monitor.when = "end"
    return monitor


def build_network(
    plan: NetworkPlan,
    feed: Callable[[NeuronGroup], Any],
    join: Callable[..., Synapses] = connect_all_to_all,
    record: Callable[[NeuronGroup, int], Any] = monitor_spikes,
    count: Callable[[NeuronGroup, int], Any] = monitor_rate,
) -> BuiltNetwork:
    """Build the Brian2 objects of a plan.

    Parameters
    ----------
    plan : NetworkPlan
        What to build.
    feed : callable
        Given the input population; makes the device's own object (or None) that sets its
        ``spiking`` in the slot :data:`INPUT_SLOT` of each step.
    join : callable
        Given two groups and the arguments of `Synapses`; joins them all to all, post-major.
    record : callable
        Given a population and its index; makes the object that records its spikes at the end
        of each step.
    count : callable
        The same for what counts them.

    Returns
    -------
    BuiltNetwork
        Weights and parameters still unset.
    """
    clock = Clock(dt=Quantity(plan.dt, dim=second.dim), name="night_clock")
    source = _input_population(plan, clock)
    populations = [source]
    projections = []
    for layer in range(1, len(plan.sizes)):
        populations.append(_population(plan, layer, clock))
        projections.append(_projection(plan, layer, populations[-2], populations[-1], clock, join))
    monitors = {index: record(populations[index], index) for index in plan.recorded}
    counters = {index: count(populations[index], index) for index in plan.counted}
    objects = [*populations, *projections, *monitors.values(), *counters.values()]
    driver = feed(source)
    if driver is not None:
        objects.append(driver)
    network = Network(objects, name="night")
    network.schedule = plan.schedule()
    return BuiltNetwork(network, populations, projections, monitors, counters)


def post_major_weights(plan: NetworkPlan, projection: int, values: np.ndarray) -> np.ndarray:
    """Check one projection's weight matrix and lay it out as Brian2 holds it.

    Parameters
    ----------
    plan : NetworkPlan
        Gives sizes and data type.
    projection : int
        0 for the first.
    values : ndarray, shape (n_post, n_pre)
        A torch weight.

    Returns
    -------
    ndarray, shape (n_post * n_pre,)
    """
    expected = (plan.sizes[projection + 1], plan.sizes[projection])
    if values.shape != expected:
        # Brian2 itself prints to stderr and silently keeps zeros.
        raise ValueError(
            f"projection {projection}: weights of shape {values.shape}, not {expected}"
        )
    return np.ascontiguousarray(values, dtype=plan.dtype).reshape(-1)


def _input_population(plan: NetworkPlan, clock: Clock) -> NeuronGroup:
    """Make the population that a device feeds with spikes."""
    group = NeuronGroup(
        plan.sizes[0],
        "spiking : boolean\n" + plan.synapse.presynaptic_model,
        threshold="spiking",
        reset=plan.synapse.presynaptic_reset,
        name="input",
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    group.run_regularly(
        plan.synapse.presynaptic_step, when="input_state", clock=clock, name="input_trace"
    )
    group.state_updater.when = "input_state"  # Brian2 makes one, with nothing to do
    group.thresholder["spike"].when = "input_threshold"
    group.resetter["spike"].when = "input_reset"
    return group


def _population(plan: NetworkPlan, layer: int, clock: Clock) -> NeuronGroup:
    """Make one layer of neurons, each of its parts in its own slot."""
    neuron, name = plan.neuron, f"layer{layer}"
    model = neuron.model + "\ndrive : 1  # summed weights of this step's spikes\nbias : 1\n"
    equations = Equations(model + plan.synapse.presynaptic_model)
    group = NeuronGroup(
        plan.sizes[layer],
        equations,
        threshold=neuron.threshold,
        reset=f"{neuron.reset}\n{plan.synapse.presynaptic_reset}",
        refractory=neuron.refractory if neuron.refractory is not None else False,
        method=neuron.method,
        name=name,
        clock=clock,
        # by name: Brian2's own `lastspike` must stay float64, or refractory periods go wrong
        # by a step as soon as t has too few digits left
        dtype={
            key: np.dtype(plan.dtype)
            for key, equation in equations.items()
            if equation.var_type == FLOAT
        },
    )
    group.run_regularly(
        plan.synapse.presynaptic_step, when=f"{name}_state", clock=clock, name=f"{name}_trace"
    )
    group.run_regularly(
        f"{neuron.on_input}\ndrive = 0", when=f"{name}_drive", clock=clock, name=f"{name}_integrate"
    )
    group.state_updater.when = f"{name}_state"
    group.thresholder["spike"].when = f"{name}_spike"
    group.resetter["spike"].when = f"{name}_reset"
    return group


def _projection(
    plan: NetworkPlan,
    layer: int,
    pre: NeuronGroup,
    post: NeuronGroup,
    clock: Clock,
    join: Callable[..., Synapses],
) -> Synapses:
    """Join two populations; what arrives and what is learned have slots of their own."""
    synapses = join(
        pre,
        post,
        model=plan.synapse.model,
        on_pre=plan.synapse.on_pre,
        on_post=plan.synapse.on_post,
        name=f"synapses{layer}",
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    synapses.pre.when = f"layer{layer}_in"
    synapses.post.when = f"layer{layer}_learn"
    return synapses

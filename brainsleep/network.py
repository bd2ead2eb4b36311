"""From a plan to Brian2: how Brian2 builds a spiking network.

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

import re
from collections.abc import Callable
from dataclasses import dataclass
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
    StateMonitor,
    Synapses,
    second,
)
from brian2.equations.equations import FLOAT

from .plan import NetworkPlan, ProjectionPlan


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
        In the plan's order. Their weights are post-major: ``w[post * n_pre + pre]``, a raveled
        torch weight.
    monitors : dict
        What records spikes, by index of the recorded population.
    counters : dict
        What counts spikes, by index of the counted population.
    watchers : dict
        What keeps values of a variable, by population and name.
    """

    network: Network
    populations: list[NeuronGroup]
    projections: list[Synapses]
    monitors: dict[int, Any]
    counters: dict[int, Any]
    watchers: dict[tuple[int, str], Any]

    def recorders(self, population: int) -> list[Any]:
        """Return all that records something of a population."""
        found = [what[population] for what in (self.monitors, self.counters) if population in what]
        return found + [one for (index, _), one in self.watchers.items() if index == population]


def connect_stock(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: Any
) -> Synapses:
    """Join two groups with stock Brian2 synapses, those of one postsynaptic neuron side by side."""
    synapses = Synapses(source, target, delay=no_delays(arguments), **arguments)
    if projection.window is not None:
        pre, post, _ = projection.window.unrolled()
        synapses.connect(i=pre, j=post)
    elif projection.kind == "one_to_one":
        synapses.connect(j="i")
    else:
        # post-major without an index array in Python
        synapses.connect(i="k for k in range(N_pre)")
    return synapses


def why_not_stock(plan: NetworkPlan) -> str | None:
    """Say why stock Brian2 synapses cannot run a plan, or None if they can.

    They have a weight of their own at each synapse, where a convolution that learns has one for
    all positions.
    """
    for link in plan.projections:
        if link.window is not None and link.has_weights and link.is_plastic:
            return f"projection {link.source} -> {link.target} is a convolution that learns"
    return None


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


def monitor_state(group: NeuronGroup, variable: str) -> StateMonitor:
    """Record in memory a variable of all neurons after each step."""
    return StateMonitor(group, variable, record=True, when="end", name=f"{group.name}_{variable}")


def build_network(
    plan: NetworkPlan,
    feed: Callable[[NeuronGroup], Any],
    join: Callable[..., Synapses] = connect_stock,
    record: Callable[[NeuronGroup, int], Any] = monitor_spikes,
    count: Callable[[NeuronGroup, int], Any] = monitor_rate,
    watch: Callable[[NeuronGroup, str], Any] = monitor_state,
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
        Given two groups, the projection's plan and the arguments of `Synapses`; joins them.
    record : callable
        Given a population and its index; makes the object that records its spikes at the end
        of each step.
    count : callable
        The same for what counts them.
    watch : callable
        Given a population and the name of a variable; makes the object that keeps its values.

    Returns
    -------
    BuiltNetwork
        Weights and parameters still unset.
    """
    clock = Clock(dt=Quantity(plan.dt, dim=second.dim), name="night_clock")
    source = _input_population(plan, clock)
    populations = [source]
    populations += [_population(plan, layer, clock) for layer in range(1, len(plan.sizes))]
    projections = [
        _projection(plan, number, populations, clock, join)
        for number in range(len(plan.projections))
    ]
    monitors = {index: record(populations[index], index) for index in plan.recorded}
    counters = {index: count(populations[index], index) for index in plan.counted}
    watchers = {(index, name): watch(populations[index], name) for index, name in plan.watched}
    objects = [*populations, *projections, *monitors.values(), *counters.values()]
    objects += watchers.values()
    driver = feed(source)
    if driver is not None:
        objects.append(driver)
    network = Network(objects, name="night")
    network.schedule = plan.schedule()
    return BuiltNetwork(network, populations, projections, monitors, counters, watchers)


def flat_weights(plan: NetworkPlan, index: int, values: np.ndarray) -> np.ndarray:
    """Check one projection's weights and lay them out as computed synapses hold them.

    Parameters
    ----------
    plan : NetworkPlan
        Gives sizes and data type.
    index : int
        Of the projection, 0 for the first.
    values : ndarray
        A torch weight, of the shape that :meth:`NetworkPlan.weight_shape` says.

    Returns
    -------
    ndarray, shape (n_post * n_pre,) or (kernel size,)
    """
    expected = plan.weight_shape(plan.projections[index])
    if values.shape != expected:
        # Brian2 itself prints to stderr and silently keeps zeros.
        raise ValueError(f"projection {index}: weights of shape {values.shape}, not {expected}")
    return np.ascontiguousarray(values, dtype=plan.dtype).reshape(-1)


def stock_weights(plan: NetworkPlan, index: int, values: np.ndarray) -> np.ndarray:
    """Do the same for stock synapses, where each position of a kernel has weights of its own."""
    flat = flat_weights(plan, index, values)
    window = plan.projections[index].window
    return flat if window is None else flat[window.unrolled()[2]]


def _traces(plan: NetworkPlan, population: int) -> tuple[str, str, str]:
    """Gather model, step and reset that a population has from the rules of its projections."""
    sent = [link.synapse for link in plan.outgoing(population)]
    received = [link.synapse for link in plan.incoming(population)]
    parts = [
        [rule.presynaptic_model for rule in sent] + [rule.postsynaptic_model for rule in received],
        [rule.presynaptic_step for rule in sent] + [rule.postsynaptic_step for rule in received],
        [rule.presynaptic_reset for rule in sent] + [rule.postsynaptic_reset for rule in received],
    ]
    model, step, reset = ("\n".join(dict.fromkeys(filter(None, part))) for part in parts)
    return model, step, reset


def _run_at_step_start(group: NeuronGroup, code: str, when: str, name: str) -> None:
    """Let statements for presynaptic variables run at the start of a population's turn."""
    if code:
        group.run_regularly(code, when=when, clock=group.clock, name=name)


def _gather_drive(n_incoming: int) -> tuple[str, str, str]:
    """Return variables, statement and clearing statement for what comes in from projections.

    One projection adds to ``drive`` itself; of several, each adds to a variable of its own and
    counts with a factor of its own.
    """
    if n_incoming == 1:
        return "", "", "drive = 0"
    numbers = range(1, n_incoming + 1)
    model = "".join(
        f"drive{k} : 1\nfactor{k} : 1 (shared, constant)  # of projection {k}\n" for k in numbers
    )
    total = "drive = " + " + ".join(f"factor{k}*drive{k}" for k in numbers)
    clear = "\n".join(["drive = 0", *(f"drive{k} = 0" for k in numbers)])
    return model, total, clear


def _input_population(plan: NetworkPlan, clock: Clock) -> NeuronGroup:
    """Make the population that a device feeds with spikes."""
    model, step, reset = _traces(plan, 0)
    group = NeuronGroup(
        plan.sizes[0],
        "spiking : boolean\n" + model,
        threshold="spiking",
        reset=reset,
        name="input",
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    _run_at_step_start(group, step, "input_state", "input_trace")
    group.state_updater.when = "input_state"  # Brian2 makes one, with nothing to do
    group.thresholder["spike"].when = "input_threshold"
    if "spike" in group.resetter:
        group.resetter["spike"].when = "input_reset"
    return group


def _population(plan: NetworkPlan, layer: int, clock: Clock) -> NeuronGroup:
    """Make one layer of neurons, each of its parts in its own slot."""
    neuron, name = plan.neurons[layer - 1], f"layer{layer}"
    drives, gather, clear = _gather_drive(len(plan.incoming(layer)))
    traces_model, traces_step, traces_reset = _traces(plan, layer)
    model = neuron.model + "\ndrive : 1  # summed weights of this step's spikes\nbias : 1\n"
    equations = Equations(model + drives + traces_model)
    group = NeuronGroup(
        plan.sizes[layer],
        equations,
        threshold=neuron.threshold,
        reset=f"{neuron.reset}\n{traces_reset}",
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
    _run_at_step_start(group, traces_step, f"{name}_state", f"{name}_trace")
    group.run_regularly(
        "\n".join(filter(None, [gather, neuron.on_input, clear])),
        when=f"{name}_drive",
        clock=clock,
        name=f"{name}_integrate",
    )
    group.state_updater.when = f"{name}_state"
    group.thresholder["spike"].when = f"{name}_spike"
    group.resetter["spike"].when = f"{name}_reset"
    return group


def _projection(
    plan: NetworkPlan,
    index: int,
    populations: list[NeuronGroup],
    clock: Clock,
    join: Callable[..., Synapses],
) -> Synapses:
    """Join two populations; what arrives and what is learned have slots of their own."""
    link = plan.projections[index]
    on_pre = link.synapse.on_pre
    if len(plan.incoming(link.target)) > 1:
        # by number, as two projections of a population may be alike
        before = sum(other.target == link.target for other in plan.projections[:index])
        on_pre = re.sub(r"\bdrive_post\b", f"drive{before + 1}_post", on_pre)
    synapses = join(
        populations[link.source],
        populations[link.target],
        link,
        model=link.synapse.model,
        on_pre=on_pre,
        on_post=link.synapse.on_post or None,
        name=f"synapses{index + 1}",
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    synapses.pre.when = f"layer{link.target}_in"
    if link.synapse.on_post:
        synapses.post.when = f"layer{link.target}_learn"
    return synapses

"""From a plan to Brian2: how Brian2 builds a spiking network.

Order within a time step
------------------------
Brian2's default schedule gives one step of lag per layer and runs resetters after synapses.
Here every population has its own slots, so that a step is exactly that of the published
algorithm: integrate, spike, reset, learn, one layer after the other. (Reset before learn
is equivalent: learning never reads v.)  With ``delay_steps = 0`` the layers follow each
other first to last, and a spike reaches the next layer in the same step. With
``delay_steps = 1`` they run last to first, so each reads the spikes that its presynaptic
population sent in the step before: one step of delay without a spike queue. In a recurrent network
no order of populations gives this delay: there all populations do each part at once, with the same
delay of one step. With ``delay_steps = 0`` a recurrent network keeps its order: a population reads
the spikes of earlier ones that they sent in this step, and of itself and of later ones those of the
step before, since they have not sent theirs yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from brian2 import (
    BrianObject,
    Clock,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    second,
)
from numpy.typing import NDArray

from .groups import input_population, pool, population, projection
from .plan import NetworkPlan
from .stock import connect_stock
from .winner_choice import winners_in_memory


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
    monitors : dict of int to BrianObject
        What records spikes, by number of the recorded population.
    counters : dict of int to BrianObject
        What counts spikes, by number of the counted population.
    talliers : dict of int to BrianObject
        What counts the spikes of each neuron, by number of the tallied population.
    watchers : dict of (int, str) to BrianObject
        What keeps values of a variable, by population and name.
    weight_watchers : dict of int to BrianObject
        What keeps weights, by projection.
    """

    network: Network
    populations: list[NeuronGroup]
    projections: list[Synapses]
    monitors: dict[int, BrianObject]
    counters: dict[int, BrianObject]
    talliers: dict[int, BrianObject]
    watchers: dict[tuple[int, str], BrianObject]
    weight_watchers: dict[int, BrianObject]

    def recorders(self, population: int) -> list[BrianObject]:
        """Return all that records spikes of a population."""
        return [what[population] for what in (self.monitors, self.counters) if population in what]


def monitor_spikes(group: NeuronGroup, population: int) -> SpikeMonitor:
    """Record a population's spikes in memory; `population` is its number."""
    # by default it reads before our slots: each spike a step late, those of the last step lost
    return SpikeMonitor(group, name=f"spikes{population}", when="end")


def monitor_rate(group: NeuronGroup, population: int) -> PopulationRateMonitor:
    """Record in memory how much a population fires in each step; `population` is its number."""
    monitor = PopulationRateMonitor(group, name=f"rate{population}")
    monitor.when = "end"
    return monitor


def monitor_state(
    group: NeuronGroup | Synapses,
    variable: str,
    chosen: NDArray[np.int64] | Literal[True] = True,
    every: int = 1,
) -> StateMonitor:
    """Record a variable in memory, of all or of chosen elements, after every so many steps."""
    name = f"values_of_{group.name}_{variable}"  # as no part of a population is called
    times = {"clock": group.clock} if every == 1 else {"dt": every * group.clock.dt}
    return StateMonitor(group, variable, record=chosen, when="end", name=name, **times)


def build_network(
    plan: NetworkPlan,
    feed: Callable[[NeuronGroup, dict[str, list[NeuronGroup]]], Sequence[BrianObject] | None],
    join: Callable[..., Synapses] = connect_stock,
    *,
    record: Callable[[NeuronGroup, int], BrianObject] = monitor_spikes,
    count: Callable[[NeuronGroup, int], BrianObject] = monitor_rate,
    tally: Callable[[NeuronGroup, int], BrianObject] | None = None,
    compete: Callable[[NeuronGroup], BrianObject] = winners_in_memory,
    watch: Callable[[NeuronGroup, int, str], BrianObject] | None = None,
    watch_weights: Callable[[Synapses, int], BrianObject] | None = None,
) -> BuiltNetwork:
    """Build the Brian2 objects of a plan.

    Parameters
    ----------
    plan : NetworkPlan
        What to build.
    feed : callable
        Takes the input population and, by signal, the populations that get it; makes the device's
        own objects (or None) that set ``spiking`` of the first in the slot `INPUT_SLOT` of each
        step, and the signals at its start.
    join : callable
        Takes two groups, the projection's plan, and the arguments of `Synapses`; joins the groups.
    record : callable
        Takes a population and its number; makes the object that records its spikes at the end
        of each step.
    count : callable
        Takes the same; makes the object that counts its spikes in each step.
    tally : callable, optional
        Takes the same; makes the object that counts the spikes of each neuron in each presentation.
        Without, no Brian2 object does.
    compete : callable
        Takes a population; makes the object that chooses which of its neurons at threshold spike.
    watch : callable, optional
        Takes a population, its number and the name of a variable; makes the object that keeps its
        values. Without, no Brian2 object does.
    watch_weights : callable, optional
        The same for a projection and its number.

    Returns
    -------
    BuiltNetwork
        Weights and parameters are still unset.
    """
    clock = Clock(dt=Quantity(plan.dt, dim=second.dim), name="night_clock")
    source = input_population(plan, clock)
    populations = [source]
    populations += [population(plan, layer, clock) for layer in range(1, len(plan.sizes))]
    projections = [
        projection(plan, number, populations, clock, join)
        for number in range(len(plan.projections))
    ]
    monitors = {index: record(populations[index], index) for index in plan.recorded}
    counters = {index: count(populations[index], index) for index in plan.counted}
    talliers, watchers, weight_watchers = {}, {}, {}
    if tally is not None:
        talliers = {index: tally(populations[index], index) for index in plan.tallied}
    if watch is not None:
        for index, name in plan.watched:
            watchers[index, name] = watch(populations[index], index, name)
    if watch_weights is not None:
        for index in plan.watched_weights:
            weight_watchers[index] = watch_weights(projections[index], index)
    objects = [*populations, *projections, *monitors.values(), *counters.values()]
    objects += [*talliers.values(), *watchers.values(), *weight_watchers.values()]
    for layer in plan.pooled:
        objects += pool(plan, layer, populations[layer])
    objects += [compete(populations[layer]) for layer in plan.competing]
    signals = {
        name: [populations[number] for number in numbers] for name, numbers in plan.signals.items()
    }
    objects += feed(source, signals) or []
    network = Network(objects, name="night")
    network.schedule = plan.schedule()
    return BuiltNetwork(
        network=network,
        populations=populations,
        projections=projections,
        monitors=monitors,
        counters=counters,
        talliers=talliers,
        watchers=watchers,
        weight_watchers=weight_watchers,
    )

"""How one population, and one projection, of a plan become Brian2 groups.

Each part of a population has a slot of its own in the time step (`brainsleep.network.plan.PARTS`).
Where a network is recurrent, the presynaptic traces by which other populations learn change in a
population's last slot, when it has learned itself: all that learn from spikes which arrive one step
later find the traces of the step before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from brian2 import BrianObject, Clock, Equations, NeuronGroup, Synapses, linked_var
from brian2.equations.equations import FLOAT
from brian2.groups.group import CodeRunner

from .inflow import Inflow
from .plan import NetworkPlan, population_name, projection_name
from .traces import Traces, joined_lines
from .winner_choice import MODEL as COMPETITION
from .winner_choice import candidates


def input_population(plan: NetworkPlan, clock: Clock) -> NeuronGroup:
    """Make the population that a device feeds with spikes.

    Parameters
    ----------
    plan : NetworkPlan
        The plan of the network.
    clock : Clock
        The clock of the night.
    """
    traces = Traces.sent(plan, 0)
    group = NeuronGroup(
        plan.sizes[0],
        "spiking : boolean\n" + traces.model,
        threshold="spiking",
        reset=traces.reset,
        name=population_name(0),
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    _run_each_step(group, traces.step, "input_state", "input_trace")
    group.state_updater.when = "input_state"  # Brian2 makes one, with nothing to do
    group.thresholder["spike"].when = "input_threshold"
    if "spike" in group.resetter:
        group.resetter["spike"].when = "input_reset"
    return group


def population(plan: NetworkPlan, layer: int, clock: Clock) -> NeuronGroup:
    """Make one layer of neurons, with a slot of its own for each of its parts.

    Parameters
    ----------
    plan : NetworkPlan
        The plan of the network.
    layer : int
        Number of the population, 1 for the first after the input.
    clock : Clock
        The clock of the night.
    """
    neuron, name = plan.neurons[layer - 1], population_name(layer)
    inflow = Inflow.of(plan, layer)
    sent, received = Traces.sent(plan, layer), Traces.received(plan, layer)
    own = received if plan.is_recurrent else sent + received
    equations = Equations(
        joined_lines([neuron.model, "bias : 1", inflow.model, received.model, sent.model])
        + "".join(f"\n{signal} : 1 (shared)" for signal in plan.signals_of(layer))
        + ("\npooled : 1 (linked)\npool_strength : 1 (shared, constant)" * (layer in plan.pooled))
        + f"\n{COMPETITION}" * (layer in plan.competing)
    )
    events = _events(plan, layer)
    group = NeuronGroup(
        plan.sizes[layer],
        equations,
        threshold="is_candidate" if layer in plan.competing else neuron.threshold,
        reset=joined_lines([neuron.reset, own.reset]),
        refractory=neuron.refractory if neuron.refractory is not None else False,
        events={event: condition for condition, event in events.items()},
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
    _run_each_step(group, own.step, f"{name}_state", f"{name}_trace")
    if plan.is_recurrent:
        _run_each_step(group, sent.step, f"{name}_sent", f"{name}_sent_trace")
        _run_for_spikes(group, sent.reset, f"{name}_sent", f"{name}_sent_reset")
    gather = inflow.gather
    if layer in plan.pooled:
        _run_each_step(group, gather, f"{name}_pool", f"{name}_gather", order=-1)
        gather = "drive -= pool_strength*pooled"
    on_input = joined_lines([gather, neuron.on_input, inflow.clear])
    _run_each_step(group, on_input, f"{name}_drive", f"{name}_integrate")
    if layer in plan.competing:
        code = candidates(neuron)
        _run_each_step(group, code, f"{name}_compete", f"{name}_candidates", order=-1)
    group.state_updater.when = f"{name}_state"
    group.thresholder["spike"].when = f"{name}_spike"
    if "spike" in group.resetter:
        group.resetter["spike"].when = f"{name}_reset"
    for event in events.values():
        group.thresholder[event].when = f"{name}_regulate"
        group.thresholder[event].order = -1
    return group


def pool(plan: NetworkPlan, layer: int, group: NeuronGroup) -> list[BrianObject]:
    """Make what tells the neurons of a population the mean drive of all of them.

    Parameters
    ----------
    plan : NetworkPlan
        The plan of the network.
    layer : int
        Number of the population.
    group : NeuronGroup
        The population.

    Returns
    -------
    list of BrianObject
        Objects that the network must hold.
    """
    hub = NeuronGroup(
        1, "total : 1", name=f"pool{layer}", clock=group.clock, dtype=np.dtype(plan.dtype)
    )
    synapses = Synapses(
        group,
        hub,
        "total_post = drive_pre/N_pre : 1 (summed)",
        name=f"pooling{layer}",
        clock=group.clock,
        dtype=np.dtype(plan.dtype),
    )
    synapses.connect(j="0")
    slot = f"layer{layer}_pool"
    hub.state_updater.when = slot  # with nothing to do
    synapses.summed_updaters["total_post"].when = slot
    group.pooled = linked_var(hub, "total")
    return [hub, synapses]


def projection(
    plan: NetworkPlan,
    index: int,
    populations: Sequence[NeuronGroup],
    clock: Clock,
    join: Callable[..., Synapses],
) -> Synapses:
    """Join two populations; what arrives and what is learned have slots of their own.

    Parameters
    ----------
    plan : NetworkPlan
        The plan of the network.
    index : int
        Number of the projection in the plan.
    populations : sequence of NeuronGroup
        All populations, the input first.
    clock : Clock
        The clock of the night.
    join : callable
        As for `brainsleep.network.build.build_network`.
    """
    link = plan.projections[index]
    rule, target = link.synapse, population_name(link.target)
    on_post: dict[str, str] = {"post": rule.on_post} if rule.on_post.strip() else {}
    on_event = {"pre": "spike", "post": "spike"}
    for number, statement in enumerate(rule.on_event, start=1):
        on_post[f"regulate{number}"] = statement
        on_event[f"regulate{number}"] = _events(plan, link.target)[rule.event]
    synapses = join(
        populations[link.source],
        populations[link.target],
        link,
        model=rule.model,
        on_pre=Inflow.of(plan, link.target).directed(index, rule.on_pre),
        on_post=on_post or None,
        on_event={name: event for name, event in on_event.items() if name in ("pre", *on_post)},
        name=projection_name(index),
        clock=clock,
        dtype=np.dtype(plan.dtype),
    )
    if synapses.state_updater is not None:
        synapses.state_updater.when = f"{target}_state"
    synapses.pre.when = f"{target}_in"
    if "post" in on_post:
        synapses.post.when = f"{target}_learn"
    for number in range(1, len(rule.on_event) + 1):
        pathway = getattr(synapses, f"regulate{number}")
        pathway.when, pathway.order = f"{target}_regulate", number
    return synapses


def _events(plan: NetworkPlan, layer: int) -> dict[str, str]:
    """Return the names of a population's events besides spikes, by their conditions."""
    conditions = [link.synapse.event for link in plan.incoming(layer) if link.synapse.on_event]
    return {condition: f"due{k}" for k, condition in enumerate(dict.fromkeys(conditions), start=1)}


def _run_each_step(group: NeuronGroup, code: str, when: str, name: str, order: int = 0) -> None:
    """Let statements run once in each step."""
    if code:
        group.run_regularly(code, when=when, clock=group.clock, name=name, order=order)


def _run_for_spikes(group: NeuronGroup, code: str, when: str, name: str) -> None:
    """Let statements run for the neurons that spike, besides the reset that Brian2 makes."""
    if code:
        spikes = group.variables["_spikespace"]
        runner = CodeRunner(
            group,
            "reset",
            code=code,
            needed_variables=[spikes.name],
            template_kwds={"eventspace_variable": spikes},
            clock=group.clock,
            when=when,
            order=1,
            name=name,
        )
        group.contained_objects.append(runner)

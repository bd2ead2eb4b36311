"""How one population, and one projection, of a plan become Brian2 groups.

Each part of a population has a slot of its own in the time step (`brainsleep.network.plan.PARTS`). Where a
network is recurrent, what others learn by (presynaptic traces) changes in the last slot, when all
have learned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Clock, Equations, NeuronGroup, Quantity, Synapses, linked_var, second
from brian2.equations.equations import FLOAT
from brian2.groups.group import CodeRunner

from .plan import MODULATION, NetworkPlan, ProjectionPlan

#: What a rule does with a presynaptic spike's weight.
DRIVE = re.compile(r"^\s*drive_post\s*([+-])=\s*(.+)$", flags=re.MULTILINE)

#: Bytes of a stock synapse besides its variables: the indices of both neurons, and its place in two
#: lists that lead from neurons to synapses.
STOCK_BYTES = 4 * 4


def connect_stock(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: Any
) -> Synapses:
    """Join two groups with stock Brian2 synapses, those of one postsynaptic neuron side by side."""
    synapses = Synapses(source, target, delay=no_delays(arguments), **arguments)
    if projection.window is not None:
        pre, post, _ = projection.window.unrolled()
        synapses.connect(i=pre, j=post)
    elif projection.wiring is not None:
        recurrent = projection.source == projection.target
        pre, post = projection.wiring.pairs(len(source), len(target), recurrent)
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
    return {name: 0 * second for name in pathways(arguments)}


def pathways(arguments: dict[str, Any]) -> list[str]:
    """Return the names of the pathways that the arguments of `Synapses` make."""
    names: list[str] = []
    for prepost in ("pre", "post"):
        code = arguments.get(f"on_{prepost}")
        if isinstance(code, dict):
            names += code
        elif code:
            names.append(prepost)
    return names


@dataclass(frozen=True)
class Traces:
    """What rules keep on the neurons of a population: Brian2 code."""

    model: str
    step: str
    reset: str

    @classmethod
    def sent(cls, plan: NetworkPlan, population: int) -> Traces:
        """Gather what rules keep on presynaptic neurons."""
        rules = [link.synapse for link in plan.outgoing(population)]
        return cls(
            _lines([rule.presynaptic_model for rule in rules]),
            _lines([rule.presynaptic_step for rule in rules]),
            _lines([rule.presynaptic_reset for rule in rules]),
        )

    @classmethod
    def received(cls, plan: NetworkPlan, population: int) -> Traces:
        """Gather what rules keep on postsynaptic neurons."""
        rules = [link.synapse for link in plan.incoming(population)]
        return cls(
            _lines([rule.postsynaptic_model for rule in rules]),
            _lines([rule.postsynaptic_step for rule in rules]),
            _lines([rule.postsynaptic_reset for rule in rules]),
        )

    def __add__(self, other: Traces) -> Traces:
        return Traces(
            _lines([self.model, other.model]),
            _lines([self.step, other.step]),
            _lines([self.reset, other.reset]),
        )


def input_population(plan: NetworkPlan, clock: Clock) -> NeuronGroup:
    """Make the population that a device feeds with spikes."""
    traces = Traces.sent(plan, 0)
    group = NeuronGroup(
        plan.sizes[0],
        "spiking : boolean\n" + traces.model,
        threshold="spiking",
        reset=traces.reset,
        name="input",
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
    """Make one layer of neurons, each of its parts in its own slot."""
    neuron, name = plan.neurons[layer - 1], f"layer{layer}"
    inflow = _Inflow.of(plan, layer)
    sent, received = Traces.sent(plan, layer), Traces.received(plan, layer)
    own = received if plan.is_recurrent else sent + received
    equations = Equations(
        _lines([neuron.model, "bias : 1", inflow.model, received.model, sent.model])
        + (f"\n{MODULATION} : 1 (shared)" if plan.is_modulated(layer) else "")
        + ("\npooled : 1 (linked)\npool_strength : 1 (shared, constant)" * (layer in plan.pooled))
    )
    events = _events(plan, layer)
    group = NeuronGroup(
        plan.sizes[layer],
        equations,
        threshold=neuron.threshold,
        reset=_lines([neuron.reset, own.reset]),
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
    on_input = _lines([gather, neuron.on_input, inflow.clear])
    _run_each_step(group, on_input, f"{name}_drive", f"{name}_integrate")
    group.state_updater.when = f"{name}_state"
    group.thresholder["spike"].when = f"{name}_spike"
    group.resetter["spike"].when = f"{name}_reset"
    for event in events.values():
        group.thresholder[event].when = f"{name}_regulate"
        group.thresholder[event].order = -1
    return group


def pool(plan: NetworkPlan, layer: int, group: NeuronGroup) -> list[Any]:
    """Make what tells the neurons of a population the mean drive of all of them."""
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
    populations: list[NeuronGroup],
    clock: Clock,
    join: Callable[..., Synapses],
) -> Synapses:
    """Join two populations; what arrives and what is learned have slots of their own."""
    link = plan.projections[index]
    rule, target = link.synapse, f"layer{link.target}"
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
        on_pre=_Inflow.of(plan, link.target).directed(index, rule.on_pre),
        on_post=on_post or None,
        on_event={name: event for name, event in on_event.items() if name in ("pre", *on_post)},
        name=f"synapses{index + 1}",
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


@dataclass(frozen=True)
class _Inflow:
    """How what arrives from several projections at a population comes together.

    Of a single projection the weights go straight to the receptor's variable, ``drive``. Of
    several, each adds to variables of its own and counts with a factor of its own.

    Attributes
    ----------
    plan : NetworkPlan
        The whole.
    layer : int
        The population.
    links : list of int
        Its projections, by their numbers in the plan.
    """

    plan: NetworkPlan
    layer: int
    links: list[int]

    @classmethod
    def of(cls, plan: NetworkPlan, layer: int) -> _Inflow:
        """Look at a population."""
        links = [k for k, link in enumerate(plan.projections) if link.target == layer]
        return cls(plan, layer, links)

    @property
    def projections(self) -> list[ProjectionPlan]:
        """The projections themselves."""
        return [self.plan.projections[link] for link in self.links]

    @property
    def receptors(self) -> tuple[str, ...]:
        """The receptors that the neurons have."""
        return self.plan.neurons[self.layer - 1].receptors

    @property
    def model(self) -> str:
        """Variables: one a receptor, and those of the projections."""
        lines = [f"{receptor} : 1  # weights of this step's spikes" for receptor in self.receptors]
        if len(self.links) > 1:
            for k, link in enumerate(self.projections, start=1):
                lines.append(f"factor{k} : 1 (shared, constant)  # of projection {k}")
                lines += [f"{receptor}{k} : 1" for receptor in self._reached(link)]
        return "\n".join(lines)

    @property
    def gather(self) -> str:
        """The statement that sums up, over projections."""
        if len(self.links) < 2:
            return ""
        lines = []
        for receptor in self.receptors:
            terms = [
                f"factor{k}*{receptor}{k}"
                for k, link in enumerate(self.projections, start=1)
                if receptor in self._reached(link)
            ]
            if terms:
                lines.append(f"{receptor} = " + " + ".join(terms))
        return "\n".join(lines)

    @property
    def clear(self) -> str:
        """The statement that sets all to zero for the next step."""
        names = list(self.receptors)
        if len(self.links) > 1:
            names += [
                f"{receptor}{k}"
                for k, link in enumerate(self.projections, start=1)
                for receptor in self._reached(link)
            ]
        return "\n".join(f"{name} = 0" for name in names)

    def directed(self, link: int, on_pre: str) -> str:
        """Let a rule's statement for presynaptic spikes write where its weights belong."""
        number = "" if len(self.links) == 1 else str(self.links.index(link) + 1)
        receptor = self.plan.projections[link].receptor
        names = [f"{name}{number}_post" for name in self.receptors]

        def written(match: re.Match[str]) -> str:
            sign, amount = match.groups()
            if receptor == "inhibition":  # whatever the rule takes its weights for
                return f"{names[1]} += {amount}" if len(names) > 1 else f"{names[0]} -= {amount}"
            if receptor == "signed":
                value = f"({amount})" if sign == "+" else f"(-({amount}))"
                return (
                    f"{names[0]} += {value}*int({value} > 0)\n"
                    f"{names[1]} -= {value}*int({value} < 0)"
                )
            return f"{names[0]} {sign}= {amount}"

        return DRIVE.sub(written, on_pre)

    def _reached(self, link: ProjectionPlan) -> tuple[str, ...]:
        """Return the receptors that a projection reaches."""
        if link.receptor == "signed" or len(self.receptors) == 1:
            return self.receptors
        return (link.receptor,)


def _events(plan: NetworkPlan, layer: int) -> dict[str, str]:
    """Return the names of a population's events besides spikes, by their conditions."""
    conditions = [link.synapse.event for link in plan.incoming(layer) if link.synapse.on_event]
    return {condition: f"due{k}" for k, condition in enumerate(dict.fromkeys(conditions), start=1)}


def _run_each_step(group: NeuronGroup, code: str, when: str, name: str, order: int = 0) -> None:
    """Let statements run once a step."""
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


def _lines(parts: list[str]) -> str:
    """Put parts below each other, each once, the empty ones left out."""
    return "\n".join(dict.fromkeys(filter(None, parts)))

"""From a translated network, a neuron model and a rule to a plan, and to the values of a job.

A plan has populations and projections by number. Only this file knows which layer or connection
each of them stands for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from brian2 import Equations

from ...errors import ParameterError, UnitsError, brief, suggest
from ...network import pooling
from ...network.every_step import EVERY_STEP
from ...network.named_variables import check_named_variables
from ...network.plan import Labels, NetworkPlan, ProjectionKind, ProjectionPlan, reached_receptor
from ...network.winner_choice import require_potential
from ...neurons import Neuron, NeuronEquations, fixed_parameters
from ...plasticity import (
    FROZEN,
    Plasticity,
    SynapseEquations,
    learning_rates,
    modulated,
    postsynaptic_parameters,
    resting_parameters,
    with_absent,
)
from ...support.names import table
from ...translation import (
    INPUT,
    Connection,
    Layer,
    Translation,
    per_neuron,
    present_weight,
    record_activations,
    remaining_bias,
)
from ..lateral import Lateral, LateralLink, LateralParts
from .biases import bias_factor


@dataclass(frozen=True)
class Assembly:
    """What a plan is made of, and which part of it stands for what.

    Attributes
    ----------
    translation : Translation
        The network's layers.
    neuron, plasticity : Neuron, Plasticity
        The models.
    frozen : frozenset of str
        Layers that spike but do not learn.
    max_pooling : str
        ``"any_spike"`` or ``"most_active"``.
    factors : dict of str to tuple of float
        For layers with several connections: the factor of each.
    is_modulated : bool
        Whether learning is multiplied by a factor that changes from step to step.
    lateral : dict of str to LateralParts
        What is put beside layers; its populations and projections come after the network's own.
    biases_asleep : str
        One of `brainsleep.night.preparing.biases.BIASES`. Biases that learn are connections from
        populations of their own, which come after the input.
    """

    translation: Translation
    neuron: Neuron
    plasticity: Plasticity
    frozen: frozenset[str]
    max_pooling: str
    factors: Mapping[str, tuple[float, ...]]
    is_modulated: bool = False
    lateral: Mapping[str, LateralParts] = field(default_factory=dict)
    biases_asleep: str = "frozen"

    @property
    def links(self) -> list[tuple[Layer, Connection]]:
        """Layer and connection of each projection, in the plan's order."""
        return [
            (layer, connection)
            for layer in self.translation.layers
            for connection in (*layer.connections, *self._learning_biases(layer))
        ]

    @property
    def populations(self) -> list[str]:
        """Names of all populations, the input first."""
        first, *layers = self.translation.populations
        more = [name for name, _, _ in self._more_populations]
        return [first, *(link.source for link in self.bias_links), *layers, *more]

    @property
    def shown(self) -> list[tuple[str, int]]:
        """Names and numbers of the populations that users see: without the inputs of biases."""
        hidden = {link.source for link in self.bias_links}
        return [(name, k) for k, name in enumerate(self.populations) if name not in hidden]

    @property
    def bias_links(self) -> list[Connection]:
        """The biases that learn, each of which has a population that fires in every step."""
        layers = self.translation.layers
        return [link for layer in layers for link in self._learning_biases(layer)]

    def _learning_biases(self, layer: Layer) -> tuple[Connection, ...]:
        learns = self.biases_asleep == "learn" and layer.name not in self.frozen
        return layer.biases if learns else ()

    @property
    def _more_populations(self) -> list[tuple[str, int, Neuron]]:
        return [one for parts in self.lateral.values() for one in parts.populations]

    @property
    def _more_links(self) -> list[LateralLink]:
        return [link for parts in self.lateral.values() for link in parts.links]

    @property
    def winners(self) -> dict[str, int]:
        """How many neurons spike in a step at most, of the layers in which not all may.

        What is put beside a layer goes before what the layer has of its own.
        """
        found = {}
        for layer in self.translation.layers:
            parts = self.lateral.get(layer.name, LateralParts())
            winners = layer.winners if parts.winners is None else parts.winners
            if winners is not None:
                found[layer.name] = winners
        return found

    def plan(
        self,
        *,
        dt: float,
        dtype: str,
        recorded: tuple[int, ...],
        counted: tuple[int, ...] = (),
        tallied: tuple[int, ...] = (),
        watched: tuple[tuple[int, str], ...] = (),
    ) -> NetworkPlan:
        """Make the plan; the arguments are its remaining fields.

        Raises
        ------
        ParameterError
            If a rule names a variable that the neurons do not have.
        """
        numbers = {name: number for number, name in enumerate(self.populations)}
        neurons = [EVERY_STEP] * len(self.bias_links)
        neurons += [self._equations(layer) for layer in self.translation.layers]
        neurons += [neuron.equations() for _, _, neuron in self._more_populations]
        projections = tuple(
            ProjectionPlan(
                source=numbers[link.source],
                target=numbers[layer.name],
                kind=_kind(link),
                synapse=self._synapse(layer, link),
                window=link.window,
                receptor="signed" if "inhibition" in self._equations(layer).receptors else "drive",
            )
            for layer, link in self.links
        )
        projections += tuple(
            ProjectionPlan(
                source=numbers[one.source],
                target=numbers[one.target],
                kind="all_to_all" if one.wiring is None else "wired",
                synapse=FROZEN,
                wiring=one.wiring,
                receptor=reached_receptor(
                    neurons[numbers[one.target] - 1].receptors, one.weights, one.inhibitory
                ),
            )
            for one in self._more_links
        )
        n_inputs, *sizes = self.translation.sizes
        sizes = [*(link.n_in for link in self.bias_links), *sizes]
        plan = NetworkPlan(
            sizes=(n_inputs, *sizes, *(size for _, size, _ in self._more_populations)),
            neurons=tuple(neurons),
            projections=projections,
            delay_steps=self.neuron.delay_steps,
            pooled=tuple(
                sorted(numbers[name] for name, one in self.lateral.items() if one.mean_inhibition)
            ),
            competing=tuple(numbers[name] for name in self.winners),
            labels=Labels.of(
                [self.neuron, *(neuron for _, _, neuron in self._more_populations)],
                [self.plasticity] if any(link.is_plastic for link in projections) else [],
                self.populations,
            ),
            dt=dt,
            dtype=dtype,
            recorded=recorded,
            counted=counted,
            tallied=tallied,
            watched=watched,
        )
        check_named_variables(plan)
        return plan

    def population_parameters(
        self, gains: Sequence[float], thresholds: Sequence[float], dt: float
    ) -> list[dict[str, float]]:
        """Return parameter values of each population, the input first.

        Parameters
        ----------
        gains, thresholds : sequence of float
            One per layer that does not pool.
        dt : float
            Time step in seconds.
        """
        names = self.translation.layer_names
        chosen = dict(zip(names, self.neuron.parameters(names, gains, thresholds), strict=True))
        traced = {link.source for layer, link in self.links if self._learns(layer, link)}
        presynaptic = self.plasticity.presynaptic_parameters(dt)
        postsynaptic = postsynaptic_parameters(self.plasticity, dt)
        learning = {layer.name for layer, link in self.links if self._learns(layer, link)}
        parameters: list[dict[str, float]] = [dict(presynaptic) if "input" in traced else {}]
        parameters += [dict(presynaptic) for _ in self.bias_links]
        for layer in self.translation.layers:
            values = dict(chosen.get(layer.name, {}))
            if layer.kind == "average_pool":
                window = layer.connections[0].window
                assert window is not None
                values["window_size"] = float(math.prod(window.kernel_size))
            factors = self.factors.get(layer.name, (1.0,) * len(layer.connections))
            if biases := self._learning_biases(layer):
                factors += (bias_factor(self.neuron, layer.name, values),) * len(biases)
            factors += (1.0,) * sum(link.target == layer.name for link in self._more_links)
            if len(factors) > 1:
                values |= {f"factor{k}": factor for k, factor in enumerate(factors, start=1)}
            if layer.name in self.lateral and self.lateral[layer.name].mean_inhibition:
                values["pool_strength"] = self.lateral[layer.name].mean_inhibition
            if layer.name in self.winners:
                values["n_winners"] = float(self.winners[layer.name])
            if layer.name in traced:
                values |= presynaptic
            if layer.name in learning:
                values |= postsynaptic
            parameters.append(values)
        return parameters + [
            fixed_parameters(neuron, name) for name, _, neuron in self._more_populations
        ]

    def projection_parameters(self, plastic: bool = True) -> list[dict[str, float]]:
        """Return the rule's values at each projection; zero rates unless it is to learn."""
        names = self.translation.layer_names
        rates = dict(zip(names, self.plasticity.synapse_parameters(names), strict=True))
        values: list[dict[str, float]] = []
        for layer, link in self.links:
            if not self._learns(layer, link):
                values.append({})
            elif plastic:
                values.append(dict(rates[layer.name]))
            else:
                values.append(resting_parameters(self.plasticity, rates[layer.name]))
        return values + [{} for _ in self._more_links]

    def learning_rates(self) -> dict[str, dict[str, float]]:
        """Return the rule's rates of learning as numbers, by parameter and layer."""
        names = self.translation.layer_names
        values = dict(zip(names, self.plasticity.synapse_parameters(names), strict=True))
        return {
            rate: {name: values[name][rate] for name in names if name not in self.frozen}
            for rate in learning_rates(self.plasticity)
        }

    def weights(self) -> list[np.ndarray | None]:
        """Return the weights of each projection, None where there are none."""
        own: list[np.ndarray | None] = [link.weight for _, link in self.links]
        return own + [link.weights for link in self._more_links]

    def masks(self) -> list[np.ndarray | None]:
        """Return where each projection has synapses, None where they all are there."""
        own: list[np.ndarray | None] = [link.mask for _, link in self.links]
        return own + [None for _ in self._more_links]

    def masks_by_name(self) -> dict[str, np.ndarray]:
        """Return the masks of the network by state-dict name of the weight, and of its shape."""
        state = self.translation.graph.state_dict()
        return {
            link.weight_name: link.mask.reshape(tuple(state[link.weight_name].shape))
            for _, link in self.links
            if link.weight_name is not None and link.mask is not None
        }

    def n_synapses(self, plan: NetworkPlan) -> int:
        """Return the number of synapses of the plan, those that a mask leaves out not counted."""
        more = plan.projections[len(self.links) :]
        return sum(link.n_synapses for _, link in self.links) + sum(map(plan.n_synapses_of, more))

    def biases(self) -> list[np.ndarray | None]:
        """Return the constant bias of each population, the input left out."""
        layers = self.translation.layers
        own: list[np.ndarray | None] = [None for _ in self.bias_links]
        if self.biases_asleep == "ignore":
            own += [None for _ in layers]
        else:
            own += [remaining_bias(layer, self._learning_biases(layer)) for layer in layers]
        return own + [None for _ in self._more_populations]

    def before_and_after(
        self, weights: Sequence[np.ndarray | None]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the network's own weights as they were and as an outcome leaves them.

        BatchNorm that was folded in is undone. By name and in the shape of the state dict; in
        float32, or in float64 where the network or the night is.
        """
        before, after = {}, {}
        for (_, link), values in zip(self.links, weights, strict=False):
            if link.weight_name is None or values is None:
                continue
            original = present_weight(self.translation, link)
            before[link.weight_name] = original
            after[link.weight_name] = link.unfolded(values, original).reshape(original.shape)
        return before, after

    def awake(
        self,
        weights: Sequence[np.ndarray | None],
        gains: Sequence[float],
        thresholds: Sequence[float],
    ) -> Assembly:
        """Return the same assembly with the weights of an outcome, and constants for its table."""
        rest = iter(weights)
        layers = tuple(self._awake(layer, rest) for layer in self.translation.layers)
        names = self.translation.layer_names
        constants = {
            "gain": dict(zip(names, gains, strict=True)),
            "threshold": dict(zip(names, thresholds, strict=True)),
        }
        translation = replace(self.translation, layers=layers, constants=constants)
        return replace(self, translation=translation)

    def _awake(self, layer: Layer, weights: Iterator[np.ndarray | None]) -> Layer:
        """Return a layer with the next weights of an outcome, its biases among them."""
        links = tuple(replace(link, weight=next(weights)) for link in layer.connections)
        old = self._learning_biases(layer)
        if not old:
            return replace(layer, connections=links)
        new = tuple(replace(link, weight=next(weights)) for link in old)
        rest = remaining_bias(layer, old)
        bias = sum(map(per_neuron, new), start=np.zeros(()) if rest is None else rest)
        return replace(layer, connections=links, bias=bias, biases=new)

    def weight_names(self) -> list[str | None]:
        """Return the name of each projection's weights in the state dict."""
        return [link.weight_name for _, link in self.links] + [None for _ in self._more_links]

    def _learns(self, layer: Layer, link: Connection) -> bool:
        return link.weight is not None and layer.name not in self.frozen

    def _synapse(self, layer: Layer, link: Connection) -> SynapseEquations:
        if self._learns(layer, link):
            rule = modulated(self.plasticity) if self.is_modulated else self.plasticity.equations()
            if link.mask is None or link.mask.all():
                return rule
            return with_absent(rule, Equations(self._equations(layer).model).names)
        if link.weight is not None:
            return FROZEN
        if layer.kind == "max_pool" and self.max_pooling == "most_active":
            return pooling.MOST_ACTIVE
        return pooling.COUNT

    def _equations(self, layer: Layer) -> NeuronEquations:
        if layer.kind == "average_pool":
            return pooling.AVERAGE
        if layer.kind == "max_pool":
            most = self.max_pooling == "most_active"
            return pooling.MOST_ACTIVE_NEURON if most else pooling.ANY_SPIKE
        return self.neuron.equations()


def lateral_parts(
    translation: Translation, lateral: Mapping[str, Lateral] | None, neuron: Neuron
) -> dict[str, LateralParts]:
    """Check what is to be put beside layers, and return its parts.

    Raises
    ------
    ParameterError, UnitsError
        Naming the layer.
    """
    for layer in translation.layers:
        if layer.winners is not None:
            require_potential(neuron.equations(), layer.name)
    if lateral is None:
        return {}
    found = {}
    wanted = 'a dict by layer, like {"0": bs.lateral.WinnerTakeAll(0.5)}'
    for name, one in table(lateral, "lateral", wanted).items():
        if name not in translation.layer_names:
            hint = suggest(name, translation.layer_names)
            raise ParameterError(f"lateral: no layer is called {brief(name)}.{hint}")
        if isinstance(one, type) or not hasattr(one, "parts"):
            raise UnitsError(
                f"lateral: layer {name!r} needs one like bs.lateral.WinnerTakeAll(0.5), not "
                f"{brief(one)}."
            )
        parts = one.parts(name, translation.layer(name).n_out)
        delays = {neuron.delay_steps, *(each.delay_steps for _, _, each in parts.populations)}
        if len(delays) > 1:
            raise ParameterError(
                f"lateral: the neurons beside layer {name!r} need the delay_steps of the layer's, "
                f"{neuron.delay_steps}."
            )
        if parts.winners is not None:
            require_potential(neuron.equations(), name)
        found[name] = parts
    return found


def _kind(link: Connection) -> ProjectionKind:
    """Return which neurons a connection joins, as a plan says it."""
    if link.window is not None:
        return "window"
    return "one_to_one" if link.kind == "identity" else "all_to_all"


def addition_factors(
    translation: Translation, data: npt.ArrayLike | None
) -> dict[str, tuple[float, ...]]:
    """Weigh the paths that meet in an addition.

    A neuron's spikes stand for fractions of its own largest activation. Where paths from several
    populations meet, each counts in proportion to the largest activation of where it comes from,
    the first path being 1; so do the network's own activations. All count 1 without data.

    Parameters
    ----------
    translation : Translation
        The network.
    data : array_like or None
        What it takes.

    Returns
    -------
    dict of str to tuple of float
        By layer with several connections, one factor per connection.
    """
    additions = [layer for layer in translation.layers if len(layer.connections) > 1]
    if not additions or data is None:
        return {layer.name: (1.0,) * len(layer.connections) for layer in additions}
    largest = record_activations(translation, data, "max")
    largest[INPUT] = float(np.max(np.asarray(data)))
    factors = {}
    for layer in additions:
        sizes = [largest[link.source] for link in layer.connections]
        factors[layer.name] = tuple(
            size / sizes[0] if sizes[0] > 0 and size > 0 else 1.0 for size in sizes
        )
    return factors

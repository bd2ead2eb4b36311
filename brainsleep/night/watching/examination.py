"""How the layers of a night are examined: what they did, held against what they could have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...devices import Outcome
from ...plasticity import learns, learns_from_spikes
from ...stimuli import Gated
from ...translation import INPUT, Layer
from ..describing.findings import (
    BOUND_SHARE,
    Activity,
    Finding,
    changed_share,
    grown,
    growth,
    share_brought_to_bounds,
)
from ..preparing.preparation import PreparedNight

#: What is said of a night in which stages of sleep let nothing through.
CLOSED = "the stages of sleep open in no step; let the night last longer"


@dataclass(frozen=True, eq=False)
class Examination:
    """A night, looked at layer by layer.

    Attributes
    ----------
    prepared : PreparedNight
        What was asked for.
    outcome : Outcome
        What came back.
    n_spikes : mapping of str to int
        Spikes by population, where they were counted.
    """

    prepared: PreparedNight
    outcome: Outcome
    n_spikes: Mapping[str, int]

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, the input first, then layer by layer."""
        found = list(self._of_activity(INPUT, self._against_input()))
        for layer in self.prepared.translation.weighted_layers:
            found += self._of_activity(layer.name, self._against_layer(layer))
            found += self._of_weights(layer)
        return tuple(found)

    def _of_activity(self, name: str, remedies: tuple[str, str]) -> Iterator[Finding]:
        """Say whether a population is silent or saturated, with the remedy of either."""
        activity = self._activity(name)
        if activity is None:
            return
        if activity.is_silent and self._needs_spikes:
            yield Finding(name, "silent", 0.0, activity.in_words(), remedies[0])
        if activity.is_saturated:
            yield Finding(name, "saturated", activity.share, activity.in_words(), remedies[1])

    def _of_weights(self, layer: Layer) -> Iterator[Finding]:
        """Say whether a layer that should learn did not, grew much, or ran into its bounds."""
        activity, values = self._activity(layer.name), self._values[layer.name]
        before, after = self._weights(layer)
        learning = before and learns(self.prepared.assembly.plasticity, values)
        if activity is None or not activity.is_long_enough or not learning:
            return
        if changed_share(before, after) == 0:
            yield Finding(layer.name, "unchanged", 0.0, "no weight changed", self._why_none(layer))
        much = grown(layer.name, growth(before, after))
        if much is not None:
            yield much
        if "w_max" in values:
            low, high = values.get("w_min", 0.0), values["w_max"]
            share = share_brought_to_bounds(before, after, (low, high))
            if share > BOUND_SHARE:
                yield Finding(
                    layer.name,
                    "at_bound",
                    share,
                    f"{100 * share:.0f} % of its weights ran into a bound ({low:g} or {high:g})",
                    "widen w_min and w_max, or lower the rule's rates of learning",
                )

    def _activity(self, name: str) -> Activity | None:
        """Return how much a population fired; None if its spikes were not counted."""
        if name not in self.n_spikes or self.outcome.n_steps == 0:
            return None
        plan = self.prepared.plan
        return Activity(
            self.n_spikes[name],
            plan.sizes[self.prepared.populations.index(name)],
            self.outcome.n_steps,
            plan.dt,
            1.0 if name == INPUT else self._steps_per_spike(name),
        )

    def _steps_per_spike(self, layer: str) -> float:
        """Return how many steps a neuron takes from one spike to the next, at least."""
        prepared, neuron = self.prepared, self.prepared.assembly.neuron
        period = neuron.equations().refractory
        if period is None:
            return 1.0
        names = prepared.layer_names
        constants = prepared.constants
        values = neuron.parameters(names, constants.known_gains, constants.known_thresholds)
        return max(1.0, round(values[names.index(layer)][period] / prepared.plan.dt))

    def _weights(self, layer: Layer) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Return a layer's plastic weights, those of synapses that are there, before and after."""
        before, after = [], []
        assembly = self.prepared.assembly
        for (target, link), new in zip(assembly.links, self.outcome.weights, strict=False):
            plastic = target is layer and layer.name not in assembly.frozen
            if plastic and link.weight is not None and new is not None:
                there = ... if link.mask is None else link.mask  # an absent synapse cannot learn
                before.append(link.weight.astype(new.dtype)[there])
                after.append(new[there])
        return before, after

    @cached_property
    def _values(self) -> dict[str, Mapping[str, float]]:
        """The rule's synaptic parameters, by layer."""
        names = self.prepared.layer_names
        values = self.prepared.assembly.plasticity.synapse_parameters(names)
        return dict(zip(names, values, strict=True))

    @cached_property
    def _needs_spikes(self) -> bool:
        """Whether the night is for spikes: not if its rule only regulates weights by the clock."""
        rule = self.prepared.assembly.plasticity
        return not rule.equations().on_event or any(
            learns_from_spikes(rule, values) for values in self._values.values()
        )

    def _against_input(self) -> tuple[str, str]:
        """Return what to do against an input that is silent, and one that is saturated."""
        stimulus = self.prepared.stimulus
        if isinstance(stimulus, Gated) and not stimulus.gate.any():
            return CLOSED, ""
        return "raise the rates of the stimulus", "lower the rates of the stimulus"

    def _against_layer(self, layer: Layer) -> tuple[str, str]:
        """Return what to do against a layer that is silent, and one that is saturated."""
        prepared, neuron = self.prepared, self.prepared.assembly.neuron
        number = prepared.layer_names.index(layer.name)
        unit = neuron.constants_unit
        if prepared.constants.target_rate is not None:
            rate = _in_unit(prepared.constants.target_rate[number], "Hz")
            silent = "no threshold made it fire: check its weights and the stimulus"
            saturated = f"lower its target_rate ({rate}) or the rule's rates of learning"
        else:
            threshold = _in_unit(prepared.constants.known_thresholds[number], unit)
            gain = _in_unit(
                prepared.constants.known_gains[number], getattr(neuron, "gain_unit", unit)
            )
            silent = f"lower its threshold ({threshold}) or raise its gain ({gain})"
            saturated = f"raise its threshold ({threshold}) or lower its gain ({gain})"
            silent, saturated = (f"{one}; bs.calibrate finds both" for one in (silent, saturated))
        return self._unreached(layer) or silent, saturated

    def _unreached(self, layer: Layer) -> str:
        """Say that no spikes reach a layer, if so."""
        sources = dict.fromkeys(link.source for link in layer.connections)
        if any(self.n_spikes.get(source, 1) for source in sources):
            return ""
        return f"no spikes reach it from {' and '.join(map(repr, sources))}"

    def _why_none(self, layer: Layer) -> str:
        """Say why no weight of a layer changed."""
        modulation = self.prepared.modulation
        if modulation is not None and not modulation.any():
            given = self.prepared.request.modulation
            own = given is not None and not np.any(given)
            return "modulation is 0 in every step" if own else CLOSED
        if self.n_spikes[layer.name] == 0:
            return ""  # as is said of the layer
        if unreached := self._unreached(layer):
            return unreached
        return (
            f"its changes are too small for {self.prepared.plan.dtype}, or none was due; raise the "
            "rule's rates of learning, or let the night last longer"
        )


def _in_unit(value: float, unit: object) -> str:
    return f"{value:.4g}" if unit is None else f"{value:.4g} {unit}"

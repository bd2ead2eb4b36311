"""What the rules that come with the package have in common: how they read their parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from brian2.units import ms

from ..errors import ParameterError
from ..support.parameters import (
    ShownSignature,
    check_parameters,
    declared_parameters,
    percentages_read,
    read_by_layer,
)
from ..support.quantities import quantity
from .rule import SynapseEquations


@dataclass(frozen=True)
class LayeredRule(ABC):
    """A rule whose parameters are one value for all layers, or one per layer.

    A subclass is a frozen dataclass. It declares its own parameters with
    `brainsleep.support.parameters.parameter`, each with its unit and bounds. Those that may differ
    by layer become parameters of its synapses; those that are learning rates are zero where
    nothing is to be learned. For each trace it names the parameter by which it decays in one step,
    and the time constant that this comes from.
    """

    #: What model files call the rule; empty for rules of users.
    kind: ClassVar[str] = ""
    __signature__: ClassVar[ShownSignature] = ShownSignature()
    presynaptic_decays: ClassVar[Mapping[str, str]] = {}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        self._check(check_parameters(self, "plasticity"))

    @abstractmethod
    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""

    @property
    def learning_rates(self) -> tuple[str, ...]:
        """The synaptic parameters that are zero where nothing is to be learned."""
        return tuple(
            name for name, declared in declared_parameters(self).items() if declared.learning_rate
        )

    def at_scale(self, layer_names: Sequence[str], scales: Sequence[float]) -> Self:
        """Return the rule with numbers in place of percentages.

        Parameters
        ----------
        layer_names : sequence of str
            The layers.
        scales : sequence of float
            Their weight scales, of which the percentages are.
        """
        found = percentages_read(self, "plasticity", layer_names, scales)
        return replace(self, **found) if found else self

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the synaptic parameters, a dict per layer."""
        return read_by_layer(self, "plasticity", layer_names)

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the presynaptic traces in one step of `dt` seconds."""
        return self._decays(self.presynaptic_decays, dt)

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the postsynaptic traces in one step of `dt` seconds."""
        return self._decays(self.postsynaptic_decays, dt)

    def seconds(self, name: str) -> float:
        """Return one of the rule's time constants in seconds."""
        return quantity(getattr(self, name), ms, f"plasticity: {name}")

    def _decays(self, times: Mapping[str, str], dt: float) -> dict[str, float]:
        """Return decays by their names; a trace without a time constant lasts for one step."""
        seconds = {decay: self.seconds(time) for decay, time in times.items()}
        return {decay: math.exp(-dt / tau) if tau > 0 else 0.0 for decay, tau in seconds.items()}

    def _check(self, values: Mapping[str, float]) -> None:
        """Check values that depend on each other; those given by layer are not there."""
        if "w_max" not in values:
            return
        w_min, w_max = values.get("w_min", 0.0), values["w_max"]
        if w_min >= w_max and ("w_min" in values or not hasattr(self, "w_min")):
            raise ParameterError(f"plasticity: w_min ({w_min:g}) must lie below w_max ({w_max:g}).")

"""What a plasticity rule is: what spikes do to a synapse, as Brian2 equations.

A rule is a small frozen dataclass. It hands the network room a :class:`SynapseEquations`
(strings) and the numbers of each layer; a rule of your own needs the same methods and no change
to the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SynapseEquations:
    """What a plasticity rule contributes to a Brian2 network.

    Attributes
    ----------
    model : str
        Synaptic variables and parameters (``Synapses(model=...)``); must hold ``w : 1``.
    on_pre, on_post : str
        Statements for a presynaptic and a postsynaptic spike. ``drive_post`` sums the
        weights of the spikes that reach a neuron in one step.
    presynaptic_model : str
        Variables that live on the presynaptic neurons: N values, not N^2.
    presynaptic_step : str
        Statement for them at the start of each step.
    presynaptic_reset : str
        Statement for them when their neuron spikes.
    postsynaptic_model, postsynaptic_step, postsynaptic_reset : str
        The same on the postsynaptic neurons; ``x_post`` in the rule's statements is their x.
    """

    model: str
    on_pre: str
    on_post: str
    presynaptic_model: str
    presynaptic_step: str
    presynaptic_reset: str
    postsynaptic_model: str = ""
    postsynaptic_step: str = ""
    postsynaptic_reset: str = ""


class Plasticity(Protocol):
    """What a plasticity rule must offer."""

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings; they must not hold numbers that may change."""

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the values of the rule's synaptic parameters, a dict a layer."""

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the values of the presynaptic parameters for a time step of `dt` seconds.

        A rule with variables on the postsynaptic neurons also has `postsynaptic_parameters`.
        """


def resting_parameters(rule: Plasticity, values: dict[str, float]) -> dict[str, float]:
    """Return a synapse's parameters with all rates of learning at zero, so that nothing changes.

    Those are the names in the rule's `learning_rates`; all parameters, if it does not say.
    """
    rates = getattr(rule, "learning_rates", tuple(values))
    return {name: 0.0 if name in rates else value for name, value in values.items()}


def postsynaptic_parameters(rule: Plasticity, dt: float) -> dict[str, float]:
    """Return the values of a rule's postsynaptic parameters; none if it knows no such thing."""
    method = getattr(rule, "postsynaptic_parameters", None)
    return {} if method is None else dict(method(dt))

"""What a plasticity rule is: what spikes do to a synapse, as Brian2 equations.

A rule is a small frozen dataclass. It offers a :class:`SynapseEquations` (strings) and the numbers
of each layer; a rule of your own needs the same methods and no change to the package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, cast

from brian2 import Equations


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
    event : str
        Condition on postsynaptic variables, looked at after learning in each step.
    on_event : tuple of str
        Statements for all synapses of the neurons for which it holds. Each goes through all
        synapses before the next does: one may sum up what the next divides by.
    """

    model: str
    on_pre: str
    on_post: str = ""
    presynaptic_model: str = ""
    presynaptic_step: str = ""
    presynaptic_reset: str = ""
    postsynaptic_model: str = ""
    postsynaptic_step: str = ""
    postsynaptic_reset: str = ""
    event: str = ""
    on_event: tuple[str, ...] = ()

    @property
    def statements(self) -> list[str]:
        """All that changes synapses."""
        return [self.on_pre, self.on_post, *self.on_event]


#: Synapses that carry spikes and do not learn.
FROZEN = SynapseEquations(model="w : 1", on_pre="drive_post += w")


class Plasticity(Protocol):
    """What a plasticity rule must offer."""

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings; they must not hold numbers that may change."""

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the values of the rule's synaptic parameters, a dict per layer."""

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the values of the presynaptic parameters for a time step of `dt` seconds.

        A rule with variables on the postsynaptic neurons also has `postsynaptic_parameters`.
        """


RuleT = TypeVar("RuleT", bound=Plasticity)


def at_scale(rule: RuleT, layer_names: Sequence[str], scales: Sequence[float]) -> RuleT:
    """Return a rule with numbers in place of percentages; one that knows none as it is.

    Parameters
    ----------
    rule : Plasticity
        The rule.
    layer_names : sequence of str
        The layers.
    scales : sequence of float
        Their weight scales; see `brainsleep.translation.weight_scales`.
    """
    method = getattr(rule, "at_scale", None)
    return rule if method is None else cast(RuleT, method(layer_names, scales))


def is_rule(value: object) -> bool:
    """Tell whether a value is a plasticity rule, and not, say, the class of one."""
    return not isinstance(value, type) and callable(getattr(value, "synapse_parameters", None))


def learning_rates(rule: Plasticity) -> tuple[str, ...]:
    """Return the synaptic parameters that are rates of learning.

    Those in the rule's `learning_rates`; all parameters, if it does not say.
    """
    given = getattr(rule, "learning_rates", None)
    if given is not None:
        return tuple(given)
    equations = Equations(rule.equations().model)
    return tuple(sorted(name for name in equations.parameter_names if name != "w"))


def resting_parameters(rule: Plasticity, values: dict[str, float]) -> dict[str, float]:
    """Return a synapse's parameters with all rates of learning at zero: nothing changes."""
    rates = learning_rates(rule)
    return {name: 0.0 if name in rates else value for name, value in values.items()}


def learns(rule: Plasticity, values: Mapping[str, float]) -> bool:
    """Tell whether a rule changes weights at all: whether a rate of learning is not zero.

    Parameters
    ----------
    rule : Plasticity
        The rule.
    values : mapping of str to float
        The synaptic parameters of a layer.
    """
    rates = learning_rates(rule)
    return not rates or any(values.get(name, 1.0) != 0 for name in rates)


def learns_from_spikes(rule: Plasticity, values: Mapping[str, float]) -> bool:
    """Tell whether spikes change weights; what only regulates, as downscaling does, needs none.

    Parameters
    ----------
    rule, values
        As for :func:`learns`.
    """
    equations, rates = rule.equations(), learning_rates(rule)
    for code in (equations.on_pre, equations.on_post):
        lines = [line for line in map(str.strip, code.splitlines()) if line]
        own = " ".join(line for line in lines if not line.startswith("drive_post"))
        used = [name for name in rates if re.search(rf"\b{re.escape(name)}\b", own)]
        if own and (not used or any(values.get(name, 1.0) != 0 for name in used)):
            return True
    return False


def asks_for_modulation(equations: SynapseEquations) -> bool:
    """Tell whether a rule knows ``modulation_post``, the modulation of each step."""
    return any("modulation_post" in code for code in equations.statements)


def modulated(rule: Plasticity) -> SynapseEquations:
    """Return a rule whose rates of learning are multiplied by the modulation of each step.

    A rule that knows the modulation itself stays as it is.
    """
    equations = rule.equations()
    if asks_for_modulation(equations) or not learning_rates(rule):
        return equations
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, learning_rates(rule))) + r")\b")

    def multiplied(code: str) -> str:
        return pattern.sub(r"(\1*modulation_post)", code)

    return replace(
        equations,
        on_pre=multiplied(equations.on_pre),
        on_post=multiplied(equations.on_post),
        on_event=tuple(map(multiplied, equations.on_event)),
    )


def postsynaptic_parameters(rule: Plasticity, dt: float) -> dict[str, float]:
    """Return the values of a rule's postsynaptic parameters; none if it knows no such thing."""
    method = getattr(rule, "postsynaptic_parameters", None)
    return {} if method is None else dict(method(dt))

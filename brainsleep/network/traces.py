"""What plasticity rules keep on the neurons of a population, such as traces of spikes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .plan import NetworkPlan


@dataclass(frozen=True)
class Traces:
    """What rules keep on the neurons of a population, as Brian2 code.

    Attributes
    ----------
    model : str
        Variables and parameters.
    step : str
        Statements at the start of each step.
    reset : str
        Statements for neurons that spike.
    """

    model: str
    step: str
    reset: str

    @classmethod
    def sent(cls, plan: NetworkPlan, population: int) -> Traces:
        """Gather what rules keep on a population for the projections that leave it."""
        rules = [link.synapse for link in plan.outgoing(population)]
        return cls(
            joined_lines(rule.presynaptic_model for rule in rules),
            joined_lines(rule.presynaptic_step for rule in rules),
            joined_lines(rule.presynaptic_reset for rule in rules),
        )

    @classmethod
    def received(cls, plan: NetworkPlan, population: int) -> Traces:
        """Gather what rules keep on a population for the projections that reach it."""
        rules = [link.synapse for link in plan.incoming(population)]
        return cls(
            joined_lines(rule.postsynaptic_model for rule in rules),
            joined_lines(rule.postsynaptic_step for rule in rules),
            joined_lines(rule.postsynaptic_reset for rule in rules),
        )

    def __add__(self, other: Traces) -> Traces:
        return Traces(
            joined_lines([self.model, other.model]),
            joined_lines([self.step, other.step]),
            joined_lines([self.reset, other.reset]),
        )


def joined_lines(parts: Iterable[str]) -> str:
    """Put pieces of Brian2 code below each other, each once, the empty ones left out."""
    return "\n".join(dict.fromkeys(filter(None, parts)))

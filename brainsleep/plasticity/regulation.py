"""Rules that regulate: homeostasis, synaptic scaling and sleep's downscaling, on top of a rule.

Each wraps another rule and acts now and then, every so many milliseconds, on all synapses of
all neurons at once. They may wrap each other if they act equally often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

from brian2.units import ms

from ..errors import ParameterError, UnitsError, brief
from ..support.parameters import parameter
from ..support.quantities import Time, quantity
from .layered_rule import LayeredRule
from .rule import (
    Plasticity,
    SynapseEquations,
    at_scale,
    is_rule,
    learning_rates,
    postsynaptic_parameters,
)

#: Holds at the end of every period.
PERIOD_IS_OVER = "(t_in_timesteps + 1) % regulation_steps == 0"
PERIOD = "regulation_steps : integer (shared, constant)  # steps of a period"


def steps_of(period: Time, dt: float) -> float:
    """Return how many time steps a period has, at least one."""
    seconds = quantity(period, ms, "plasticity: every", minimum=0, exclusive_minimum=True)
    return float(max(1, round(seconds / dt)))


@dataclass(frozen=True)
class RegulatedRule(LayeredRule):
    """A rule that wraps another, `rule`, and regulates its synapses every so often."""

    rule: Plasticity
    _: KW_ONLY
    every: Time = parameter(500 * ms, ms, above=0, by_layer=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_rule(self.rule):
            raise UnitsError(
                f"plasticity: {type(self).__name__} regulates a rule like bs.STDP(...), not "
                f"{brief(self.rule)}."
            )
        self._check_inner(self.rule.equations())

    @property
    def learning_rates(self) -> tuple[str, ...]:
        """The synaptic parameters that are zero where nothing is to be learned."""
        return learning_rates(self.rule) + super().learning_rates

    def at_scale(self, layer_names: Sequence[str], scales: Sequence[float]) -> Self:
        """Return both with numbers in place of percentages."""
        inner = replace(self, rule=at_scale(self.rule, layer_names, scales))
        return super(RegulatedRule, inner).at_scale(layer_names, scales)

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the synaptic parameters of both, a dict per layer."""
        inner = self.rule.synapse_parameters(layer_names)
        own = super().synapse_parameters(layer_names)
        return [{**first, **second} for first, second in zip(inner, own, strict=True)]

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return those of the rule."""
        return self.rule.presynaptic_parameters(dt)

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return those of the rule, and the steps of a period."""
        period = {"regulation_steps": steps_of(self.every, dt)}
        return {**postsynaptic_parameters(self.rule, dt), **period}

    def _check_inner(self, inner: SynapseEquations) -> None:
        """Check that this rule can be put on top of the other."""
        if not inner.on_event:
            return
        name = type(self.rule).__name__
        if inner.event != PERIOD_IS_OVER:
            raise ParameterError(
                f"plasticity: {name} has an event of its own; {type(self).__name__} cannot be put "
                "on top."
            )
        every = getattr(self.rule, "every", None)
        if quantity(every, ms, "every") != quantity(self.every, ms, "every"):
            raise ParameterError(
                f"plasticity: {name} acts every {every}, {type(self).__name__} every "
                f"{self.every}; they must act equally often."
            )

    def _extended(
        self, model: str, on_event: tuple[str, ...], **postsynaptic: str
    ) -> SynapseEquations:
        """Return the rule's equations with more; what it regulates itself comes first."""
        equations = self.rule.equations()
        if not equations.on_event:
            period = [postsynaptic.get("postsynaptic_model", ""), PERIOD]
            postsynaptic["postsynaptic_model"] = "\n".join(period)
        added: dict[str, Any] = {
            name: "\n".join(filter(None, [getattr(equations, name), code]))
            for name, code in postsynaptic.items()
        }
        return replace(
            equations,
            model=f"{equations.model}\n{model}",
            event=PERIOD_IS_OVER,
            on_event=equations.on_event + on_event,
            **added,
        )

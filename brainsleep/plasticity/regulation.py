"""Rules that regulate: homeostasis, synaptic scaling and sleep's downscaling, on top of a rule.

Each wraps another rule and acts now and then, every so many milliseconds, on all synapses of
all neurons at once. They may wrap each other if they act equally often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from brian2.units import Hz, ms, second

from ..errors import ParameterError, UnitsError
from ..parameters import number, per_layer, quantity
from .rule import SynapseEquations, learning_rates, postsynaptic_parameters

#: Holds at the end of every period.
PERIOD_IS_OVER = "(t_in_timesteps + 1) % regulation_steps == 0"
PERIOD = "regulation_steps : integer (shared, constant)  # steps of a period"


def steps_of(period: Any, dt: float) -> float:
    """Return how many time steps a period has, at least one."""
    seconds = quantity(period, ms, "plasticity: every", minimum=0, exclusive_minimum=True)
    return float(max(1, round(seconds / dt)))


class _Regulated:
    """A rule that wraps another, `rule`, and regulates its synapses every so often."""

    rule: Any
    every: Any
    layer_parameters: ClassVar[tuple[str, ...]] = ()
    rates: ClassVar[tuple[str, ...]] = ()

    @property
    def learning_rates(self) -> tuple[str, ...]:
        """The synaptic parameters that are zero where nothing is to be learned."""
        return learning_rates(self.rule) + self.rates

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the layer parameters of both, a dict a layer."""
        layers = [dict(values) for values in self.rule.synapse_parameters(layer_names)]
        for name in self.layer_parameters:
            values = per_layer(getattr(self, name), layer_names, f"plasticity: {name}")
            for layer, layer_name, value in zip(layers, layer_names, values, strict=True):
                layer[name] = number(value, f"plasticity: {name} of layer {layer_name!r}")
        return layers

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return those of the rule."""
        return self.rule.presynaptic_parameters(dt)

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return those of the rule, and the steps of a period."""
        period = {"regulation_steps": steps_of(self.every, dt)}
        return {**postsynaptic_parameters(self.rule, dt), **period}

    def _check(self) -> None:
        """Check what all have in common."""
        if isinstance(self.rule, type) or not hasattr(self.rule, "synapse_parameters"):
            raise UnitsError(
                f"plasticity: {type(self).__name__} regulates a rule like bs.STDP(...), not "
                f"{self.rule!r}."
            )
        steps_of(self.every, 1.0)
        inner = self.rule.equations()
        if not inner.on_event:
            return
        name = type(self.rule).__name__
        if inner.event != PERIOD_IS_OVER:
            raise ParameterError(
                f"plasticity: {name} has an event of its own; {type(self).__name__} cannot be put "
                "on top."
            )
        if quantity(self.rule.every, ms, "every") != quantity(self.every, ms, "every"):
            raise ParameterError(
                f"plasticity: {name} acts every {self.rule.every}, {type(self).__name__} every "
                f"{self.every}; they must act equally often."
            )

    def _extended(self, model: str, on_event: tuple[str, ...], **postsynaptic: str) -> Any:
        """Return the rule's equations with more; what it regulates itself comes first."""
        equations: SynapseEquations = self.rule.equations()
        if not equations.on_event:
            period = [postsynaptic.get("postsynaptic_model", ""), PERIOD]
            postsynaptic["postsynaptic_model"] = "\n".join(period)
        added = {
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


@dataclass(frozen=True)
class Homeostasis(_Regulated):
    r"""Normalisation: the absolute weights of each neuron's synapses are held at a sum.

    .. math::

        w_i \leftarrow w_i + r \left( \frac{W}{\sum_j |w_j|} - 1 \right) w_i

    Parameters
    ----------
    rule : plasticity rule
        By which the weights change otherwise.
    total_weight : number, list or dict
        The sum W; a layer parameter.
    regulation : number, list or dict
        r, how much of the way is gone; 1 is normalisation.
    every : Quantity or str
        Between two normalisations.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99 (published code: 78.4 for 784
    inputs); Royer, Paré 2003, Nature 422:518 (conservation of total synaptic weight).
    """

    rule: Any
    total_weight: Any = 78.4
    regulation: Any = 1.0
    every: Any = field(default_factory=lambda: 500 * ms)

    layer_parameters: ClassVar[tuple[str, ...]] = ("total_weight", "regulation")
    rates: ClassVar[tuple[str, ...]] = ("regulation",)

    def __post_init__(self) -> None:
        self._check()

    def equations(self) -> SynapseEquations:
        """Return both as Brian2 strings."""
        return self._extended(
            """
            total_weight : 1 (shared, constant)  # sum of a neuron's absolute weights
            regulation : 1 (shared, constant)    # part of the way to it
            """,
            (
                "weight_sum_post += abs(w)",
                "w += regulation*(total_weight/clip(weight_sum_post, 1e-9, 1e30) - 1)*w",
            ),
            postsynaptic_model="weight_sum : 1  # in the step of the event",
            postsynaptic_step="weight_sum = 0",
        )


@dataclass(frozen=True)
class SynapticScaling(_Regulated):
    r"""Homeostatic scaling: a neuron that fires too much weakens all its synapses, and conversely.

    .. math::

        w \leftarrow w + s \left( 1 - \frac{a}{\rho_0} \right) w, \qquad
        \tau_a \frac{da}{dt} = -a + \sum_f \delta(t - t_f)

    where a is the neuron's rate, as measured by a trace of its spikes.

    Parameters
    ----------
    rule : plasticity rule
        By which the weights change otherwise.
    target_rate : Quantity or str
        :math:`\rho_0`, the rate wanted.
    scaling : number, list or dict
        s, the part by which the weights of a silent neuron grow in one period.
    tau_activity : Quantity or str
        :math:`\tau_a`.
    every : Quantity or str
        Period.

    References
    ----------
    Turrigiano 2008, Cell 135:422; van Rossum, Bi, Turrigiano 2000, J. Neurosci. 20:8812.
    """

    rule: Any
    target_rate: Any = field(default_factory=lambda: 5 * Hz)
    scaling: Any = 0.01
    tau_activity: Any = field(default_factory=lambda: 1 * second)
    every: Any = field(default_factory=lambda: 100 * ms)

    layer_parameters: ClassVar[tuple[str, ...]] = ("scaling",)
    rates: ClassVar[tuple[str, ...]] = ("scaling",)

    def __post_init__(self) -> None:
        self._check()
        self._activity_parameters(1e-3)

    def equations(self) -> SynapseEquations:
        """Return both as Brian2 strings."""
        return self._extended(
            "scaling : 1 (shared, constant)  # growth of a silent neuron's weights",
            ("w += scaling*(1 - activity_post)*w",),
            postsynaptic_model="""
            activity : 1                           # rate in units of the target rate
            activity_decay : 1 (shared, constant)  # exp(-dt/tau_activity)
            activity_step : 1 (shared, constant)   # 1/(tau_activity target_rate)
            """,
            postsynaptic_step="activity *= activity_decay",
            postsynaptic_reset="activity += activity_step",
        )

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return those of the rule, and of the activity."""
        return {**super().postsynaptic_parameters(dt), **self._activity_parameters(dt)}

    def _activity_parameters(self, dt: float) -> dict[str, float]:
        tau, rate = (
            quantity(value, unit, f"plasticity: {name}", minimum=0, exclusive_minimum=True)
            for value, unit, name in (
                (self.tau_activity, ms, "tau_activity"),
                (self.target_rate, Hz, "target_rate"),
            )
        )
        return {"activity_decay": math.exp(-dt / tau), "activity_step": 1 / (tau * rate)}


@dataclass(frozen=True)
class Downscaling(_Regulated):
    r"""Sleep downscaling: all weights shrink by the same part.

    .. math:: w \leftarrow (1 - d) \, w

    Parameters
    ----------
    rule : plasticity rule
        By which the weights change otherwise.
    downscaling : number, list or dict
        d, the part lost in one period; a layer parameter.
    every : Quantity or str
        Period; that of the slow oscillation, about a second, is the published idea.

    References
    ----------
    Tononi, Cirelli 2006, Sleep Medicine Reviews 10:49 (the synaptic homeostasis hypothesis).
    """

    rule: Any
    downscaling: Any = 0.01
    every: Any = field(default_factory=lambda: 1 * second)

    layer_parameters: ClassVar[tuple[str, ...]] = ("downscaling",)
    rates: ClassVar[tuple[str, ...]] = ("downscaling",)

    def __post_init__(self) -> None:
        self._check()

    def equations(self) -> SynapseEquations:
        """Return both as Brian2 strings."""
        return self._extended(
            "downscaling : 1 (shared, constant)  # part of the weight lost in a period",
            ("w -= downscaling*w",),
        )

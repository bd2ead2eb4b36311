"""Synaptic scaling: a neuron that fires too much weakens its synapses."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Hz, Quantity, ms, second

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time, quantity
from .regulation import RegulatedRule
from .rule import Plasticity, SynapseEquations


@public
@dataclass(frozen=True)
class SynapticScaling(RegulatedRule):
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
        :math:`s`, the part by which the weights of a silent neuron grow in one period.
    tau_activity : Quantity or str
        :math:`\tau_a`.
    every : Quantity or str
        Period.

    References
    ----------
    Turrigiano 2008, Cell 135:422; van Rossum, Bi, Turrigiano 2000, J. Neurosci. 20:8812.
    """

    rule: Plasticity
    _: KW_ONLY
    target_rate: Quantity | str = parameter(5 * Hz, Hz, above=0, by_layer=False, stated=True)
    scaling: PerLayer = parameter(0.01, learning_rate=True, stated=True)
    tau_activity: Time = parameter(1 * second, ms, above=0, by_layer=False)
    every: Time = parameter(100 * ms, ms, above=0, by_layer=False)

    kind: ClassVar[str] = "synaptic_scaling"

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
        tau = self.seconds("tau_activity")
        rate = quantity(self.target_rate, Hz, "plasticity: target_rate")
        return {"activity_decay": math.exp(-dt / tau), "activity_step": 1 / (tau * rate)}

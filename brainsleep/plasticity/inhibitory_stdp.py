"""Inhibitory plasticity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Hz, Quantity, ms

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time, quantity
from .layered_rule import LayeredRule
from .rule import SynapseEquations


@public
@dataclass(frozen=True)
class InhibitorySTDP(LayeredRule):
    r"""Inhibitory plasticity that holds the postsynaptic neuron at a rate.

    Weights are strengths of inhibition: the connection's drive is ``-w``.

    .. math::

        \text{pre:}\ \Delta w = \eta (y - 2 \rho_0 \tau), \qquad
        \text{post:}\ \Delta w = \eta x

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`; a layer parameter.
    target_rate : Quantity or str
        :math:`\rho_0`, the rate wanted of the postsynaptic neurons.
    tau : Quantity or str
        :math:`\tau`, time constant of both traces x and y.
    w_max : number, list or dict
        Largest weight; the smallest is 0. A weight outside is set to the bound at its first spike.

    References
    ----------
    Vogels, Sprekeler, Zenke, Clopath, Gerstner 2011, Science 334:1569.
    """

    learning_rate: PerLayer = parameter(1e-3, learning_rate=True, of_weight=True, stated=True)
    _: KW_ONLY
    target_rate: Quantity | str = parameter(5 * Hz, Hz, minimum=0, by_layer=False)
    tau: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    w_max: PerLayer = parameter(10.0)

    kind: ClassVar[str] = "inhibitory_stdp"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {"post_trace_decay": "tau"}

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            learning_rate : 1 (shared, constant)
            w_max : 1 (shared, constant)
            alpha : 1 (shared, constant)  # 2 target_rate tau
            """,
            on_pre=(
                "drive_post -= w\nw = clip(w + learning_rate*(post_trace_post - alpha), 0, w_max)"
            ),
            on_post="w = clip(w + learning_rate*trace_pre, 0, w_max)",
            presynaptic_model="""
            trace : 1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace += 1",
            postsynaptic_model="""
            post_trace : 1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau)
            """,
            postsynaptic_step="post_trace *= post_trace_decay",
            postsynaptic_reset="post_trace += 1",
        )

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the layer parameters and alpha, a dict per layer."""
        rate = quantity(self.target_rate, Hz, "plasticity: target_rate")
        alpha = 2 * rate * self.seconds("tau")
        return [{**values, "alpha": alpha} for values in super().synapse_parameters(layer_names)]

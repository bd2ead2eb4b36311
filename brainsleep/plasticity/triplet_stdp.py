"""Triplet spike-timing-dependent plasticity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .layered_rule import LayeredRule
from .rule import SynapseEquations


@public
@dataclass(frozen=True)
class TripletSTDP(LayeredRule):
    r"""Triplet spike-timing-dependent plasticity, all to all.

    With fast traces :math:`r_1, o_1` and slow ones :math:`r_2, o_2` of the pre- and the
    postsynaptic neuron, the slow ones as they were before the spike,

    .. math::

        \text{pre:}\ \Delta w = -o_1 (a_2^- + a_3^- r_2), \qquad
        \text{post:}\ \Delta w = r_1 (a_2^+ + a_3^+ o_2)

    Parameters
    ----------
    pair_potentiation, pair_depression : number, list or dict
        :math:`a_2^+` and :math:`a_2^-`, of pairs of spikes; layer parameters. All defaults: visual
        cortex, all-to-all, full model (Table 4).
    triplet_potentiation, triplet_depression : number, list or dict
        :math:`a_3^+` and :math:`a_3^-`, of triplets.
    tau_plus, tau_minus, tau_x, tau_y : Quantity or str
        :math:`\tau_{r_1}`, :math:`\tau_{o_1}`, :math:`\tau_{r_2}`, :math:`\tau_{o_2}`, time
        constants of the traces.
    w_min, w_max : number, list or dict
        Bounds of the weights, as in :class:`STDP`.

    References
    ----------
    Pfister, Gerstner 2006, Journal of Neuroscience 26:9673.
    """

    pair_potentiation: PerLayer = parameter("5e-8 %", learning_rate=True, of_weight=True)
    pair_depression: PerLayer = parameter("0.7 %", learning_rate=True, of_weight=True)
    _: KW_ONLY
    triplet_potentiation: PerLayer = parameter("0.62 %", learning_rate=True, of_weight=True)
    triplet_depression: PerLayer = parameter("0.023 %", learning_rate=True, of_weight=True)
    tau_plus: Time = parameter(16.8 * ms, ms, above=0, by_layer=False)
    tau_minus: Time = parameter(33.7 * ms, ms, above=0, by_layer=False)
    tau_x: Time = parameter(101 * ms, ms, above=0, by_layer=False)
    tau_y: Time = parameter(125 * ms, ms, above=0, by_layer=False)
    w_min: PerLayer = parameter(-1.0)
    w_max: PerLayer = parameter(1.0)

    kind: ClassVar[str] = "triplet_stdp"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {
        "trace_decay": "tau_plus",
        "slow_decay": "tau_x",
    }
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        "post_trace_decay": "tau_minus",
        "post_slow_decay": "tau_y",
    }

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            pair_potentiation : 1 (shared, constant)
            pair_depression : 1 (shared, constant)
            triplet_potentiation : 1 (shared, constant)
            triplet_depression : 1 (shared, constant)
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre=(
                "drive_post += w\n"
                "w = clip(w - post_trace_post*(pair_depression + "
                "triplet_depression*slow_before_pre), w_min, w_max)"
            ),
            on_post=(
                "w = clip(w + trace_pre*(pair_potentiation + "
                "triplet_potentiation*post_slow_before_post), w_min, w_max)"
            ),
            presynaptic_model="""
            trace : 1                           # r1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_plus)
            slow : 1                            # r2
            slow_decay : 1 (shared, constant)   # exp(-dt/tau_x)
            slow_before : 1                     # r2 before the last spike
            """,
            presynaptic_step="trace *= trace_decay\nslow *= slow_decay",
            # not "slow_before = slow; slow += 1": in NumPy code both are one array then
            presynaptic_reset="trace += 1\nslow += 1\nslow_before = slow - 1",
            postsynaptic_model="""
            post_trace : 1                           # o1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_minus)
            post_slow : 1                            # o2
            post_slow_decay : 1 (shared, constant)   # exp(-dt/tau_y)
            post_slow_before : 1                     # o2 before the last spike
            """,
            postsynaptic_step="post_trace *= post_trace_decay\npost_slow *= post_slow_decay",
            postsynaptic_reset="post_trace += 1\npost_slow += 1\npost_slow_before = post_slow - 1",
        )

"""The rule of the unsupervised digits network."""

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
class DiehlCook(LayeredRule):
    r"""The rule of the unsupervised digits network: triplets of nearest spikes.

    .. math::

        \text{pre:}\ \Delta w = -\mathrm{depression}\, o_1, \qquad
        \text{post:}\ \Delta w = \mathrm{potentiation}\, r_1 o_2

    with traces that spikes set to 1, :math:`o_2` as it was before the spike.

    Parameters
    ----------
    potentiation, depression : number, list or dict
        Learning rates; layer parameters.
    tau_pre, tau_post, tau_post_slow : Quantity or str
        :math:`\tau_{r_1}`, :math:`\tau_{o_1}`, :math:`\tau_{o_2}`, time constants of the traces.
    w_max : number, list or dict
        Largest weight; the smallest is 0. A weight outside is set to the bound at its first spike.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, and its published code.
    """

    potentiation: PerLayer = parameter(1e-2, learning_rate=True, of_weight=True, stated=True)
    depression: PerLayer = parameter(1e-4, learning_rate=True, of_weight=True, stated=True)
    _: KW_ONLY
    tau_pre: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_post: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_post_slow: Time = parameter(40 * ms, ms, above=0, by_layer=False)
    w_max: PerLayer = parameter(1.0)

    kind: ClassVar[str] = "diehl_cook"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_pre"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        "post_trace_decay": "tau_post",
        "post_slow_decay": "tau_post_slow",
    }

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            depression : 1 (shared, constant)
            potentiation : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre="drive_post += w\nw = clip(w - depression*post_trace_post, 0, w_max)",
            on_post="w = clip(w + potentiation*trace_pre*post_slow_before_post, 0, w_max)",
            presynaptic_model="""
            trace : 1                           # r1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_pre)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace = 1",
            postsynaptic_model="""
            post_trace : 1                           # o1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_post)
            post_slow : 1                            # o2
            post_slow_decay : 1 (shared, constant)   # exp(-dt/tau_post_slow)
            post_slow_before : 1                     # o2 before the last spike
            """,
            postsynaptic_step="post_trace *= post_trace_decay\npost_slow *= post_slow_decay",
            postsynaptic_reset="post_slow_before = post_slow\npost_trace = 1\npost_slow = 1",
        )

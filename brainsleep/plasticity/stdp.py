"""Pair-based spike-timing-dependent plasticity."""

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
from .spike_traces import INTERACTIONS


@public
@dataclass(frozen=True)
class STDP(LayeredRule):
    r"""Pair-based spike-timing-dependent plasticity.

    A pair of spikes :math:`\Delta t = t_\mathrm{post} - t_\mathrm{pre}` apart changes the weight by

    .. math::

        \Delta w = p \, e^{-\Delta t/\tau_+} \ (\Delta t \ge 0), \qquad
        \Delta w = -d \, e^{\Delta t/\tau_-} \ (\Delta t < 0)

    where :math:`t_\mathrm{pre}` is when the presynaptic spike arrives, the neuron's `delay_steps`
    after it was sent. A pair in one step counts as potentiation alone.

    Parameters
    ----------
    potentiation : number, list or dict
        :math:`p`, the growth when pre comes before post; a layer parameter.
    depression : number, list or dict
        :math:`d`, the loss when post comes before pre. 1.05 times the potentiation: Song, Miller,
        Abbott 2000.
    tau_plus, tau_minus : Quantity or str
        :math:`\tau_+`, :math:`\tau_-`, time constants of the two sides.
    w_min, w_max : number, list or dict
        Bounds of the weights; a weight outside is set to the bound at its first spike, even if
        nothing is learned, and `brainsleep.sleep` warns of it.
    interactions : str
        ``"all"``: every pair counts; ``"nearest"``: a spike pairs with the last one alone.

    References
    ----------
    Song, Miller, Abbott 2000, Nature Neuroscience 3:919; Morrison, Diesmann, Gerstner 2008,
    Biological Cybernetics 98:459.
    """

    potentiation: PerLayer = parameter("1 %", learning_rate=True, of_weight=True)
    depression: PerLayer = parameter("1.05 %", learning_rate=True, of_weight=True)
    _: KW_ONLY
    tau_plus: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_minus: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    w_min: PerLayer = parameter(-1.0)
    w_max: PerLayer = parameter(1.0)
    interactions: str = parameter("all", choices=INTERACTIONS, by_layer=False)

    kind: ClassVar[str] = "stdp"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_plus"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {"post_trace_decay": "tau_minus"}

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        spike = INTERACTIONS[self.interactions]
        return SynapseEquations(
            model="""
            w : 1
            potentiation : 1 (shared, constant)  # growth, pre before post
            depression : 1 (shared, constant)    # loss, post before pre
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre="drive_post += w\nw = clip(w - depression*post_trace_post, w_min, w_max)",
            on_post="w = clip(w + potentiation*trace_pre, w_min, w_max)",
            presynaptic_model="""
            trace : 1                           # of the neuron's spikes
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_plus)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset=spike.format(trace="trace"),
            postsynaptic_model="""
            post_trace : 1                           # of the neuron's spikes
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_minus)
            """,
            postsynaptic_step="post_trace *= post_trace_decay",
            postsynaptic_reset=spike.format(trace="post_trace"),
        )

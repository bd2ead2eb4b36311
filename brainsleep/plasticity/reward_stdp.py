"""A rule that waits for a reward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, second

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .layered_rule import LayeredRule
from .rule import SynapseEquations
from .stdp import STDP


@public
@dataclass(frozen=True)
class RewardSTDP(LayeredRule):
    r"""Reward-modulated spike-timing-dependent plasticity.

    What :class:`STDP` would do to a weight is kept in an eligibility trace e of each synapse,
    which fades with :math:`\tau_e`. In steps with a reward R(t), given as `modulation` of the
    night, it is carried out:

    .. math:: w \leftarrow w + \eta \, R(t) \, e

    Parameters
    ----------
    potentiation, depression, tau_plus, tau_minus, w_min, w_max
        As in :class:`STDP`, all pairs of spikes counting.
    learning_rate : number, list or dict
        :math:`\eta`; a layer parameter.
    tau_eligibility : Quantity or str
        Time constant :math:`\tau_e`.

    References
    ----------
    Izhikevich 2007, Cerebral Cortex 17:2443; Frémaux, Gerstner 2016, Frontiers in Neural Circuits
    9:85, section 4.
    """

    potentiation: PerLayer = parameter("1 %", of_weight=True)
    depression: PerLayer = parameter("1.05 %", of_weight=True)
    _: KW_ONLY
    learning_rate: PerLayer = parameter(1.0, learning_rate=True)
    tau_plus: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_minus: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_eligibility: Time = parameter(1 * second, ms, above=0, by_layer=False)
    w_min: PerLayer = parameter(-1.0)
    w_max: PerLayer = parameter(1.0)

    kind: ClassVar[str] = "reward_stdp"
    presynaptic_decays: ClassVar[Mapping[str, str]] = STDP.presynaptic_decays
    postsynaptic_decays: ClassVar[Mapping[str, str]] = STDP.postsynaptic_decays

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        faded = "eligibility*exp((last_step - step_post)*eligibility_rate_post)"
        return SynapseEquations(
            model="""
            w : 1
            eligibility : 1  # as it was in the synapse's last step
            last_step : 1    # when a spike came last, in steps
            learning_rate : 1 (shared, constant)
            potentiation : 1 (shared, constant)  # growth, pre before post
            depression : 1 (shared, constant)    # loss, post before pre
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre=f"""
            drive_post += w
            eligibility = {faded} - depression*post_trace_post
            last_step = step_post
            """,
            on_post=f"""
            eligibility = {faded} + potentiation*trace_pre
            last_step = step_post
            """,
            presynaptic_model="""
            trace : 1                           # of the neuron's spikes
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_plus)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace += 1",
            postsynaptic_model="""
            post_trace : 1                                # of the neuron's spikes
            post_trace_decay : 1 (shared, constant)       # exp(-dt/tau_minus)
            step : 1                                      # number of the time step
            eligibility_rate : 1 (shared, constant)       # dt/tau_eligibility
            """,
            postsynaptic_step="post_trace *= post_trace_decay\nstep = t_in_timesteps",
            postsynaptic_reset="post_trace += 1",
            event="modulation != 0",
            on_event=(f"w = clip(w + learning_rate*modulation_post*{faded}, w_min, w_max)",),
        )

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decay of the postsynaptic trace, and the rate at which eligibility fades."""
        rate = dt / self.seconds("tau_eligibility")
        return {**super().postsynaptic_parameters(dt), "eligibility_rate": rate}

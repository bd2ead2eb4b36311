"""Rules that forget, and rules that wait for a reward."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import ms, second

from .regulation import PERIOD, PERIOD_IS_OVER, steps_of
from .rule import SynapseEquations
from .stdp import STDP, DiehlCook, TraceRule


@dataclass(frozen=True)
class ASP(DiehlCook):
    r"""Adaptive synaptic plasticity: a leak to a baseline, slower where much is known.

    Spikes change weights as in :class:`DiehlCook`. Besides, whether or not there are spikes,

    .. math::

        \tau_\mathrm{leak} (1 + \kappa m) \frac{dw}{dt} = w_\mathrm{rest} - w, \qquad
        \tau_m \frac{dm}{dt} = -m, \quad m \leftarrow m + 1 \text{ on a postsynaptic spike}

    so that neurons that were much in use keep what they have learned, and others become free for
    what is new. The leak acts in periods of `every`.

    Parameters
    ----------
    depression, potentiation, tau_pre, tau_post, tau_post_slow, w_max
        As in :class:`DiehlCook`.
    tau_leak : Quantity or str
        Time constant of the leak of a neuron that was never in use.
    retention : number, list or dict
        :math:`\kappa`, by how much each spike that is remembered slows the leak.
    tau_memory : Quantity or str
        Time constant :math:`\tau_m` of that memory.
    w_rest : number, list or dict
        The baseline.
    every : Quantity or str
        Period.

    Notes
    -----
    Leak to a baseline at every instant, modulated by how active the postsynaptic neuron was, is
    the published idea; the equation for that modulation is ours, and simpler.

    References
    ----------
    Panda, Allred, Ramanathan, Roy 2018, IEEE JETCAS 8:51.
    """

    tau_leak: Any = field(default_factory=lambda: 100 * second)
    retention: Any = 0.1
    tau_memory: Any = field(default_factory=lambda: 1000 * second)
    w_rest: Any = 0.0
    every: Any = field(default_factory=lambda: 100 * ms)

    layer_parameters: ClassVar[tuple[str, ...]] = (
        *DiehlCook.layer_parameters,
        "retention",
        "w_rest",
    )
    learning_rates: ClassVar[tuple[str, ...]] = (*DiehlCook.learning_rates, "leak")
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        **DiehlCook.postsynaptic_decays,
        "memory_decay": "tau_memory",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_times("tau_leak", "every")

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        spikes = super().equations()
        return SynapseEquations(
            model=f"""
            {spikes.model}
            leak : 1 (shared, constant)       # 1 - exp(-every/tau_leak)
            retention : 1 (shared, constant)
            w_rest : 1 (shared, constant)
            """,
            on_pre=spikes.on_pre,
            on_post=spikes.on_post,
            presynaptic_model=spikes.presynaptic_model,
            presynaptic_step=spikes.presynaptic_step,
            presynaptic_reset=spikes.presynaptic_reset,
            postsynaptic_model=f"""
            {spikes.postsynaptic_model}
            memory : 1                           # of the neuron's spikes
            memory_decay : 1 (shared, constant)  # exp(-dt/tau_memory)
            {PERIOD}
            """,
            postsynaptic_step=f"{spikes.postsynaptic_step}\nmemory *= memory_decay",
            postsynaptic_reset=f"{spikes.postsynaptic_reset}\nmemory += 1",
            event=PERIOD_IS_OVER,
            on_event=("w -= leak*(w - w_rest)/(1 + retention*memory_post)",),
        )

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the layer parameters and the leak, a dict a layer."""
        leak = -math.expm1(-self._time("every") / self._time("tau_leak"))
        return [{**values, "leak": leak} for values in super().synapse_parameters(layer_names)]

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the postsynaptic traces, and the steps of a period."""
        return {
            **super().postsynaptic_parameters(dt),
            "regulation_steps": steps_of(self.every, dt),
        }


@dataclass(frozen=True)
class RewardSTDP(TraceRule):
    r"""Reward-modulated spike-timing-dependent plasticity.

    What :class:`STDP` would do to a weight is kept in an eligibility trace e of each synapse,
    which fades with :math:`\tau_e`. In steps with a reward R(t), given as `modulation` of the
    night, it is carried out:

    .. math:: w \leftarrow w + \eta \, R(t) \, e

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`; a layer parameter.
    a_plus, a_minus, tau_plus, tau_minus, w_min, w_max
        As in :class:`STDP`, all pairs of spikes counting.
    tau_eligibility : Quantity or str
        Time constant :math:`\tau_e`.

    References
    ----------
    Izhikevich 2007, Cerebral Cortex 17:2443; Frémaux, Gerstner 2016, Frontiers in Neural Circuits
    9:85, section 4.
    """

    learning_rate: Any = 1.0
    a_plus: Any = 0.01
    a_minus: Any = -0.0105
    tau_plus: Any = field(default_factory=lambda: 20 * ms)
    tau_minus: Any = field(default_factory=lambda: 20 * ms)
    tau_eligibility: Any = field(default_factory=lambda: 1 * second)
    w_min: Any = -1.0
    w_max: Any = 1.0

    layer_parameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "a_plus",
        "a_minus",
        "w_min",
        "w_max",
    )
    learning_rates: ClassVar[tuple[str, ...]] = ("learning_rate",)
    presynaptic_decays: ClassVar[Mapping[str, str]] = STDP.presynaptic_decays
    postsynaptic_decays: ClassVar[Mapping[str, str]] = STDP.postsynaptic_decays

    def __post_init__(self) -> None:
        self._check_times("tau_eligibility")
        self._check_bounds(self.w_min, self.w_max)

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        faded = "eligibility*exp((last_step - step_post)*eligibility_rate_post)"
        return SynapseEquations(
            model="""
            w : 1
            eligibility : 1  # as it was in the synapse's last step
            last_step : 1    # when a spike came last, in steps
            learning_rate : 1 (shared, constant)
            a_plus : 1 (shared, constant)   # change, pre before post
            a_minus : 1 (shared, constant)  # change, post before pre
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre=f"""
            drive_post += w
            eligibility = {faded} + a_minus*post_trace_post
            last_step = step_post
            """,
            on_post=f"""
            eligibility = {faded} + a_plus*trace_pre
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
        rate = dt / self._time("tau_eligibility")
        return {**super().postsynaptic_parameters(dt), "eligibility_rate": rate}

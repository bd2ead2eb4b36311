"""A rule that forgets what is not in use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, second

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .diehl_cook import DiehlCook
from .regulation import PERIOD, PERIOD_IS_OVER, steps_of
from .rule import SynapseEquations


@public
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
    potentiation, depression, tau_pre, tau_post, tau_post_slow, w_max
        As in :class:`DiehlCook`.
    tau_leak : Quantity or str
        :math:`\tau_\mathrm{leak}`, time constant of the leak of a neuron that was never in use.
    retention : number, list or dict
        :math:`\kappa`, by how much each spike that is remembered slows the leak.
    tau_memory : Quantity or str
        Time constant :math:`\tau_m` of that memory.
    w_rest : number, list or dict
        :math:`w_\mathrm{rest}`, the baseline.
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

    _: KW_ONLY
    tau_leak: Time = parameter(100 * second, ms, above=0, by_layer=False)
    retention: PerLayer = parameter(0.1)
    tau_memory: Time = parameter(1000 * second, ms, above=0, by_layer=False)
    w_rest: PerLayer = parameter(0.0)
    every: Time = parameter(100 * ms, ms, above=0, by_layer=False)

    kind: ClassVar[str] = "asp"
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        **DiehlCook.postsynaptic_decays,
        "memory_decay": "tau_memory",
    }

    @property
    def learning_rates(self) -> tuple[str, ...]:
        """The synaptic parameters that are zero where nothing is to be learned."""
        return (*super().learning_rates, "leak")

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
        """Return the layer parameters and the leak, a dict per layer."""
        leak = -math.expm1(-self.seconds("every") / self.seconds("tau_leak"))
        return [{**values, "leak": leak} for values in super().synapse_parameters(layer_names)]

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the postsynaptic traces, and the steps of a period."""
        return {
            **super().postsynaptic_parameters(dt),
            "regulation_steps": steps_of(self.every, dt),
        }

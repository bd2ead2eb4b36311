"""E-prop: gradients of a recurrent spiking network, forward in time and local at each synapse.

Three rules: of the synapses of neurons that learn from signals which readouts send them, of the
synapses of those readouts, and of the synapses that bring the signals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms

from ..plasticity.layered_rule import LayeredRule
from ..plasticity.rule import SynapseEquations
from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time

#: A condition that always holds: synapses are looked at in every step.
ALWAYS = "i >= 0"

#: Carries the sum out where it is asked for, and begins anew.
CARRY_OUT = """
w -= learning_rate*modulation_post*gradient
gradient *= int(modulation_post == 0)
"""


@public
@dataclass(frozen=True)
class EProp(LayeredRule):
    r"""E-prop for neurons of the model `SurrogateLIF`, on synapses from any population.

    With the membrane trace :math:`\bar{x}_i` of the presynaptic neuron, each synapse has two
    traces:

    .. math::

        e_t &= \psi_t (\bar{x}_t - \beta \epsilon_t), \qquad
        \bar{e}_t = \kappa \bar{e}_{t-1} + e_t \\
        \epsilon_{t+1} &= \psi_t \bar{x}_t + (\rho - \psi_t \beta) \epsilon_t

    and the gradient is :math:`\sum_t L_t \bar{e}_t` with the learning signal L of the postsynaptic
    neuron, which comes one step later. In steps with a `modulation` R (of a circuit's run) the sum
    so far is carried out, :math:`w \leftarrow w - \eta R \sum_t L_t \bar{e}_t`, and begins anew.
    With a presentation the traces begin anew, the sum does not.

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`; a layer parameter.
    tau_m, tau_a : Quantity or str
        Time constants of the postsynaptic neurons; must be theirs.
    tau_readout : Quantity or str
        Time constant of the readouts, by which eligibility is filtered
        (:math:`\kappa = e^{-dt/\tau}`).

    References
    ----------
    Bellec et al. 2020, Nature Communications 11:3625, Methods.
    """

    learning_rate: PerLayer = parameter(1.0, minimum=0, learning_rate=True)
    _: KW_ONLY
    tau_m: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_a: Time = parameter(200 * ms, ms, above=0, by_layer=False)
    tau_readout: Time = parameter(20 * ms, ms, minimum=0, by_layer=False)

    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_m"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        "adaptation_decay": "tau_a",
        "eligibility_decay": "tau_readout",
    }

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            gradient : 1             # summed since it was last carried out
            eligibility : 1          # filtered as the readouts filter spikes
            adaptation_trace : 1     # effect of the presynaptic spikes on the adaptation
            learning_rate : 1 (shared, constant)
            """,
            on_pre="drive_post += w",
            presynaptic_model="""
            trace : 1                           # of the neuron's spikes, as membranes keep them
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_m)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace += 1",
            postsynaptic_model="""
            goes_on : 1                               # 0 in the first step of a presentation
            has_begun : 1
            adaptation_decay : 1 (shared, constant)   # exp(-dt/tau_a)
            eligibility_decay : 1 (shared, constant)  # exp(-dt/tau_readout)
            """,
            postsynaptic_step="goes_on = has_begun\nhas_begun = 1",
            event=ALWAYS,
            on_event=(
                # the signal that has come is about the step before, as the eligibility still is
                f"""
                gradient += learning_signal_post*eligibility
                {CARRY_OUT}
                adaptation_trace *= goes_on_post
                eligibility = goes_on_post*eligibility_decay_post*eligibility + psi_post*(trace_pre - beta_post*adaptation_trace)
                adaptation_trace = (adaptation_decay_post - psi_post*beta_post)*adaptation_trace + psi_post*trace_pre
                """,  # noqa: E501
            ),
        )


@public
@dataclass(frozen=True)
class ReadoutGradient(LayeredRule):
    r"""The gradient of leaky readouts that know their error, the model `ErrorReadout`.

    The gradient is :math:`\sum_t e_t \bar{z}_t` with the readout's error e and the presynaptic
    spikes filtered as the readout filters them. It is carried out as that of :class:`EProp`.

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`; a layer parameter.
    tau_readout : Quantity or str
        Time constant of the readouts; must be theirs.

    References
    ----------
    Bellec et al. 2020, Nature Communications 11:3625, Methods.
    """

    learning_rate: PerLayer = parameter(1.0, minimum=0, learning_rate=True)
    _: KW_ONLY
    tau_readout: Time = parameter(20 * ms, ms, minimum=0, by_layer=False)

    presynaptic_decays: ClassVar[Mapping[str, str]] = {"output_decay": "tau_readout"}

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            gradient : 1             # summed since it was last carried out
            learning_rate : 1 (shared, constant)
            """,
            on_pre="drive_post += w",
            presynaptic_model="""
            output_trace : 1                     # of the neuron's spikes, as readouts keep them
            output_decay : 1 (shared, constant)  # exp(-dt/tau_readout)
            """,
            presynaptic_step="output_trace *= output_decay",
            presynaptic_reset="output_trace += 1",
            event=ALWAYS,
            on_event=(f"gradient += error_post*output_trace_pre\n{CARRY_OUT}",),
        )


@public
@dataclass(frozen=True)
class ErrorFeedback(LayeredRule):
    """Synapses that carry the error of an `ErrorReadout` itself, times their weight.

    With the readouts' weights, transposed, feedback is symmetric; with others, random.
    """

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(model="w : 1", on_pre="drive_post += w*error_pre")

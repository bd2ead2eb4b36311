"""Adaptive leaky integrate-and-fire that knows how far it was from a spike, as e-prop needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, ms

from ..neurons.layered_neuron import LayeredNeuron
from ..neurons.model import NeuronEquations
from ..support.calls import public
from ..support.parameters import PerLayer, parameter


@public
@dataclass(frozen=True)
class SurrogateLIF(LayeredNeuron):
    r"""Adaptive leaky integrate-and-fire with a surrogate derivative and a learning signal.

    In steps, as published, with :math:`\alpha = e^{-dt/\tau_m}`, :math:`\rho = e^{-dt/\tau_a}` and
    z = 1 in a step with a spike:

    .. math::

        v_t &= \alpha v_{t-1} + \mathrm{gain} \cdot I_t - V z_{t-1} \\
        a_t &= \rho a_{t-1} + z_{t-1} \\
        z_t &= [v_t \ge A_t], \qquad A_t = V + \beta a_t \\
        \psi_t &= \frac{\gamma}{V} \max(0, 1 - |v_t - A_t|/V)

    A spike resets nothing but takes the threshold V away from v one step later. No units. What
    arrives at the receptor ``"feedback"`` is the neuron's ``learning_signal`` in that step, to
    which its ``rate_error`` is added, a number per neuron that a circuit's run may give.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`Heaviside` and :class:`LIF`.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant.
    tau_a : Quantity, str, list or dict
        :math:`\tau_a`, time constant of the adaptation.
    beta : number, list or dict
        :math:`\beta`, by how much a spike raises the threshold; a circuit's run may give each
        neuron a value of its own.
    dampening : number, list or dict
        :math:`\gamma`, height of the surrogate derivative.

    References
    ----------
    Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass 2020, Nature Communications 11:3625,
    Methods; no refractory period here.
    """

    gain: PerLayer = 1.0
    threshold: PerLayer = 1.0
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    tau_a: PerLayer = parameter(200 * ms, ms, above=0)
    beta: PerLayer = parameter(0.1, minimum=0)
    dampening: PerLayer = parameter(0.3, above=0)
    delay_steps: int = parameter(0, choices=(0, 1), by_layer=False)

    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units, with no error of rates."""
        layers = super().parameters(layer_names, gains, thresholds)
        return [{**values, "rate_error": 0.0} for values in layers]

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            v : 1
            a : 1                                 # spikes, fading
            spiked : 1                            # whether it spiked in the step before
            psi : 1                               # surrogate derivative of a spike by v
            learning_signal : 1
            tau_m : second (shared, constant)
            tau_a : second (shared, constant)
            beta : 1 (constant)                   # threshold per unit of a
            dampening : 1 (shared, constant)      # height of psi, times the threshold
            rate_error : 1 (constant)             # part of the learning signal
            gain : 1 (shared, constant)           # v per unit weight
            bias_gain : 1 (shared, constant)      # v per unit bias and step
            v_threshold : 1 (shared, constant)    # where a is 0
            """,
            on_input="""
            v = exp(-dt/tau_m)*v + gain*drive + bias_gain*bias - v_threshold*spiked
            a = exp(-dt/tau_a)*a + spiked
            spiked = 0
            psi = dampening/v_threshold*clip(1 - abs(v - v_threshold - beta*a)/v_threshold, 0, 1)
            learning_signal = feedback + rate_error
            """,
            threshold="v >= v_threshold + beta*a",
            reset="spiked = 1",
            receptors=("drive", "feedback"),
        )

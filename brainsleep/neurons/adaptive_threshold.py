"""A leaky neuron whose threshold adapts."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, ms

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class AdaptiveThreshold(LayeredNeuron):
    r"""A leaky neuron whose threshold rises with each of its spikes.

    .. math::

        \tau_m \frac{dv}{dt} = -v, \qquad \tau_t \frac{dV_t}{dt} = 1 - V_t

    A neuron spikes when v reaches threshold times :math:`V_t`; then v is reset to 0 and
    :math:`V_t` grows by :math:`\delta`. No units.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`Heaviside` and :class:`LIF`.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant.
    tau_t : Quantity, str, list or dict
        :math:`\tau_t`, time constant with which the threshold falls back.
    delta : number, list or dict
        By how much a spike raises :math:`V_t`, whose rest is 1.

    References
    ----------
    "Adaptive threshold" of the guide to spiking neural networks, after Brian2's documentation
    (Goodman, Stimberg et al.).
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    tau_t: PerLayer = parameter(100 * ms, ms, above=0)
    delta: PerLayer = parameter(0.1)
    delay_steps: int = parameter(0, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "adaptive_threshold"
    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            dv/dt = -v/tau_m : 1
            dv_t/dt = (1 - v_t)/tau_t : 1
            tau_m : second (shared, constant)
            tau_t : second (shared, constant)
            delta : 1 (shared, constant)          # what a spike adds to v_t
            gain : 1 (shared, constant)           # v per unit weight
            bias_gain : 1 (shared, constant)      # v per unit bias and step
            v_threshold : 1 (shared, constant)    # where v_t is 1
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold*v_t",
            reset="v = 0\nv_t += delta",
            initial=(("v_t", "1"),),
        )

"""Leaky integrate-and-fire with spike-frequency adaptation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, mV

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class AdaptiveLIF(LayeredNeuron):
    r"""Leaky integrate-and-fire with spike-frequency adaptation, as in LSNNs.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v + R I, \qquad
        \tau_a \frac{da}{dt} = -a

    A neuron spikes when :math:`v \ge v_\mathrm{threshold} + \beta a`; then its threshold is
    subtracted from :math:`v - v_\mathrm{rest}` and a grows by 1.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`, in mV.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant.
    tau_a : Quantity, str, list or dict
        :math:`\tau_a`, time constant of the adaptation.
    beta : Quantity, str, list or dict
        :math:`\beta`, by how much a spike raises the threshold.
    v_rest : Quantity, str, list or dict
        :math:`v_\mathrm{rest}`, resting potential.

    References
    ----------
    Bellec, Salaj, Subramoney, Legenstein, Maass 2018, NeurIPS, section 2.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 10.0
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    tau_a: PerLayer = parameter(200 * ms, ms, above=0)
    beta: PerLayer = parameter(2 * mV, mV)
    v_rest: PerLayer = parameter(-70 * mV, mV)
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "adaptive_lif"

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            dv/dt = (v_rest - v)/tau_m : volt
            da/dt = -a/tau_a : 1
            tau_m : second (shared, constant)
            tau_a : second (shared, constant)
            beta : volt (shared, constant)           # threshold per unit of a
            v_rest : volt (shared, constant)
            gain : volt (shared, constant)           # per unit weight
            bias_gain : volt (shared, constant)      # per unit bias and step
            v_threshold : volt (shared, constant)    # where a is 0
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold + beta*a",
            reset="v -= v_threshold + beta*a - v_rest\na += 1",
            initial=(("v", "v_rest"),),
        )

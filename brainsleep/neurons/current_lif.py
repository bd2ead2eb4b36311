"""Leaky integrate-and-fire with exponential synaptic currents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, mV

from ..errors import ParameterError
from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations

#: Time constants that differ by less than this part of themselves count as equal.
CLOSE = 1e-6


@public
@dataclass(frozen=True)
class CurrentLIF(LayeredNeuron):
    r"""Leaky integrate-and-fire with exponential synaptic currents.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v + R I, \qquad
        \tau_s \frac{d(RI)}{dt} = -RI, \qquad
        RI \leftarrow RI + \mathrm{gain} \cdot w \text{ for each arriving spike}

    A neuron spikes when :math:`v \ge v_\mathrm{rest} + \mathrm{threshold}`, is set to
    :math:`v_\mathrm{reset}` and stays there for the refractory period, in which the current goes
    on. Integrated exactly.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`, in mV.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant.
    tau_syn : Quantity, str, list or dict
        :math:`\tau_s`, time constant of the current, unlike `tau_m`. 5 ms: Brette et al. 2007, J.
        Comput. Neurosci. 23:349.
    v_rest, v_reset : Quantity, str, list or dict
        :math:`v_\mathrm{rest}`, :math:`v_\mathrm{reset}`, potentials at rest and after a spike.
    refractory : Quantity, str, list or dict
        Refractory period.

    References
    ----------
    Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, sections 1.3 and 3.1.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    tau_syn: PerLayer = parameter(5 * ms, ms, above=0)
    v_rest: PerLayer = parameter(-70 * mV, mV)
    v_reset: PerLayer = parameter(-70 * mV, mV)
    refractory: PerLayer = parameter(0 * ms, ms, minimum=0, equation_name="refractory_period")
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "current_lif"

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            dv/dt = (v_rest - v + ri)/tau_m : volt (unless refractory)
            dri/dt = -ri/tau_syn : volt              # resistance times synaptic current
            tau_m : second (shared, constant)
            tau_syn : second (shared, constant)
            v_rest : volt (shared, constant)
            v_reset : volt (shared, constant)
            v_threshold : volt (shared, constant)
            refractory_period : second (shared, constant)
            gain : volt (shared, constant)           # ri per unit weight
            bias_gain : volt (shared, constant)      # v per unit bias and step
            """,
            on_input="ri += gain*drive\nv += bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = v_reset",
            refractory="refractory_period",
            initial=(("v", "v_rest"),),
        )

    def _check(self, values: Mapping[str, float]) -> None:
        tau_m, tau_syn = values.get("tau_m", 1.0), values.get("tau_syn", 2.0)
        if abs(tau_m - tau_syn) < CLOSE * tau_m:
            raise ParameterError(
                f"neuron: tau_syn must not equal tau_m ({tau_m * 1e3:g} ms): the exact "
                f"solution divides by their difference. Take {tau_syn * 1.01e3:g} ms."
            )

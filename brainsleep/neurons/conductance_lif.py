"""Leaky integrate-and-fire with synaptic conductances."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, ms, mV, second

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class ConductanceLIF(LayeredNeuron):
    r"""Leaky integrate-and-fire with synaptic conductances, and a threshold that may adapt.

    .. math::

        \tau_m \frac{dv}{dt} &= v_\mathrm{rest} - v + g_e (E_e - v) + g_i (E_i - v) \\
        \tau_e \frac{dg_e}{dt} &= -g_e, \qquad \tau_i \frac{dg_i}{dt} = -g_i, \qquad
        \tau_\theta \frac{d\theta}{dt} = -\theta

    with conductances in units of the leak conductance. A neuron spikes when
    :math:`v \ge v_\mathrm{rest} + \mathrm{threshold} + \theta`; then :math:`v` is reset and
    :math:`\theta` grows by `theta_increment`. Integrated by the exponential Euler method.

    Parameters
    ----------
    gain : number, list or dict
        Conductance per unit weight, in leak conductances.
    threshold : number, Quantity, list or dict
        mV above `v_rest`.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant.
    tau_excitation, tau_inhibition : Quantity, str, list or dict
        :math:`\tau_e`, :math:`\tau_i`, time constants of the conductances.
    e_excitation, e_inhibition : Quantity, str, list or dict
        :math:`E_e`, :math:`E_i`, reversal potentials.
    v_rest, v_reset : Quantity, str, list or dict
        :math:`v_\mathrm{rest}`, :math:`v_\mathrm{reset}`, potentials at rest and after a spike.
    refractory : Quantity, str, list or dict
        Refractory period.
    theta_increment : Quantity, str, list or dict
        By how much a spike raises the threshold; 0 mV for a fixed one.
    tau_theta : Quantity, str, list or dict
        :math:`\tau_\theta`, time constant with which it falls back.
    gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, whose excitatory neuron is the
    default, but for its threshold, which does not adapt.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 13.0
    _: KW_ONLY
    tau_m: PerLayer = parameter(100 * ms, ms, above=0)
    tau_excitation: PerLayer = parameter(1 * ms, ms, above=0)
    tau_inhibition: PerLayer = parameter(2 * ms, ms, above=0)
    e_excitation: PerLayer = parameter(0 * mV, mV)
    e_inhibition: PerLayer = parameter(-100 * mV, mV)
    v_rest: PerLayer = parameter(-65 * mV, mV)
    v_reset: PerLayer = parameter(-65 * mV, mV)
    refractory: PerLayer = parameter(5 * ms, ms, minimum=0, equation_name="refractory_period")
    theta_increment: PerLayer = parameter(0 * mV, mV, minimum=0)
    tau_theta: PerLayer = parameter(1e4 * second, second, above=0)
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "conductance_lif"
    gain_unit: ClassVar[Unit | None] = None

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            i_syn = g_e*(e_excitation - v) + g_i*(e_inhibition - v) : volt
            dv/dt = (v_rest - v + i_syn)/tau_m : volt (unless refractory)
            dg_e/dt = -g_e/tau_excitation : 1
            dg_i/dt = -g_i/tau_inhibition : 1
            dtheta/dt = -theta/tau_theta : volt
            theta_start : volt (constant)
            tau_m : second (shared, constant)
            tau_excitation : second (shared, constant)
            tau_inhibition : second (shared, constant)
            e_excitation : volt (shared, constant)
            e_inhibition : volt (shared, constant)
            v_rest : volt (shared, constant)
            v_reset : volt (shared, constant)
            v_threshold : volt (shared, constant)
            refractory_period : second (shared, constant)
            theta_increment : volt (shared, constant)  # what a spike adds to theta
            tau_theta : second (shared, constant)
            gain : 1 (shared, constant)                # conductance per unit weight
            bias_gain : volt (shared, constant)        # v per unit bias and step
            """,
            on_input="g_e += gain*drive\ng_i += gain*inhibition\nv += bias_gain*bias",
            threshold="v >= v_threshold + theta",
            reset="v = v_reset\ntheta += theta_increment",
            refractory="refractory_period",
            initial=(("v", "v_rest"), ("theta", "theta_start")),
            method="exponential_euler",
            receptors=("drive", "inhibition"),
        )

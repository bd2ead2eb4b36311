"""Adaptive exponential integrate-and-fire with synaptic conductances."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, ms, mV, nS, pA, pF

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class ConductanceAdEx(LayeredNeuron):
    r"""Adaptive exponential integrate-and-fire with synaptic conductances.

    .. math::

        C \frac{dv}{dt} &= -g_L (v - E_L) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w
            + g_e (E_e - v) + g_i (E_i - v) \\
        \tau_w \frac{dw}{dt} &= a (v - E_L) - w, \qquad
        \tau_\mathrm{syn} \frac{dg_{e,i}}{dt} = -g_{e,i}

    A spike is when v reaches `v_peak`; then :math:`v = V_r` for the refractory period and
    :math:`w \leftarrow w + b`. Integrated by Euler's method: choose a time step of 0.1 ms.

    Parameters
    ----------
    gain : number, list or dict
        Conductance per unit weight, in nS.
    threshold : number, Quantity, list or dict
        :math:`V_T - E_L`, in mV.
    c_m, g_l, v_rest, delta_t, v_reset, v_peak, tau_w, a, b
        As in :class:`AdEx`.
    refractory : Quantity, str, list or dict
        Refractory period.
    tau_syn : Quantity, str, list or dict
        :math:`\tau_\mathrm{syn}`, time constant of both conductances.
    e_excitation, e_inhibition : Quantity, str, list or dict
        :math:`E_e`, :math:`E_i`, reversal potentials.
    gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`.

    References
    ----------
    Goldman et al. 2021 (and Zerlaut et al. 2018, J. Comput. Neurosci. 44:45), whose excitatory
    neuron in slow-wave sleep is the default; its v_reset: see docs/explanation/stages.md.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 13.0
    _: KW_ONLY
    c_m: PerLayer = parameter(200 * pF, pF, above=0)
    g_l: PerLayer = parameter(10 * nS, nS, above=0)
    v_rest: PerLayer = parameter(-63 * mV, mV)
    delta_t: PerLayer = parameter(2 * mV, mV, above=0)
    v_reset: PerLayer = parameter(-63 * mV, mV)
    v_peak: PerLayer = parameter(-40 * mV, mV)
    tau_w: PerLayer = parameter(500 * ms, ms, above=0)
    a: PerLayer = parameter(0 * nS, nS)
    b: PerLayer = parameter(60 * pA, pA)
    refractory: PerLayer = parameter(5 * ms, ms, minimum=0, equation_name="refractory_period")
    tau_syn: PerLayer = parameter(5 * ms, ms, above=0)
    e_excitation: PerLayer = parameter(0 * mV, mV)
    e_inhibition: PerLayer = parameter(-80 * mV, mV)
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "conductance_adex"
    gain_unit: ClassVar[Unit | None] = nS

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            # the exponent is held: beyond the peak its size does not matter, only that it is finite
            model="""
            upstroke = g_l*delta_t*exp(clip((v - v_threshold)/delta_t, -50, 20)) : amp
            i_syn = g_e*(e_excitation - v) + g_i*(e_inhibition - v) : amp
            dv/dt = (g_l*(v_rest - v) + upstroke - w_adapt + i_syn)/c_m : volt (unless refractory)
            dw_adapt/dt = (a*(v - v_rest) - w_adapt)/tau_w : amp
            dg_e/dt = -g_e/tau_syn : siemens
            dg_i/dt = -g_i/tau_syn : siemens
            c_m : farad (shared, constant)
            g_l : siemens (shared, constant)
            v_rest : volt (shared, constant)
            v_threshold : volt (shared, constant)
            delta_t : volt (shared, constant)
            v_reset : volt (shared, constant)
            v_peak : volt (shared, constant)
            tau_w : second (shared, constant)
            a : siemens (shared, constant)
            b : amp (shared, constant)
            refractory_period : second (shared, constant)
            tau_syn : second (shared, constant)
            e_excitation : volt (shared, constant)
            e_inhibition : volt (shared, constant)
            gain : siemens (shared, constant)      # per unit weight
            bias_gain : volt (shared, constant)    # v per unit bias and step
            """,
            on_input="g_e += gain*drive\ng_i += gain*inhibition\nv += bias_gain*bias",
            threshold="v >= v_peak",
            reset="v = v_reset\nw_adapt += b",
            refractory="refractory_period",
            initial=(("v", "v_rest"),),
            method="euler",
            receptors=("drive", "inhibition"),
        )

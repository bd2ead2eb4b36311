"""Adaptive exponential integrate-and-fire."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, mV, nS, pA, pF

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class AdEx(LayeredNeuron):
    r"""Adaptive exponential integrate-and-fire.

    .. math::

        C \frac{dv}{dt} &= -g_L (v - E_L) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w + I \\
        \tau_w \frac{dw}{dt} &= a (v - E_L) - w

    A spike is when v reaches `v_peak`; then :math:`v = V_r` and :math:`w \leftarrow w + b`.

    Parameters
    ----------
    gain, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`, in mV.
    threshold : number, Quantity, list or dict
        :math:`V_T - E_L`, where the upstroke begins, in mV.
    c_m : Quantity, str, list or dict
        :math:`C`, capacitance.
    g_l : Quantity, str, list or dict
        :math:`g_L`, leak conductance.
    v_rest : Quantity, str, list or dict
        :math:`E_L`.
    delta_t : Quantity, str, list or dict
        Sharpness of the upstroke, :math:`\Delta_T`.
    v_reset : Quantity, str, list or dict
        :math:`V_r`.
    v_peak : Quantity, str, list or dict
        Where a spike is cut off.
    tau_w : Quantity, str, list or dict
        :math:`\tau_w`, time constant of the adaptation current w.
    a : Quantity, str, list or dict
        :math:`a`, adaptation to the potential below threshold.
    b : Quantity, str, list or dict
        :math:`b`, adaptation to a spike.
    current : Quantity, str, list or dict
        :math:`I`, injected.

    References
    ----------
    Brette, Gerstner 2005, Journal of Neurophysiology 94:3637, whose values are the defaults.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 20.2
    _: KW_ONLY
    c_m: PerLayer = parameter(281 * pF, pF, above=0)
    g_l: PerLayer = parameter(30 * nS, nS, above=0)
    v_rest: PerLayer = parameter(-70.6 * mV, mV)
    delta_t: PerLayer = parameter(2 * mV, mV, above=0)
    v_reset: PerLayer = parameter(-70.6 * mV, mV)
    v_peak: PerLayer = parameter(20 * mV, mV)
    tau_w: PerLayer = parameter(144 * ms, ms, above=0)
    a: PerLayer = parameter(4 * nS, nS)
    b: PerLayer = parameter(80.5 * pA, pA)
    current: PerLayer = parameter(0 * pA, pA)
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "adex"

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            # the exponent is held: beyond the peak its size does not matter, only that it is finite
            model="""
            upstroke = g_l*delta_t*exp(clip((v - v_threshold)/delta_t, -50, 20)) : amp
            dv/dt = (g_l*(v_rest - v) + upstroke - w_adapt + current)/c_m : volt
            dw_adapt/dt = (a*(v - v_rest) - w_adapt)/tau_w : amp
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
            current : amp (shared, constant)
            gain : volt (shared, constant)         # per unit weight
            bias_gain : volt (shared, constant)    # per unit bias and step
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_peak",
            reset="v = v_reset\nw_adapt += b",
            initial=(("v", "v_rest"),),
            method="euler",
        )

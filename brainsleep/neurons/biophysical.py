"""Biophysical neurons: adaptive thresholds, spike-frequency adaptation, AdEx, Izhikevich.

Presynaptic spikes add `gain` times their weights to the membrane potential at once. A constant
`current` may be injected. Integrated by Euler's method where an equation is not linear: choose a
time step of 0.1 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import Unit, ms, mV, nS, pA, pF

from .base import Biophysical
from .model import NeuronEquations


@dataclass(frozen=True)
class AdaptiveThreshold(Biophysical):
    r"""A leaky neuron whose threshold rises with each of its spikes.

    .. math::

        \tau_m \frac{dv}{dt} = -v, \qquad \tau_t \frac{dV_t}{dt} = 1 - V_t

    A neuron spikes when v reaches threshold times :math:`V_t`; then v is reset to 0 and
    :math:`V_t` grows by :math:`\delta`. No units.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`Heaviside` and :class:`LIF`.
    tau_m : Quantity, str, list or dict
        Membrane time constant.
    tau_t : Quantity, str, list or dict
        Time constant with which the threshold falls back.
    delta : number, list or dict
        By how much a spike raises :math:`V_t`, whose rest is 1.

    References
    ----------
    "Adaptive threshold" of the guide to spiking neural networks, after Brian2's documentation
    (Goodman, Stimberg et al.).
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    tau_m: Any = field(default_factory=lambda: 20 * ms)
    tau_t: Any = field(default_factory=lambda: 100 * ms)
    delta: Any = 0.1
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 0

    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None
    units: ClassVar[Mapping[str, Unit | None]] = {"tau_m": ms, "tau_t": ms, "delta": None}
    positive: ClassVar[tuple[str, ...]] = ("tau_m", "tau_t")

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

    def _threshold(self, own: Mapping[str, float], threshold: float) -> float:
        return threshold


@dataclass(frozen=True)
class AdaptiveLIF(Biophysical):
    r"""Leaky integrate-and-fire with spike-frequency adaptation, as in LSNNs.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v + R I, \qquad
        \tau_a \frac{da}{dt} = -a

    A neuron spikes when :math:`v \ge v_\mathrm{threshold} + \beta a`; then its threshold is
    subtracted from :math:`v - v_\mathrm{rest}` and a grows by 1.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`, in mV.
    tau_m : Quantity, str, list or dict
        Membrane time constant.
    tau_a : Quantity, str, list or dict
        Time constant of the adaptation.
    beta : Quantity, str, list or dict
        By how much a spike raises the threshold.
    v_rest : Quantity, str, list or dict
        Resting potential.

    References
    ----------
    Bellec, Salaj, Subramoney, Legenstein, Maass 2018, NeurIPS, section 2.
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    tau_m: Any = field(default_factory=lambda: 20 * ms)
    tau_a: Any = field(default_factory=lambda: 200 * ms)
    beta: Any = field(default_factory=lambda: 2 * mV)
    v_rest: Any = field(default_factory=lambda: -70 * mV)
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    units: ClassVar[Mapping[str, Unit | None]] = {
        "tau_m": ms,
        "tau_a": ms,
        "beta": mV,
        "v_rest": mV,
    }
    positive: ClassVar[tuple[str, ...]] = ("tau_m", "tau_a")

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


@dataclass(frozen=True)
class AdEx(Biophysical):
    r"""Adaptive exponential integrate-and-fire.

    .. math::

        C \frac{dv}{dt} &= -g_L (v - E_L) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w + I \\
        \tau_w \frac{dw}{dt} &= a (v - E_L) - w

    A spike is when v reaches `v_peak`; then :math:`v = V_r` and :math:`w \leftarrow w + b`.

    Parameters
    ----------
    gain, gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`, in mV.
    threshold : number, Quantity, list or dict
        :math:`V_T - E_L`, where the upstroke begins, in mV.
    c_m : Quantity, str, list or dict
        Capacitance C.
    g_l : Quantity, str, list or dict
        Leak conductance.
    v_rest : Quantity, str, list or dict
        :math:`E_L`.
    delta_t : Quantity, str, list or dict
        Sharpness of the upstroke, :math:`\Delta_T`.
    v_reset : Quantity, str, list or dict
        :math:`V_r`.
    v_peak : Quantity, str, list or dict
        Where a spike is cut off.
    tau_w : Quantity, str, list or dict
        Time constant of the adaptation current w.
    a : Quantity, str, list or dict
        Adaptation to the potential below threshold.
    b : Quantity, str, list or dict
        Adaptation to a spike.
    current : Quantity, str, list or dict
        I, injected.

    References
    ----------
    Brette, Gerstner 2005, Journal of Neurophysiology 94:3637, whose values are the defaults.
    """

    gain: Any = 1.0
    threshold: Any = 20.2
    c_m: Any = field(default_factory=lambda: 281 * pF)
    g_l: Any = field(default_factory=lambda: 30 * nS)
    v_rest: Any = field(default_factory=lambda: -70.6 * mV)
    delta_t: Any = field(default_factory=lambda: 2 * mV)
    v_reset: Any = field(default_factory=lambda: -70.6 * mV)
    v_peak: Any = field(default_factory=lambda: 20 * mV)
    tau_w: Any = field(default_factory=lambda: 144 * ms)
    a: Any = field(default_factory=lambda: 4 * nS)
    b: Any = field(default_factory=lambda: 80.5 * pA)
    current: Any = field(default_factory=lambda: 0 * pA)
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    units: ClassVar[Mapping[str, Unit | None]] = {
        "c_m": pF,
        "g_l": nS,
        "v_rest": mV,
        "delta_t": mV,
        "v_reset": mV,
        "v_peak": mV,
        "tau_w": ms,
        "a": nS,
        "b": pA,
        "current": pA,
    }
    positive: ClassVar[tuple[str, ...]] = ("c_m", "g_l", "delta_t", "tau_w")

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


@dataclass(frozen=True)
class Izhikevich(Biophysical):
    r"""The simple model of spiking neurons.

    .. math::

        \frac{dv}{dt} &= 0.04 v^2 + 5 v + 140 - u + I \\
        \frac{du}{dt} &= a (b v - u)

    with v in mV and time in ms. A spike is when v reaches `v_peak`; then :math:`v = c` and
    :math:`u \leftarrow u + d`.

    Parameters
    ----------
    gain, gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`, in mV.
    threshold : number, Quantity, list or dict
        The peak above 0 mV, where a spike is cut off; 30 mV.
    a, b, c, d : number, list or dict
        The published constants; the defaults are a regular spiking neuron.
    current : number, list or dict
        I, injected.

    References
    ----------
    Izhikevich 2003, IEEE Transactions on Neural Networks 14:1569.
    """

    gain: Any = 1.0
    threshold: Any = 30.0
    a: Any = 0.02
    b: Any = 0.2
    c: Any = -65.0
    d: Any = 8.0
    current: Any = 0.0
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    units: ClassVar[Mapping[str, Unit | None]] = {
        "a": None,
        "b": None,
        "c": None,
        "d": None,
        "current": None,
    }

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            x = v/mV : 1
            dv/dt = (0.04*x**2 + 5*x + 140 - u + current)*mV/ms : volt
            du/dt = a*(b*x - u)/ms : 1
            a : 1 (shared, constant)
            b : 1 (shared, constant)
            c : 1 (shared, constant)
            d : 1 (shared, constant)
            current : 1 (shared, constant)
            gain : volt (shared, constant)           # per unit weight
            bias_gain : volt (shared, constant)      # per unit bias and step
            v_threshold : volt (shared, constant)    # the peak
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = c*mV\nu += d",
            initial=(("v", "c*mV"), ("u", "b*c")),
            method="euler",
        )

    def _threshold(self, own: Mapping[str, float], threshold: float) -> float:
        return threshold

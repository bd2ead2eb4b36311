"""Neurons whose synapses act for a while: exponential currents and conductances.

A conductance has a reversal potential, so excitation and inhibition come apart: positive weights
open the one, negative weights, with their sign turned, the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import Unit, ms, mV, nS, pA, pF, second

from ..errors import ParameterError
from .base import Biophysical
from .model import NeuronEquations

#: Time constants that differ by less than this part of themselves count as equal.
CLOSE = 1e-6


@dataclass(frozen=True)
class CurrentLIF(Biophysical):
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
    gain, threshold, gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`, in mV.
    tau_m : Quantity, str, list or dict
        Membrane time constant.
    tau_syn : Quantity, str, list or dict
        Time constant of the current, unlike `tau_m`. 5 ms: Brette et al. 2007, J. Comput.
        Neurosci. 23:349.
    v_rest, v_reset : Quantity, str, list or dict
        Potentials at rest and after a spike.
    refractory_period : Quantity, str, list or dict
        Refractory period.

    References
    ----------
    Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, sections 1.3 and 3.1.
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    tau_m: Any = field(default_factory=lambda: 20 * ms)
    tau_syn: Any = field(default_factory=lambda: 5 * ms)
    v_rest: Any = field(default_factory=lambda: -70 * mV)
    v_reset: Any = field(default_factory=lambda: -70 * mV)
    refractory_period: Any = field(default_factory=lambda: 0 * ms)
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    units: ClassVar[Mapping[str, Unit | None]] = {
        "tau_m": ms,
        "tau_syn": ms,
        "v_rest": mV,
        "v_reset": mV,
        "refractory_period": ms,
    }
    positive: ClassVar[tuple[str, ...]] = ("tau_m", "tau_syn")
    non_negative: ClassVar[tuple[str, ...]] = ("refractory_period",)

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

    def _own(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        layers = super()._own(layer_names)
        for values in layers:
            tau_m, tau_syn = values.get("tau_m", 1.0), values.get("tau_syn", 2.0)
            if abs(tau_m - tau_syn) < CLOSE * tau_m:
                raise ParameterError(
                    f"neuron: tau_syn must not equal tau_m ({tau_m * 1e3:g} ms): the exact "
                    f"solution divides by their difference. Take {tau_syn * 1.01e3:g} ms."
                )
        return layers


@dataclass(frozen=True)
class ConductanceLIF(Biophysical):
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
        Membrane time constant.
    tau_excitation, tau_inhibition : Quantity, str, list or dict
        Time constants of the conductances.
    e_excitation, e_inhibition : Quantity, str, list or dict
        Reversal potentials.
    v_rest, v_reset : Quantity, str, list or dict
        Potentials at rest and after a spike.
    refractory_period : Quantity, str, list or dict
        Refractory period.
    theta_increment : Quantity, str, list or dict
        By how much a spike raises the threshold; 0 mV for a fixed one.
    tau_theta : Quantity, str, list or dict
        Time constant with which it falls back.
    gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, whose excitatory neuron is the
    default, but for its threshold, which does not adapt.
    """

    gain: Any = 1.0
    threshold: Any = 13.0
    tau_m: Any = field(default_factory=lambda: 100 * ms)
    tau_excitation: Any = field(default_factory=lambda: 1 * ms)
    tau_inhibition: Any = field(default_factory=lambda: 2 * ms)
    e_excitation: Any = field(default_factory=lambda: 0 * mV)
    e_inhibition: Any = field(default_factory=lambda: -100 * mV)
    v_rest: Any = field(default_factory=lambda: -65 * mV)
    v_reset: Any = field(default_factory=lambda: -65 * mV)
    refractory_period: Any = field(default_factory=lambda: 5 * ms)
    theta_increment: Any = field(default_factory=lambda: 0 * mV)
    tau_theta: Any = field(default_factory=lambda: 1e4 * second)
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    gain_unit: ClassVar[Unit | None] = None
    units: ClassVar[Mapping[str, Unit | None]] = {
        "tau_m": ms,
        "tau_excitation": ms,
        "tau_inhibition": ms,
        "e_excitation": mV,
        "e_inhibition": mV,
        "v_rest": mV,
        "v_reset": mV,
        "refractory_period": ms,
        "theta_increment": mV,
        "tau_theta": second,
    }
    positive: ClassVar[tuple[str, ...]] = ("tau_m", "tau_excitation", "tau_inhibition", "tau_theta")
    non_negative: ClassVar[tuple[str, ...]] = ("refractory_period", "theta_increment")

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


@dataclass(frozen=True)
class ConductanceAdEx(Biophysical):
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
    refractory_period : Quantity, str, list or dict
        Refractory period.
    tau_syn : Quantity, str, list or dict
        Time constant of both conductances.
    e_excitation, e_inhibition : Quantity, str, list or dict
        Reversal potentials.
    gain_scale, bias_gain, target_rates, delay_steps
        As in :class:`LIF`.

    References
    ----------
    Goldman et al. 2021 (and Zerlaut et al. 2018, J. Comput. Neurosci. 44:45), whose excitatory
    neuron in slow-wave sleep is the default; its v_reset: see docs/stages.md.
    """

    gain: Any = 1.0
    threshold: Any = 13.0
    c_m: Any = field(default_factory=lambda: 200 * pF)
    g_l: Any = field(default_factory=lambda: 10 * nS)
    v_rest: Any = field(default_factory=lambda: -63 * mV)
    delta_t: Any = field(default_factory=lambda: 2 * mV)
    v_reset: Any = field(default_factory=lambda: -63 * mV)
    v_peak: Any = field(default_factory=lambda: -40 * mV)
    tau_w: Any = field(default_factory=lambda: 500 * ms)
    a: Any = field(default_factory=lambda: 0 * nS)
    b: Any = field(default_factory=lambda: 60 * pA)
    refractory_period: Any = field(default_factory=lambda: 5 * ms)
    tau_syn: Any = field(default_factory=lambda: 5 * ms)
    e_excitation: Any = field(default_factory=lambda: 0 * mV)
    e_inhibition: Any = field(default_factory=lambda: -80 * mV)
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None
    delay_steps: int = 1

    gain_unit: ClassVar[Unit | None] = nS
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
        "refractory_period": ms,
        "tau_syn": ms,
        "e_excitation": mV,
        "e_inhibition": mV,
    }
    positive: ClassVar[tuple[str, ...]] = ("c_m", "g_l", "delta_t", "tau_w", "tau_syn")
    non_negative: ClassVar[tuple[str, ...]] = ("refractory_period",)

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

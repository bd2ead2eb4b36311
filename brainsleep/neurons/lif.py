"""Leaky integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import Unit, ms, mV

from ..errors import ParameterError
from ..parameters import number, per_layer, quantity, whole_number
from .model import NeuronEquations
from .reading import check_constants, given_bias_gains, is_text, seconds


@dataclass(frozen=True)
class LIF:
    r"""Leaky integrate-and-fire neuron, its weights in millivolts.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v, \qquad
        v \leftarrow v + \mathrm{gain} \cdot w \text{ for each arriving spike}

    A neuron spikes when :math:`v \ge v_\mathrm{rest} + \mathrm{threshold}`, is set to
    :math:`v_\mathrm{reset}` and stays there, deaf, for the refractory period. Spikes take
    `delay_steps` time steps from one layer to the next.

    Parameters
    ----------
    gain : "tadros", number, Quantity, list or dict
        mV per unit weight (a bare number means mV); see :class:`Heaviside`.
    threshold : "calibrated", number, Quantity, list or dict
        mV above `v_rest` (a bare number means mV); see :class:`Heaviside`.
    tau_m : Quantity, str, list or dict
        Membrane time constant. 20 ms: Brette et al. 2007, J. Comput. Neurosci. 23:349.
    v_rest : Quantity or str
        Resting potential.
    v_reset : Quantity or str, optional
        Potential after a spike; `v_rest` unless given.
    refractory : Quantity, str, list or dict
        Refractory period.
    delay_steps : int
        Time steps a spike takes from one layer to the next: 0 (same step) or 1.
    scale : number, list or dict
        Factor on gain, bias gain and threshold alike. It changes no spike; it lifts the
        presets' fractions of a millivolt to physiological values (a threshold of 15 mV).
    gain_scale, bias_gain, target_rates
        As in :class:`Heaviside`.

    References
    ----------
    Lapicque 1907; Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 1.3.
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    tau_m: Any = field(default_factory=lambda: 20 * ms)
    v_rest: Any = field(default_factory=lambda: -70 * mV)
    v_reset: Any = None
    refractory: Any = field(default_factory=lambda: 0 * ms)
    delay_steps: int = 1
    scale: Any = 1.0
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None

    constants_unit: ClassVar[Unit | None] = mV

    def __post_init__(self) -> None:
        check_constants(self)
        if whole_number(self.delay_steps, "neuron: delay_steps") > 1:
            raise ParameterError(f"neuron: delay_steps must be 0 or 1, but is {self.delay_steps}.")
        v_rest = quantity(self.v_rest, mV, "neuron: v_rest")
        if self.v_reset is not None:
            v_reset = quantity(self.v_reset, mV, "neuron: v_reset")
            if v_reset > v_rest and is_text(self.threshold, "calibrated"):
                raise ParameterError(
                    "neuron: threshold='calibrated' needs a v_reset at or below v_rest, but "
                    f"{v_reset * 1e3:g} mV is above {v_rest * 1e3:g} mV."
                )

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            dv/dt = (v_rest - v)/tau_m : volt (unless refractory)
            tau_m : second (shared, constant)
            v_rest : volt (shared, constant)
            v_reset : volt (shared, constant)
            v_threshold : volt (shared, constant)
            refractory_period : second (shared, constant)
            gain : volt (shared, constant)         # per unit weight
            bias_gain : volt (shared, constant)    # per unit bias and step
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = v_reset",
            refractory="refractory_period",
            initial=(("v", "v_rest"),),
        )

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in volts and seconds."""
        v_rest = quantity(self.v_rest, mV, "neuron: v_rest")
        v_reset = v_rest if self.v_reset is None else quantity(self.v_reset, mV, "neuron: v_reset")
        tau_m = seconds(self.tau_m, "tau_m", layer_names, exclusive_minimum=True)
        refractory = seconds(self.refractory, "refractory", layer_names)
        scales = per_layer(self.scale, layer_names, "neuron: scale")
        bias_gains = given_bias_gains(self, layer_names, gains)
        layers = []
        for index, name in enumerate(layer_names):
            scale = number(
                scales[index], f"neuron: scale of layer {name!r}", minimum=0, exclusive_minimum=True
            )
            volts = scale * float(mV)
            v_threshold = v_rest + thresholds[index] * volts
            if v_reset >= v_threshold:
                raise ParameterError(
                    f"neuron: v_reset ({v_reset * 1e3:g} mV) must lie below the threshold of "
                    f"layer {name!r} ({v_threshold * 1e3:g} mV)."
                )
            layers.append(
                {
                    "tau_m": tau_m[index],
                    "v_rest": v_rest,
                    "v_reset": v_reset,
                    "v_threshold": v_threshold,
                    "refractory_period": refractory[index],
                    "gain": gains[index] * volts,
                    "bias_gain": bias_gains[index] * volts,
                }
            )
        return layers

"""Leaky integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, mV

from ..errors import ParameterError
from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layer_values import is_text
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class LIF(LayeredNeuron):
    r"""Leaky integrate-and-fire neuron: its potential in mV, and `gain` turns weights into mV.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v, \qquad
        v \leftarrow v + \mathrm{gain} \cdot w \text{ for each arriving spike}

    A neuron spikes when :math:`v \ge v_\mathrm{rest} + \mathrm{threshold}`, is set to
    :math:`v_\mathrm{reset}` and stays there for the refractory period, in which inputs are lost.
    Spikes take `delay_steps` time steps from one layer to the next.

    Parameters
    ----------
    gain : "calibrated", "tadros", number, Quantity, list or dict
        mV per unit weight (a bare number means mV); see :class:`Heaviside`.
    threshold : "calibrated", number, Quantity, list or dict
        mV above `v_rest` (a bare number means mV); see :class:`Heaviside`.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, membrane time constant. 20 ms: Brette et al. 2007, J. Comput. Neurosci.
        23:349.
    v_rest : Quantity, str, list or dict
        :math:`v_\mathrm{rest}`, resting potential.
    v_reset : Quantity, str, list or dict, optional
        :math:`v_\mathrm{reset}`, potential after a spike; `v_rest` unless given.
    refractory : Quantity, str, list or dict
        Refractory period.
    delay_steps : int
        Time steps a spike takes from one layer to the next: 0 (same step) or 1.
    scale : number, list or dict
        Factor on gain, bias gain and threshold alike. It changes no spike as long as `v_reset` is
        `v_rest`; it lifts thresholds of a fraction of a millivolt, as model files have them, to
        physiological values (15 mV).
    gain_scale, bias_gain, target_rate
        As in :class:`Heaviside`.

    References
    ----------
    Lapicque 1907; Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 1.3.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    v_rest: PerLayer = parameter(-70 * mV, mV)
    v_reset: PerLayer | None = parameter(None, mV)
    refractory: PerLayer = parameter(0 * ms, ms, minimum=0, equation_name="refractory_period")
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)
    scale: PerLayer = parameter(1.0, above=0)

    kind: ClassVar[str] = "lif"

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
        layers = super().parameters(layer_names, gains, thresholds)
        for name, values in zip(layer_names, layers, strict=True):
            v_reset, v_threshold = values["v_reset"], values["v_threshold"]
            if v_reset >= v_threshold:
                raise ParameterError(
                    f"neuron: v_reset ({v_reset * 1e3:g} mV) must lie below the threshold of "
                    f"layer {name!r} ({v_threshold * 1e3:g} mV)."
                )
        return layers

    def _own(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        layers = super()._own(layer_names)
        for values in layers:
            values.setdefault("v_reset", values["v_rest"])
        return layers

    def _units(self, own: dict[str, float]) -> tuple[float, float]:
        volts = own.pop("scale") * float(mV)
        return volts, volts

    def _check(self, values: Mapping[str, float]) -> None:
        if not is_text(self.threshold, "calibrated") or not {"v_rest", "v_reset"} <= values.keys():
            return
        v_rest, v_reset = values["v_rest"], values["v_reset"]
        if v_reset > v_rest:
            raise ParameterError(
                "neuron: threshold='calibrated' needs a v_reset at or below v_rest, but "
                f"{v_reset * 1e3:g} mV is above {v_rest * 1e3:g} mV."
            )

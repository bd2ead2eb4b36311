"""The simple model of spiking neurons."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class Izhikevich(LayeredNeuron):
    r"""The simple model of spiking neurons.

    .. math::

        \frac{dv}{dt} &= 0.04 v^2 + 5 v + 140 - u + I \\
        \frac{du}{dt} &= a (b v - u)

    with v in mV and time in ms. A spike is when v reaches `v_peak`; then :math:`v = c` and
    :math:`u \leftarrow u + d`.

    Parameters
    ----------
    gain, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`, in mV.
    threshold : number, Quantity, list or dict
        The peak above 0 mV, where a spike is cut off; 30 mV.
    a, b, c, d : number, list or dict
        :math:`a`, :math:`b`, :math:`c`, :math:`d`, the published constants; the defaults are a
        regular spiking neuron.
    current : number, list or dict
        :math:`I`, injected.

    References
    ----------
    Izhikevich 2003, IEEE Transactions on Neural Networks 14:1569.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 30.0
    _: KW_ONLY
    a: PerLayer = parameter(0.02)
    b: PerLayer = parameter(0.2)
    c: PerLayer = parameter(-65.0)
    d: PerLayer = parameter(8.0)
    current: PerLayer = parameter(0.0)
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "izhikevich"

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

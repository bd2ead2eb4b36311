"""Leaky readouts that know what they should have said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, ms

from ..neurons.layered_neuron import LayeredNeuron
from ..neurons.model import NeuronEquations
from ..support.calls import public
from ..support.parameters import PerLayer, parameter


@public
@dataclass(frozen=True)
class ErrorReadout(LayeredNeuron):
    r"""Leaky readouts with a logistic output, and its error where an answer is wanted.

    .. math::

        y_t = e^{-dt/\tau_m} y_{t-1} + \mathrm{gain} \cdot I_t, \qquad
        \mathrm{error}_t = \frac{1}{1 + e^{-y_t}} - [k = \mathrm{target}_t]

    for readout number k. Readouts come in groups of `n_choices`, one group per question; the signal
    ``"target"`` is the number of the readout that should be on, and the error of all others of its
    group is that they should be off. Readouts of other groups, and all where the target is
    negative, have no error. A readout "spikes" in steps in which it has an error, whatever y is: so
    that projections which carry the error itself are called upon. No units.

    Parameters
    ----------
    gain, threshold, gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`Heaviside` and :class:`LIF`; the threshold means nothing.
    tau_m : Quantity, str, list or dict
        :math:`\tau_m`, time constant of the readout.
    n_choices : number, list or dict
        How many readouts share a question.

    References
    ----------
    Bellec et al. 2020, Nature Communications 11:3625, Methods; logistic outputs
    in place of a softmax, which for an error of cross-entropy is of the same form.
    """

    gain: PerLayer = 1.0
    threshold: PerLayer = 1.0
    _: KW_ONLY
    tau_m: PerLayer = parameter(20 * ms, ms, above=0)
    n_choices: PerLayer = parameter(2, minimum=1)
    delay_steps: int = parameter(0, choices=(0, 1), by_layer=False)

    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units; there is no threshold."""
        layers = super().parameters(layer_names, gains, thresholds)
        for values in layers:
            del values["v_threshold"]
        return layers

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            y : 1
            error : 1
            tau_m : second (shared, constant)
            n_choices : 1 (shared, constant)    # readouts per question
            gain : 1 (shared, constant)         # y per unit weight
            bias_gain : 1 (shared, constant)    # y per unit bias and step
            """,
            on_input="""
            y = exp(-dt/tau_m)*y + gain*drive + bias_gain*bias
            is_asked = int(floor((i + 0.5)/n_choices) == floor((target + 0.5)/n_choices))
            error = (1/(1 + exp(-y)) - int(i == target))*is_asked
            """,
            threshold="error != 0",
            reset="",
            signals=("target",),
        )

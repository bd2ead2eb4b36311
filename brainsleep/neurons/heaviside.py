"""The neuron of the published algorithm."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class Heaviside(LayeredNeuron):
    r"""Leaky summation and a hard threshold: the neuron of the published algorithm.

    .. math::

        v &\leftarrow \lambda v + \alpha \sum_j w_j s_j + \kappa b \\
        s &= [v \ge \beta], \qquad v \leftarrow 0 \text{ where } s = 1

    All layers follow each other within one time step, so an input spike can reach the
    output layer in the step it was drawn in. :math:`\lambda = 0` gives the memoryless
    :math:`h = \Theta(\alpha W h - \beta)`.

    Parameters
    ----------
    gain : "calibrated", "tadros", number, list or dict
        :math:`\alpha`, what one unit of weight adds to v (no units). ``"calibrated"``: with
        thresholds that are numbers, found so that every layer fires at `target_rate`, else 1.
        ``"tadros"`` computes it from weights and activations
        (:func:`brainsleep.translation.tadros_gains`).
    threshold : "calibrated", number, list or dict
        :math:`\beta`, in the units of v. ``"calibrated"`` finds the thresholds at which every
        layer fires at `target_rate`. Only gain/threshold matters for a spike.
    decay : number, list or dict
        :math:`\lambda` in [0, 1], the part of v left after one step. 0.98 at 1 ms is a time
        constant of 50 ms (0.95 one of 20 ms, that of `LIF`); the published codes have 0.999, 1 s.
    gain_scale : float
        Factor on the gains that ``"tadros"`` finds (``alpha_scale`` in the MATLAB code).
    bias_gain : number, list or dict, optional
        :math:`\kappa`, what one unit of bias adds to v each step; the gain unless given.
    target_rate : number, Quantity, list or dict, optional
        Mean firing rate wanted in each layer, in Hz, before anything is learned, where gain or
        threshold is calibrated; 30 Hz unless given.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"
    _: KW_ONLY
    decay: PerLayer = parameter(0.98, minimum=0, maximum=1)

    kind: ClassVar[str] = "heaviside"
    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None
    delay_steps: ClassVar[int] = 0

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            v : 1
            decay : 1 (shared, constant)        # part of v left after one step
            gain : 1 (shared, constant)         # v per unit weight
            bias_gain : 1 (shared, constant)    # v per unit bias and step
            v_threshold : 1 (shared, constant)
            """,
            on_input="v = decay*v + gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = 0",
        )

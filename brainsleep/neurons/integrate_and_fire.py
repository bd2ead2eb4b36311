"""Integrate-and-fire as converted networks use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from brian2.units import Unit

from ..support.calls import public
from ..support.parameters import PerLayer
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations


@public
@dataclass(frozen=True)
class IntegrateAndFire(LayeredNeuron):
    r"""Perfect integrator, reset by subtraction: the neuron of networks converted for inference.

    .. math::

        v &\leftarrow v + \alpha \sum_j w_j s_j + \kappa b \\
        s &= [v \ge \beta], \qquad v \leftarrow v - \beta \text{ where } s = 1

    Nothing leaks and nothing is lost at a spike. So a neuron that gets the same current z in each
    of T steps spikes :math:`\lfloor T z / \beta \rfloor` times if :math:`0 \le z \le \beta`: its
    rate is the rectified current, to within one spike. Above :math:`\beta` it saturates, at a
    spike per step. All layers follow each other within one time step.

    Parameters
    ----------
    gain : "calibrated", "tadros", number, list or dict
        :math:`\alpha`, what one unit of weight adds to v; see :class:`Heaviside`.
    threshold : "calibrated", number, list or dict
        :math:`\beta`, also what a spike takes from v; see :class:`Heaviside`.
    gain_scale, bias_gain, target_rate
        As in :class:`Heaviside`.

    References
    ----------
    Diehl, Neil, Binas, Cook, Liu, Pfeiffer 2015, IJCNN (weights normalised layer by layer);
    Rueckauer, Lungu, Hu, Pfeiffer, Liu 2017, Frontiers in Neuroscience 11:682 (reset by
    subtraction, and why).
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"

    kind: ClassVar[str] = "integrate_and_fire"
    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None
    delay_steps: ClassVar[int] = 0

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            v : 1
            gain : 1 (shared, constant)         # v per unit weight
            bias_gain : 1 (shared, constant)    # v per unit bias and step
            v_threshold : 1 (shared, constant)
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v -= v_threshold",
        )

"""Homeostasis: the weights of each neuron are held at a sum."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .regulation import RegulatedRule
from .rule import Plasticity, SynapseEquations


@public
@dataclass(frozen=True)
class Homeostasis(RegulatedRule):
    r"""Normalisation: the absolute weights of each neuron's synapses are held at a sum.

    .. math::

        w_i \leftarrow w_i + r \left( \frac{W}{\sum_j |w_j|} - 1 \right) w_i

    Parameters
    ----------
    rule : plasticity rule
        By which the weights change otherwise.
    total_weight : number, list or dict
        :math:`W`, the sum; a layer parameter.
    regulation : number, list or dict
        :math:`r`, how much of the way is gone; 1 is normalisation.
    every : Quantity or str
        Between two normalisations.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99 (published code: 78.4 for 784
    inputs); Royer, Paré 2003, Nature 422:518 (conservation of total synaptic weight).
    """

    rule: Plasticity
    _: KW_ONLY
    total_weight: PerLayer = parameter(78.4, stated=True)
    regulation: PerLayer = parameter(1.0, learning_rate=True)
    every: Time = parameter(500 * ms, ms, above=0, by_layer=False)

    kind: ClassVar[str] = "homeostasis"

    def equations(self) -> SynapseEquations:
        """Return both as Brian2 strings."""
        return self._extended(
            """
            total_weight : 1 (shared, constant)  # sum of a neuron's absolute weights
            regulation : 1 (shared, constant)    # part of the way to it
            """,
            (
                "weight_sum_post += abs(w)",
                "w += regulation*(total_weight/clip(weight_sum_post, 1e-9, 1e30) - 1)*w",
            ),
            postsynaptic_model="weight_sum : 1  # in the step of the event",
            postsynaptic_step="weight_sum = 0",
        )

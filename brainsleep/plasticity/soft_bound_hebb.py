"""A Hebbian rule with soft bounds: weights become probabilities."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from .layered_rule import LayeredRule
from .rule import SynapseEquations


@public
@dataclass(frozen=True)
class SoftBoundHebb(LayeredRule):
    r"""Hebbian rule with soft bounds, at presynaptic spikes: weights in [0, 1] stay there.

    .. math::

        \Delta w = \eta \, (1 - w) \ \text{where the postsynaptic neuron spiked}, \qquad
        \Delta w = -\eta \, w \ \text{where it was silent}

    Which of them a presynaptic spike finds is told from the step before it arrives: from the step
    in which it was sent, where it takes a step to the target, as in feedback and in circuits with
    delays. So with equal factors w goes to the probability with which the postsynaptic neuron
    spikes in the steps in which the presynaptic one does.

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`, part of the way to the bound that a spike takes; in [0, 1].
    potentiation, depression : number, list or dict
        Factors on the two sides; 0 takes one away.

    References
    ----------
    Gütig, Aharonov, Rotter, Sompolinsky 2003, J. Neurosci. 23:3697 (weight dependence, with
    :math:`\mu = 1`); Oja 1982, J. Math. Biol. 15:267.
    """

    learning_rate: PerLayer = parameter(4e-3, minimum=0, maximum=1, learning_rate=True, stated=True)
    _: KW_ONLY
    potentiation: PerLayer = parameter(1.0, minimum=0, maximum=1)
    depression: PerLayer = parameter(1.0, minimum=0, maximum=1)

    kind: ClassVar[str] = "soft_bound_hebb"

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            learning_rate : 1 (shared, constant)
            potentiation : 1 (shared, constant)  # factor where both neurons spike
            depression : 1 (shared, constant)    # factor where the presynaptic one spikes alone
            """,
            on_pre="drive_post += w\n"
            "w += learning_rate*(potentiation*spiked_post*(1 - w)"
            " - depression*(1 - spiked_post)*w)",
            postsynaptic_model="spiked : 1  # 2 in the step of a spike, 1 in the next, then 0",
            postsynaptic_step="spiked = int(spiked > 1.5)",
            postsynaptic_reset="spiked = 2",
        )

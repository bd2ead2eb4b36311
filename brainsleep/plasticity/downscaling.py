"""Downscaling in sleep: all weights shrink by the same part."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, second

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .regulation import RegulatedRule
from .rule import Plasticity, SynapseEquations


@public
@dataclass(frozen=True)
class Downscaling(RegulatedRule):
    r"""Sleep downscaling: all weights shrink by the same part.

    .. math:: w \leftarrow (1 - d) \, w

    Parameters
    ----------
    rule : plasticity rule
        By which the weights change otherwise.
    downscaling : number, list or dict
        :math:`d`, the part lost in one period; a layer parameter.
    every : Quantity or str
        Period; that of the slow oscillation, about a second, is the published idea.

    References
    ----------
    Tononi, Cirelli 2006, Sleep Medicine Reviews 10:49 (the synaptic homeostasis hypothesis).
    """

    rule: Plasticity
    _: KW_ONLY
    downscaling: PerLayer = parameter(0.01, learning_rate=True, stated=True)
    every: Time = parameter(1 * second, ms, above=0, by_layer=False)

    kind: ClassVar[str] = "downscaling"

    def equations(self) -> SynapseEquations:
        """Return both as Brian2 strings."""
        return self._extended(
            "downscaling : 1 (shared, constant)  # part of the weight lost in a period",
            ("w -= downscaling*w",),
        )

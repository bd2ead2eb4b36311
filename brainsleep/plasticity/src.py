"""Sleep replay consolidation: the rule of Tadros et al. 2022, and what else goes by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms

from ..support.calls import public
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .layered_rule import LayeredRule
from .rule import SynapseEquations


@dataclass(frozen=True)
class WeightFactor:
    """How strongly a synapse of weight w changes: the factor g(w) of a rule.

    Attributes
    ----------
    name : str
        What users write.
    expression : str
        A Brian2 expression in ``w``, written so that no exponent overflows.
    source : str
        Where it was published.
    """

    name: str
    expression: str
    source: str


#: The four factors that go by the name "sleep replay consolidation" in the sources.
WEIGHT_FACTORS: dict[str, WeightFactor] = {
    factor.name: factor
    for factor in (
        # 2 for w << 0, 1 at 0, 0.013 at w = 0.005: large positive weights are frozen. Beyond
        # |w| = 0.06 the factor is 0 or 2 to every digit, so the clip only spares the exponent.
        WeightFactor(
            "tadros2022",
            "2/(1 + exp(clip(w/0.001, -60, 60)))",
            "Tadros et al. 2022, Nat. Commun. 13:7742 (MATLAB code)",
        ),
        WeightFactor(
            "sigmoid",
            "1/(1 + exp(clip(-w, -60, 60)))",
            "Python replica of Tadros et al. 2022 (code)",
        ),
        WeightFactor(
            "multiplicative", "w", "Python replica of Tadros et al. 2022 (formula in its text)"
        ),
        WeightFactor("additive", "1", "Hebb 1949"),
    )
}


@public
@dataclass(frozen=True)
class SRC(LayeredRule):
    r"""Sleep replay consolidation: Hebbian growth against heterosynaptic decay.

    When a postsynaptic neuron spikes, each of its synapses changes by

    .. math:: \Delta w = (\mathrm{increase} \cdot x - \mathrm{decrease} \cdot (1 - x)) \, g(w)

    where x is the trace of the presynaptic neuron: a spike sets it to 1 when it
    arrives, and it decays by :math:`e^{-dt/\tau_\mathrm{pre}}` a step. With
    :math:`\tau_\mathrm{pre} = 0`, the published rule, x is 1 for neurons whose spike
    arrives in this very step and 0 for all others.

    Parameters
    ----------
    increase : number, list or dict
        Weight change of a synapse whose two neurons spike; >= 0, a layer parameter.
        (``inc`` in the MATLAB code.)
    decrease : number, list or dict
        Weight change of a synapse whose postsynaptic neuron alone spikes; >= 0, subtracted.
        (``dec`` in the MATLAB code.)
    weight_factor : str
        The factor g: ``"tadros2022"``, ``"sigmoid"``, ``"multiplicative"`` or ``"additive"``
        (see :data:`WEIGHT_FACTORS`). They are not interchangeable at equal rates.
    tau_pre : Quantity or str
        Time constant of the presynaptic trace; 0 ms is the published rule.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter, for negative rates, unknown factors and wrong units.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods.
    """

    increase: PerLayer = parameter(1e-3, minimum=0, learning_rate=True, stated=True)
    decrease: PerLayer = parameter(1e-4, minimum=0, learning_rate=True, stated=True)
    _: KW_ONLY
    weight_factor: str = parameter("tadros2022", choices=WEIGHT_FACTORS, by_layer=False)
    tau_pre: Time = parameter(0 * ms, ms, minimum=0, by_layer=False)

    kind: ClassVar[str] = "src"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_pre"}

    @property
    def label(self) -> str:
        """What the rule is called where programs are listed: its four forms differ in code."""
        return f"SRC {self.weight_factor}"

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        factor = WEIGHT_FACTORS[self.weight_factor].expression
        return SynapseEquations(
            model="""
            w : 1
            increase : 1 (shared, constant)  # weight change, both neurons spike
            decrease : 1 (shared, constant)  # weight change, postsynaptic neuron alone
            """,
            on_pre="drive_post += w",
            on_post=f"w += (increase*trace_pre - decrease*(1 - trace_pre))*({factor})",
            presynaptic_model="""
            trace : 1                           # 1 when a spike arrives, then decaying
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_pre); 0 for the published rule
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace = 1",
        )

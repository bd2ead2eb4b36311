"""Sleep replay consolidation: the rule of Tadros et al. 2022, and what else goes by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar, Self

from brian2.units import ms

from ..errors import ParameterError
from ..support.calls import public
from ..support.parameters import PerLayer, has_percentage, parameter
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


#: The four factors that go by the name "sleep replay consolidation" in the sources, and one that
#: means the same whatever the size of the weights.
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
            "tadros2022_relative",
            "2/(1 + exp(clip(w/factor_width, -60, 60)))",
            "Tadros et al. 2022 (MATLAB code), its 0.001 made a part of the weight scale",
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

#: The factor whose width is a parameter, and its width unless given: it is that of the published
#: factor, 0.001, for torch's default initialisation and 800 to 1,200 inputs.
RELATIVE = "tadros2022_relative"
FACTOR_WIDTH = "5 %"


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
    increase : number, percentage, list or dict
        :math:`\mathrm{increase}`, weight change of a synapse whose two neurons spike; >= 0, a layer
        parameter. (``inc`` in the MATLAB code.) A text such as ``"1.5 %"`` is a part of the layer's
        weight scale, the root mean square of its weights when the night begins
        (`brainsleep.translation.weight_scales`); with the factor ``"multiplicative"``, of the
        weight itself.
    decrease : number, percentage, list or dict
        :math:`\mathrm{decrease}`, weight change of a synapse whose postsynaptic neuron alone
        spikes; >= 0, subtracted. (``dec`` in the MATLAB code.)
    weight_factor : str
        The factor g: ``"tadros2022"``, ``"tadros2022_relative"``, ``"sigmoid"``,
        ``"multiplicative"`` or ``"additive"`` (see :data:`WEIGHT_FACTORS`). They are not
        interchangeable at equal rates. Unless given, ``"tadros2022"``; where a rate is a
        percentage, ``"tadros2022_relative"``.
    factor_width : number, percentage, list or dict, optional
        For ``"tadros2022_relative"``: the weight over which g falls from 1 to 0.54; 5 % of the
        weight scale unless given. ``"tadros2022"`` is the same with 0.001.
    tau_pre : Quantity or str
        :math:`\tau_\mathrm{pre}`, time constant of the presynaptic trace; 0 ms is the published
        rule.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter, for negative rates, unknown factors and wrong units.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods.
    """

    increase: PerLayer = parameter("1 %", minimum=0, learning_rate=True, of_weight=True)
    decrease: PerLayer = parameter("4 %", minimum=0, learning_rate=True, of_weight=True)
    _: KW_ONLY
    weight_factor: str = parameter(None, choices=WEIGHT_FACTORS, by_layer=False)
    factor_width: PerLayer | None = parameter(None, above=0, of_weight=True)
    tau_pre: Time = parameter(0 * ms, ms, minimum=0, by_layer=False)

    kind: ClassVar[str] = "src"
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_pre"}

    def __post_init__(self) -> None:
        if self.weight_factor is None:
            is_relative = has_percentage(self.increase) or has_percentage(self.decrease)
            object.__setattr__(self, "weight_factor", RELATIVE if is_relative else "tadros2022")
        super().__post_init__()
        if self.factor_width is not None and self.weight_factor != RELATIVE:
            raise ParameterError(
                f"plasticity: factor_width belongs to weight_factor={RELATIVE!r}, not to "
                f"{self.weight_factor!r}."
            )

    def at_scale(self, layer_names: Sequence[str], scales: Sequence[float]) -> Self:
        """Return the rule with numbers in place of percentages."""
        if self.weight_factor == "multiplicative":  # percentages of the weight itself
            return super().at_scale(layer_names, [1.0] * len(scales))
        if self.weight_factor == RELATIVE and self.factor_width is None:
            return replace(self, factor_width=FACTOR_WIDTH).at_scale(layer_names, scales)
        return super().at_scale(layer_names, scales)

    @property
    def label(self) -> str:
        """What the rule is called where programs are listed: its forms differ in code."""
        return f"SRC {self.weight_factor}"

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        factor = WEIGHT_FACTORS[self.weight_factor].expression
        model = """
            w : 1
            increase : 1 (shared, constant)  # weight change, both neurons spike
            decrease : 1 (shared, constant)  # weight change, postsynaptic neuron alone
            """
        if self.weight_factor == RELATIVE:
            model += "factor_width : 1 (shared, constant)"
        return SynapseEquations(
            model=model,
            on_pre="drive_post += w",
            on_post=f"w += (increase*trace_pre - decrease*(1 - trace_pre))*({factor})",
            presynaptic_model="""
            trace : 1                           # 1 when a spike arrives, then decaying
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_pre); 0 for the published rule
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace = 1",
        )

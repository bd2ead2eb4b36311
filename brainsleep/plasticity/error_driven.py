"""A rule that follows an error which the postsynaptic neuron knows."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar

from brian2.units import ms

from ..errors import ParameterError, brief
from ..support.calls import public
from ..support.names import text
from ..support.parameters import PerLayer, parameter
from ..support.quantities import Time
from .layered_rule import LayeredRule
from .rule import SynapseEquations


@public
@dataclass(frozen=True)
class ErrorDriven(LayeredRule):
    r"""Each step with an error changes the synapses whose presynaptic neuron spiked.

    .. math:: \Delta w = \eta \, e \, x

    Here e is a variable ``error`` that the model of the postsynaptic neurons must have: positive
    for a neuron that should have spiked and did not, negative for one that should not have, 0 where
    all is well. x is 1 in the step of a presynaptic spike, and decays from there with
    :math:`\tau_\mathrm{pre}`; or a variable that the presynaptic neurons have, such as a count.

    Parameters
    ----------
    learning_rate : number, list or dict
        :math:`\eta`, change of a weight for an error of 1.
    potentiation, depression : number, list or dict
        Factors where the error is positive, and where it is negative; 0 takes one away.
    tau_pre : Quantity or str
        :math:`\tau_\mathrm{pre}`; 0 ms: only spikes of the very step count.
    presynaptic : str, optional
        Name of a variable of the presynaptic neurons that is x, in place of such a trace.
    evidence : str, optional
        Name of a variable of the postsynaptic neurons in which the weights of the spikes that x
        counts have been summed. It gets :math:`\Delta w \, x`, so that it is the sum with the new
        weights. Without, what was summed stays.
    credit : str, optional
        Name of a variable of the presynaptic neurons that gets :math:`w \, e` of each neuron with
        an error: the error, sent back through the same weights before they change, by which what
        leads to the presynaptic neurons can learn. The neurons have to set it back.

    References
    ----------
    Widrow, Hoff 1960, IRE WESCON Convention Record 4:96; Rosenblatt 1962, Principles of
    Neurodynamics (an error of one or none in each step); Rumelhart, Hinton, Williams 1986, Nature
    323:533 (errors sent back through the same weights).
    """

    learning_rate: PerLayer = parameter(
        5e-4, minimum=0, learning_rate=True, of_weight=True, stated=True
    )
    _: KW_ONLY
    potentiation: PerLayer = parameter(1.0, minimum=0)
    depression: PerLayer = parameter(1.0, minimum=0)
    tau_pre: Time = parameter(0 * ms, ms, minimum=0, by_layer=False)
    presynaptic: str | None = None
    evidence: str | None = None
    credit: str | None = None

    kind: ClassVar[str] = "error_driven"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("presynaptic", "evidence", "credit"):
            value = getattr(self, name)
            if value is not None and not text(value, f"plasticity: {name}").isidentifier():
                raise ParameterError(
                    f"plasticity: {name} must be the name of a variable, not {brief(value)}."
                )

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decay of the presynaptic trace in one step, if there is one."""
        decays = {"trace_decay": "tau_pre"} if self.presynaptic is None else {}
        return self._decays(decays, dt)

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        x = f"{self.presynaptic or 'trace'}_pre"
        change = (
            f"learning_rate*{x}*error_post"
            "*(potentiation*int(error_post > 0) + depression*int(error_post < 0))"
        )
        again = [] if self.evidence is None else [f"{self.evidence}_post += {change}*{x}"]
        back = [] if self.credit is None else [f"{self.credit}_pre += w*error_post"]
        equations = SynapseEquations(
            model="""
            w : 1
            learning_rate : 1 (shared, constant)
            potentiation : 1 (shared, constant)  # factor where the error is positive
            depression : 1 (shared, constant)    # factor where it is negative
            """,
            on_pre="drive_post += w",
            event="error != 0",
            on_event=(*back, f"w += {change}", *again),
        )
        if self.presynaptic is not None:
            return equations
        return replace(
            equations,
            presynaptic_model="""
            trace : 1                           # 1 when a spike arrives, then decaying
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_pre)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace = 1",
        )

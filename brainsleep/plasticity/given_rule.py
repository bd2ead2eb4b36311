"""A plasticity rule as its equations and the values of its parameters: what is stored of any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ParameterError
from ..support.parameters import stored_values
from .rule import Plasticity, SynapseEquations, learning_rates, postsynaptic_parameters


@dataclass(frozen=True, eq=False)
class GivenRule:
    """A rule of the user's own, as a saved night holds it: that of its layers and time step.

    Attributes
    ----------
    label : str
        Name of the rule's class.
    given : SynapseEquations
        Its equations.
    values : mapping of str to mapping
        Synaptic parameters by layer.
    presynaptic, postsynaptic : mapping of str to float
        Parameters on the neurons at either side.
    dt : float
        Time step of the night in seconds.
    learning_rates : tuple of str
        The synaptic parameters that are rates of learning.
    """

    label: str
    given: SynapseEquations
    values: Mapping[str, Mapping[str, float]]
    presynaptic: Mapping[str, float]
    postsynaptic: Mapping[str, float]
    dt: float
    learning_rates: tuple[str, ...]

    @classmethod
    def of(cls, rule: Plasticity, layer_names: Sequence[str], dt: float) -> GivenRule:
        """Return what there is to a rule in a night."""
        values = rule.synapse_parameters(layer_names)
        return cls(
            label=getattr(rule, "label", type(rule).__name__),
            given=rule.equations(),
            values=dict(zip(layer_names, values, strict=True)),
            presynaptic=rule.presynaptic_parameters(dt),
            postsynaptic=postsynaptic_parameters(rule, dt),
            dt=dt,
            learning_rates=learning_rates(rule),
        )

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return self.given

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the synaptic parameters of each layer, as they were in that night.

        Raises
        ------
        ParameterError
            For a layer that was not there.
        """
        return stored_values(self.values, layer_names, f"plasticity: {self.label}")

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the parameters on presynaptic neurons; a ParameterError for another time step."""
        return self._of_step(self.presynaptic, dt)

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the parameters on postsynaptic neurons; a ParameterError for another step."""
        return self._of_step(self.postsynaptic, dt)

    def _of_step(self, values: Mapping[str, float], dt: float) -> dict[str, float]:
        if dt != self.dt:
            raise ParameterError(
                f"plasticity: {self.label} was saved with the values of its own night, whose step "
                f"is {self.dt * 1e3:g} ms, not {dt * 1e3:g} ms; make the rule anew."
            )
        return dict(values)

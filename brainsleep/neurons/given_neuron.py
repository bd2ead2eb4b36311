"""A neuron model as its equations and the values of its parameters: what is stored of any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brian2.units import Quantity

from ..support.parameters import PerLayer, stored_values
from .model import Neuron, NeuronEquations


@dataclass(frozen=True, eq=False)
class GivenNeuron:
    """A neuron model of the user's own, as a saved night holds it.

    It is the model of that night's layers, with their gains and thresholds: other layers and other
    constants have no values here.

    Attributes
    ----------
    label : str
        Name of the model's class.
    given : NeuronEquations
        Its equations.
    values : mapping of str to mapping
        Parameters by layer, in SI base units.
    gain, threshold : mapping of str to float
        By layer, in the model's unit.
    constants_unit : Quantity or None
        The model's unit of thresholds.
    delay_steps : int
        Time steps a spike takes from one layer to the next.
    """

    label: str
    given: NeuronEquations
    values: Mapping[str, Mapping[str, float]]
    gain: PerLayer
    threshold: PerLayer
    constants_unit: Quantity | None
    delay_steps: int
    gain_scale: float = 1.0
    target_rate: PerLayer | None = None

    @classmethod
    def of(
        cls,
        neuron: Neuron,
        layer_names: Sequence[str],
        gains: Sequence[float],
        thresholds: Sequence[float],
    ) -> GivenNeuron:
        """Return what there is to a model in a night."""
        values = neuron.parameters(layer_names, gains, thresholds)
        return cls(
            label=getattr(neuron, "label", type(neuron).__name__),
            given=neuron.equations(),
            values=dict(zip(layer_names, values, strict=True)),
            gain=dict(zip(layer_names, gains, strict=True)),
            threshold=dict(zip(layer_names, thresholds, strict=True)),
            constants_unit=neuron.constants_unit,
            delay_steps=neuron.delay_steps,
        )

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return self.given

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units, as they were in that night.

        Raises
        ------
        ParameterError
            For a layer that was not there.
        """
        return stored_values(self.values, layer_names, f"neuron: {self.label}")

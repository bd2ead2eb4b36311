"""What biophysical models have in common: how they read their parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from brian2.units import Unit, mV

from ..errors import ParameterError
from ..parameters import number, per_layer, quantity, whole_number
from .reading import check_constants, given_bias_gains


class Biophysical:
    """A model whose parameters are quantities, one a layer or one for all.

    A subclass is a frozen dataclass that lists its own layer parameters with their units; each
    becomes a parameter of the equations under its own name. Those in `positive` must lie above 0,
    those in `non_negative` not below. Gains are in `gain_unit`, thresholds in `constants_unit`.
    """

    units: ClassVar[Mapping[str, Unit | None]] = {}
    positive: ClassVar[tuple[str, ...]] = ()
    non_negative: ClassVar[tuple[str, ...]] = ()
    constants_unit: ClassVar[Unit | None] = mV
    gain_unit: ClassVar[Unit | None] = mV

    gain: Any
    threshold: Any
    bias_gain: Any
    delay_steps: int

    def __post_init__(self) -> None:
        check_constants(self)
        if whole_number(self.delay_steps, "neuron: delay_steps") > 1:
            raise ParameterError(f"neuron: delay_steps must be 0 or 1, but is {self.delay_steps}.")
        self._own([""])

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units."""
        scale = 1.0 if self.constants_unit is None else float(self.constants_unit)
        gain_scale = 1.0 if self.gain_unit is None else float(self.gain_unit)
        bias_gains = given_bias_gains(self, layer_names, gains)
        return [
            {
                **own,
                "gain": gain * gain_scale,
                "bias_gain": bias_gain * scale,
                "v_threshold": self._threshold(own, threshold * scale),
            }
            for own, gain, bias_gain, threshold in zip(
                self._own(layer_names), gains, bias_gains, thresholds, strict=True
            )
        ]

    def _threshold(self, own: Mapping[str, float], threshold: float) -> float:
        """Return the threshold in the model's own terms."""
        return own["v_rest"] + threshold

    def _own(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the values of the model's own parameters, a dict a layer."""
        layers: list[dict[str, float]] = [{} for _ in layer_names]
        for name, unit in self.units.items():
            values = getattr(self, name)
            if layer_names == [""] and isinstance(values, (list, tuple, dict)):
                continue  # the layers are not known yet
            values = per_layer(values, layer_names, f"neuron: {name}")
            for layer, layer_name, value in zip(layers, layer_names, values, strict=True):
                label = f"neuron: {name}" + (f" of layer {layer_name!r}" if layer_name else "")
                above = name in self.positive
                minimum = 0.0 if above or name in self.non_negative else -math.inf
                layer[name] = (
                    number(value, label, minimum=minimum, exclusive_minimum=above)
                    if unit is None
                    else quantity(value, unit, label, minimum=minimum, exclusive_minimum=above)
                )
        return layers

"""What the models that come with the package have in common: how they read their parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit, mV

from ..support.parameters import PerLayer, ShownSignature, check_parameters, read_by_layer
from .layer_values import check_constants, given_bias_gains
from .model import NeuronEquations


@dataclass(frozen=True)
class LayeredNeuron(ABC):
    """A model whose parameters are one value for all layers, or one per layer.

    A subclass is a frozen dataclass. It declares its own parameters with
    `brainsleep.support.parameters.parameter`, each with its unit and bounds; they become
    parameters of its equations. Gains are in `gain_unit`, thresholds and bias gains in
    `constants_unit`; None means no unit. It has `delay_steps`, too: 0 or 1.

    Parameters
    ----------
    gain : "calibrated", "tadros", number, Quantity, list or dict
        What one unit of weight adds. ``"tadros"``: computed from weights and activations.
        ``"calibrated"``: found so that layers fire at `target_rate`; 1 if the threshold is.
    threshold : "calibrated", number, Quantity, list or dict
        Where a neuron spikes, or ``"calibrated"``: found so that layers fire at `target_rate`.
    gain_scale : float
        Factor on the gains that ``"tadros"`` finds.
    bias_gain : number, Quantity, list or dict, optional
        What one unit of bias adds in each step; the gain unless given.
    target_rate : number, Quantity, list or dict, optional
        Mean firing rate wanted in each layer, in Hz, before anything is learned, where gain or
        threshold is calibrated; 30 Hz unless given.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = "calibrated"
    _: KW_ONLY
    gain_scale: float = 1.0
    bias_gain: PerLayer | None = None
    target_rate: PerLayer | None = None

    #: What model files call the model; empty for models of users.
    kind: ClassVar[str] = ""
    __signature__: ClassVar[ShownSignature] = ShownSignature()
    constants_unit: ClassVar[Unit | None] = mV
    gain_unit: ClassVar[Unit | None] = mV

    def __init_subclass__(cls) -> None:
        # quantities and lists have no hash, and equal models must have equal ones
        cls.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]

    def __post_init__(self) -> None:
        check_constants(self)
        self._check(check_parameters(self, "neuron"))

    @abstractmethod
    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units.

        Parameters
        ----------
        layer_names : sequence of str
            The layers.
        gains, thresholds : sequence of float
            One per layer, in `gain_unit` and `constants_unit`.

        Returns
        -------
        list of dict
            One per layer, by the names in the equations.
        """
        layers = self._own(layer_names)
        bias_gains = given_bias_gains(self, layer_names, gains)
        for own, gain, bias_gain, threshold in zip(
            layers, gains, bias_gains, thresholds, strict=True
        ):
            gain_unit, unit = self._units(own)
            own["gain"] = gain * gain_unit
            own["bias_gain"] = bias_gain * unit
            own["v_threshold"] = own.get("v_rest", 0.0) + threshold * unit
        return layers

    def _own(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the values of the model's own parameters, a dict per layer."""
        layers = read_by_layer(self, "neuron", layer_names)
        for values in layers:
            self._check(values)
        return layers

    def _units(self, own: dict[str, float]) -> tuple[float, float]:
        """Return the units of gains and of thresholds in a layer, in SI base units."""
        return (
            1.0 if self.gain_unit is None else float(self.gain_unit),
            1.0 if self.constants_unit is None else float(self.constants_unit),
        )

    def _check(self, values: Mapping[str, float]) -> None:  # noqa: B027
        """Check values that depend on each other; those given by layer may not be there yet."""

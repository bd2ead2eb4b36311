"""Read what users give a neuron model: gains, thresholds and rates, one per layer."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.units import Hz

from ..errors import ParameterError, suggest
from ..support.checks import number
from ..support.parameters import PerLayer, per_layer
from ..support.quantities import quantity
from .model import GivenConstants, Neuron

#: Mean firing rate in Hz that calibrated thresholds aim at unless a model says otherwise; hidden
#: layers fire at 20 to 30 Hz in the night of the default experiment.
DEFAULT_TARGET_RATE = 30.0


def given_gains(neuron: GivenConstants, layer_names: Sequence[str]) -> list[float]:
    """Return the gains given by hand, one per layer, in the model's unit."""
    return constants(neuron, neuron.gain, "gain", layer_names)


def given_thresholds(neuron: GivenConstants, layer_names: Sequence[str]) -> list[float]:
    """Return the thresholds given by hand, one per layer, in the model's unit."""
    return constants(neuron, neuron.threshold, "threshold", layer_names)


def given_bias_gains(
    neuron: GivenConstants, layer_names: Sequence[str], gains: Sequence[float]
) -> list[float]:
    """Return the bias gains given by hand, else the gains, one per layer, in the model's unit."""
    bias_gain: PerLayer | None = getattr(neuron, "bias_gain", None)
    if bias_gain is None:
        return list(gains)
    return constants(neuron, bias_gain, "bias_gain", layer_names)


def given_target_rate(neuron: GivenConstants, layer_names: Sequence[str]) -> list[float]:
    """Return the wanted firing rates, one per layer, in Hz; the default where none is given."""
    if neuron.target_rate is None:
        return [DEFAULT_TARGET_RATE] * len(layer_names)
    rates = per_layer(neuron.target_rate, layer_names, "neuron: target_rate")
    return [
        quantity(
            rate,
            Hz,
            f"neuron: target_rate of layer {name!r}",
            bare_unit=Hz,
            minimum=0,
            exclusive_minimum=True,
        )
        for rate, name in zip(rates, layer_names, strict=True)
    ]


def constants(
    neuron: GivenConstants, value: PerLayer, field: str, layer_names: Sequence[str]
) -> list[float]:
    """Read a gain or threshold given by hand."""
    values = []
    for name, item in zip(
        layer_names, per_layer(value, layer_names, f"neuron: {field}"), strict=True
    ):
        label = f"neuron: {field} of layer {name!r}"
        unit = neuron.constants_unit
        if unit is None:
            values.append(number(item, label, minimum=0))
        else:
            values.append(quantity(item, unit, label, bare_unit=unit, minimum=0) / float(unit))
    return values


def check_constants(neuron: GivenConstants) -> None:
    """Check what can be checked of gains and thresholds before the layers are known."""
    for name, keyword in (("gain", "tadros"), ("threshold", "calibrated")):
        value = getattr(neuron, name)
        if isinstance(value, str) and value != keyword and not is_quantity_text(value):
            raise ParameterError(
                f"neuron: {name} must be {keyword!r} or numbers, not {value!r}."
                f"{suggest(value, [keyword])}"
            )
    number(neuron.gain_scale, "neuron: gain_scale", minimum=0, exclusive_minimum=True)


def is_neuron(value: object) -> bool:
    """Tell whether a value is a neuron model, and not, say, the class of one."""
    return not isinstance(value, type) and hasattr(value, "parameters")


def is_text(value: object, text: str) -> bool:
    """Tell whether a value is this very keyword (it may be an array, too)."""
    return isinstance(value, str) and value == text


def is_quantity_text(text: str) -> bool:
    """Tell whether a string begins like a number with a unit."""
    return text.strip()[:1] in set("0123456789+-.")


def fixed_parameters(neuron: Neuron, population: str) -> dict[str, float]:
    """Return the parameters of a model whose gain and threshold are numbers.

    Raises
    ------
    ParameterError
        If one of them is to be found from a trained network.
    """
    for name, keyword in (("gain", "tadros"), ("threshold", "calibrated")):
        if is_text(getattr(neuron, name), keyword):
            raise ParameterError(
                f"neuron: {name} of {population!r} must be numbers, not {keyword!r}: there is no "
                "trained network to find it from."
            )
    gains, thresholds = given_gains(neuron, [population]), given_thresholds(neuron, [population])
    (values,) = neuron.parameters([population], gains, thresholds)
    return values

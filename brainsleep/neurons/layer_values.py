"""Read what users give a neuron model: gains, thresholds and rates, one per layer."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.units import Hz

from ..errors import ParameterError, brief, suggest
from ..support.checks import number
from ..support.parameters import PerLayer, differs_by_layer, per_layer
from ..support.quantities import quantity
from .model import GivenConstants, Neuron

#: Mean firing rates in Hz that calibrated thresholds aim at unless a model says otherwise.
DEFAULT_HIDDEN_RATE = 50.0
DEFAULT_OUTPUT_RATE = 100.0


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
    """Return the wanted firing rates, one per layer, in Hz; the default where none is given.

    The last layer is the network's output, and has a default of its own.
    """
    if neuron.target_rate is None:
        return [*[DEFAULT_HIDDEN_RATE] * (len(layer_names) - 1), DEFAULT_OUTPUT_RATE]
    rates = per_layer(neuron.target_rate, layer_names, "neuron: target_rate")
    return [
        _rate(rate, f"neuron: target_rate of layer {name!r}")
        for rate, name in zip(rates, layer_names, strict=True)
    ]


def constants(
    neuron: GivenConstants, value: PerLayer, field: str, layer_names: Sequence[str]
) -> list[float]:
    """Read a gain or threshold given by hand."""
    values = per_layer(value, layer_names, f"neuron: {field}")
    return [
        _constant(neuron, one, field, f"neuron: {field} of layer {name!r}")
        for name, one in zip(layer_names, values, strict=True)
    ]


def _constant(neuron: GivenConstants, value: object, field: str, label: str) -> float:
    """Read one gain or threshold."""
    unit = neuron.constants_unit
    if unit is None:
        return number(value, label, minimum=0)
    read = quantity(value, unit, label, bare_unit=unit) / float(unit)
    if read < 0:
        rest = getattr(neuron, "v_rest", None) if field == "threshold" else None
        hint = "" if rest is None else f" It is counted from v_rest, {brief(rest)}, upwards."
        raise ParameterError(f"{label} must be at least 0 {unit}, but is {read:g} {unit}.{hint}")
    return read


def _rate(value: object, label: str) -> float:
    """Read one firing rate, in Hz."""
    return quantity(value, Hz, label, bare_unit=Hz, minimum=0, exclusive_minimum=True)


def check_constants(neuron: GivenConstants) -> None:
    """Check what can be checked of gains and thresholds before the layers are known."""
    for name, keyword in (("gain", "tadros"), ("threshold", "calibrated"), ("bias_gain", None)):
        value = getattr(neuron, name)
        if value is None and keyword is None:
            continue
        if keyword is not None and isinstance(value, str) and not is_quantity_text(value):
            _check_keyword(value, name, keyword)
        elif not differs_by_layer(value):
            _constant(neuron, value, name, f"neuron: {name}")
    if neuron.target_rate is not None and not differs_by_layer(neuron.target_rate):
        _rate(neuron.target_rate, "neuron: target_rate")
    number(neuron.gain_scale, "neuron: gain_scale", minimum=0, exclusive_minimum=True)


def _check_keyword(value: str, field: str, keyword: str) -> None:
    """Raise a ParameterError for a text that is neither a quantity nor the keyword."""
    if value != keyword:
        raise ParameterError(
            f"neuron: {field} must be {keyword!r} or numbers, not {brief(value)}."
            f"{suggest(value, [keyword])}"
        )


def is_neuron(value: object) -> bool:
    """Tell whether a value is a neuron model, and not, say, the class of one."""
    methods = (getattr(value, name, None) for name in ("equations", "parameters"))
    return not isinstance(value, type) and all(map(callable, methods))


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

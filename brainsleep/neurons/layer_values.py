"""Read what users give a neuron model: gains, thresholds and rates, one per layer."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.units import Hz

from ..errors import ParameterError, brief, suggest
from ..support.checks import number
from ..support.parameters import PerLayer, differs_by_layer, per_layer
from ..support.quantities import quantity
from .model import GivenConstants, Neuron

#: Mean firing rate in Hz of each layer that is calibrated to unless a model says otherwise.
DEFAULT_TARGET_RATE = 30.0

#: What constants may be besides numbers.
KEYWORDS: dict[str, tuple[str, ...]] = {
    "gain": ("calibrated", "tadros"),
    "threshold": ("calibrated",),
    "bias_gain": (),
}


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
    for name, keywords in KEYWORDS.items():
        value = getattr(neuron, name)
        if value is None and not keywords:
            continue
        if keywords and isinstance(value, str) and not is_quantity_text(value):
            _check_keyword(value, name, keywords)
        elif not differs_by_layer(value):
            _constant(neuron, value, name, f"neuron: {name}")
    if neuron.target_rate is not None and not differs_by_layer(neuron.target_rate):
        _rate(neuron.target_rate, "neuron: target_rate")
    number(neuron.gain_scale, "neuron: gain_scale", minimum=0, exclusive_minimum=True)


def _check_keyword(value: str, field: str, keywords: Sequence[str]) -> None:
    """Raise a ParameterError for a text that is neither a quantity nor a keyword."""
    if value not in keywords:
        raise ParameterError(
            f"neuron: {field} must be {' or '.join(map(repr, keywords))} or numbers, not "
            f"{brief(value)}.{suggest(value, keywords)}"
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
    """Return the parameters of a model without a trained network.

    A gain that is to be calibrated is 1: weights put together by hand need none.

    Raises
    ------
    ParameterError
        If the threshold, or a gain of ``"tadros"``, is to be found from a trained network.
    """
    for name, keyword in (("gain", "tadros"), ("threshold", "calibrated")):
        if is_text(getattr(neuron, name), keyword):
            raise ParameterError(
                f"neuron: {name} of {population!r} must be numbers, not {keyword!r}: there is no "
                "trained network to find it from."
            )
    is_free = is_text(neuron.gain, "calibrated")
    gains = [1.0] if is_free else given_gains(neuron, [population])
    (values,) = neuron.parameters([population], gains, given_thresholds(neuron, [population]))
    return values
